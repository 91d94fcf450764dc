"""What a store holds, whether it still holds it, and how to make its index again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from lineage.errors import StoreBusyError, StoreError
from lineage.store import journal
from lineage.store.bundle import Bundle, Manifest
from lineage.store.files import file_sha256, sweep
from lineage.store.lookup import damaged_segments, drop_segments
from lineage.store.read import CommittedShard, committed_shards
from lineage.store.schema import meta
from lineage.store.store import Store, make_index


@dataclass(frozen=True)
class Damage:
    """One thing that is not as it was committed: what, why, and what to do."""

    what: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Info:
    """How much a store holds. ``disk`` is bytes by kind: index, bundles, segments, ...."""

    snapshots: int
    shards: int
    records: int
    documents: int
    quarantined: int
    scans: int
    findings: int
    disk: dict[str, int]


def info(store: Store) -> Info:
    """Count what the index knows and what the folders weigh."""
    with store.reading() as connection:
        ((snapshots, shards, records, documents, quarantined, scans, findings),) = (
            connection.execute(
                "SELECT (SELECT count(*) FROM snapshot), (SELECT count(*) FROM shard), "
                "(SELECT coalesce(sum(records), 0)::BIGINT FROM shard), "
                "(SELECT coalesce(sum(documents), 0)::BIGINT FROM shard), "
                "(SELECT coalesce(sum(quarantined), 0)::BIGINT FROM shard), "
                "(SELECT count(*) FROM scan), (SELECT count(*) FROM finding)"
            ).fetchall()
        )
    disk = {"index": store.index.stat().st_size}
    for name in ("bundles", "segments", "observations", "scans"):
        files = (store.root / name).rglob("*")
        disk[name] = sum(file.stat().st_size for file in files if file.is_file())
    return Info(snapshots, shards, records, documents, quarantined, scans, findings, disk)


def verify(
    store: Store, progress: Callable[[CommittedShard], object] = lambda _shard: None
) -> list[Damage]:
    """Check that every bundle is there, whole, readable and what was committed."""
    damages = _check_journal(store)
    for shard in committed_shards(store).values():
        progress(shard)
        damages += _check_shard(store, shard)
    with store.reading() as connection:
        scans = connection.execute("SELECT scan FROM scan ORDER BY scan").fetchall()
    for (scan,) in scans:
        file = store.root / "scans" / f"{scan}.json"
        if not file.exists() or file_sha256(file)[:16] != scan:
            damages.append(
                Damage(str(file), "missing, or not what was committed", "run the scan again")
            )
    remedy = "remove that folder; the next look-up makes it again from the bundles"
    return damages + [Damage(str(path), why, remedy) for path, why in damaged_segments(store)]


def _check_shard(store: Store, shard: CommittedShard) -> list[Damage]:
    if not shard.manifest:
        return []
    bundle = Bundle.of(store.root, shard.digest, shard.recipe)
    why = _wrong(bundle, shard)
    remedy = f"remove the folder {bundle.folder} and ingest the shard {shard.digest} again"
    return [Damage(str(bundle.folder), why, remedy)] if why else []


def _wrong(bundle: Bundle, shard: CommittedShard) -> str:
    if not bundle.folder.is_dir():
        return "the bundle is missing"
    manifest = bundle.manifest()
    if manifest is None:
        return "coverage.json is damaged, or a file has another size than it says"
    if file_sha256(bundle.folder / "coverage.json") != shard.manifest:
        return "coverage.json is not what was committed"
    for name, (_, sha) in manifest.files.items():
        if file_sha256(bundle.folder / name) != sha:
            return f"{name} is not what was committed"
    return _miscounted(bundle, manifest, shard)


def _miscounted(bundle: Bundle, manifest: Manifest, shard: CommittedShard) -> str:
    try:
        readings = bundle.records(["reading"])["reading"]
    except StoreError as error:
        return str(error)
    if (len(readings), int((readings == 0).sum())) != (manifest.rows, shard.documents):
        return "records.parquet holds another number of documents than coverage.json says"
    if shard.records != shard.documents + shard.quarantined:
        return "records are not documents plus quarantined"
    return ""


def _check_journal(store: Store) -> list[Damage]:
    path = store.root / "journal.jsonl"
    remedy = "restore journal.jsonl from a copy, or ingest into a new store"
    with store.reading() as connection:
        mark = meta(connection, "journal")
    if mark and (not path.exists() or path.stat().st_size < mark):
        return [Damage(str(path), "shorter than the index remembers", remedy)]
    try:
        for _ in journal.events_from(path, 0):
            pass
    except StoreError as error:
        return [Damage(str(path), str(error), remedy)]
    return []


def rebuild(store: Store) -> None:
    """Make the index again from the journal; StoreBusyError while another process has it.

    Segments are dropped, and made again by the next look-up.
    """
    try:
        with store.writing():
            pass
    except StoreBusyError:
        raise
    except (StoreError, duckdb.Error):
        pass  # what is damaged is replaced
    journal.cut_torn_line(store.root / "journal.jsonl")
    sweep(store.staging)
    make_index(store, replace=True)
    drop_segments(store)
