"""The cache of observations: what a component measured on a shard under a plan.

A file's name carries a hash of its own bytes, so a damaged or half-written file is told from a
good one and counts as absent: the shard is simply observed again. For the same reason nothing
is flushed to disk here.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lineage.model import Digest
from lineage.store.files import file_sha256, safe_name, scratch
from lineage.store.store import Store

_HASH = 16
"""Hex digits of the content's hash in a name."""


def save_observation(
    store: Store, digest: Digest, component: str, plan: str, frame: pl.DataFrame
) -> Path:
    """Keep an observation under (shard digest, component recipe, plan digest)."""
    with scratch(store.staging) as aside:
        file = aside / "observation"
        write_frame(file, frame)
        name = f"{safe_name(plan)}-{file_sha256(file)[:_HASH]}.parquet"
        target = _folder(store, digest, component) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return file.replace(target)


def find_observation(store: Store, digest: Digest, component: str, plan: str) -> Path | None:
    """Where an undamaged observation lies, if anywhere; every byte of it is looked at."""
    names = _folder(store, digest, component).glob(f"{safe_name(plan)}-{'?' * _HASH}.parquet")
    return next((path for path in sorted(names) if _is_whole(path)), None)


def write_frame(file: Path, frame: pl.DataFrame) -> None:
    """Write a frame as observations are kept."""
    frame.write_parquet(file, compression="zstd", compression_level=1, statistics=False)


def read_frame(file: Path) -> pl.DataFrame | None:
    """Read such a file back; None if it is not there, or cannot be read."""
    try:
        with file.open("rb") as stream:
            return pl.read_parquet(stream, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError):
        return None


def _folder(store: Store, digest: Digest, component: str) -> Path:
    return store.root / "observations" / digest.hex / safe_name(component)


def _is_whole(path: Path) -> bool:
    try:
        return file_sha256(path)[:_HASH] == path.stem[-_HASH:]
    except OSError:
        return False
