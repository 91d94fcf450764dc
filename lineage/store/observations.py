"""The cache of observations: what a component measured on a shard under a plan.

A file's name carries a hash of its own bytes, so a damaged or half-written file is told from a
good one and counts as absent: the shard is simply observed again.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lineage.model import Digest
from lineage.store.files import file_sha256, publish_file, safe_name, scratch
from lineage.store.store import Store


def _folder(store: Store, digest: Digest, component: str) -> Path:
    return store.root / "observations" / digest.hex / safe_name(component)


def save_observation(
    store: Store, digest: Digest, component: str, plan: str, frame: pl.DataFrame
) -> None:
    """Keep an observation under (shard digest, component recipe, plan digest)."""
    folder = _folder(store, digest, component)
    with scratch(store.staging) as aside:
        file = aside / "observation"
        frame.write_parquet(file, compression="zstd", compression_level=1, statistics=False)
        target = folder / f"{safe_name(plan)}-{file_sha256(file)[:16]}.parquet"
        publish_file(store.staging, target, file.rename)


def load_observation(
    store: Store, digest: Digest, component: str, plan: str
) -> pl.DataFrame | None:
    """Read an observation back; None if there is no undamaged one."""
    found = _find(store, digest, component, plan)
    if found is None or file_sha256(found)[:16] != found.stem[-16:]:
        return None
    try:
        with found.open("rb") as file:
            return pl.read_parquet(file, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError):
        return None


def has_observation(store: Store, digest: Digest, component: str, plan: str) -> bool:
    """Whether an undamaged observation is kept; cheaper than loading it."""
    found = _find(store, digest, component, plan)
    return found is not None and file_sha256(found)[:16] == found.stem[-16:]


def _find(store: Store, digest: Digest, component: str, plan: str) -> Path | None:
    folder, stem = _folder(store, digest, component), f"{safe_name(plan)}-"
    try:
        names = sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return None
    for name in names:
        if name.startswith(stem) and len(name) == len(stem) + 16 + len(".parquet"):
            return folder / name
    return None
