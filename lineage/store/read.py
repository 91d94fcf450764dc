"""Look-ups in the index; every function opens it late and closes it early."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lineage.errors import UsageError
from lineage.model import Digest, Shard, Snapshot
from lineage.store.store import Store


@dataclass(frozen=True)
class CommittedShard:
    """One row of table ``shard``; ``manifest`` is the SHA-256 of the bundle's coverage.json.

    An empty manifest means that the shard could not be read and has no bundle.
    """

    digest: Digest
    recipe: str
    status: str
    records: int
    documents: int
    quarantined: int
    manifest: str


@dataclass(frozen=True)
class SnapshotName:
    """One row of table ``snapshot``."""

    dataset: str
    label: str
    root: Digest
    source: str | None
    shards: int
    bytes: int


def committed_shards(store: Store) -> dict[tuple[str, str], CommittedShard]:
    """Every shard that was committed, by (shard digest, bundle recipe)."""
    rows = _all(
        store,
        "SELECT digest, recipe, status, records, documents, quarantined, manifest "
        "FROM shard ORDER BY digest, recipe",
    )
    return {(row[0], row[1]): CommittedShard(Digest.parse(row[0]), *row[1:]) for row in rows}


def snapshot_names(store: Store) -> list[SnapshotName]:
    """All snapshots, oldest first."""
    rows = _all(
        store,
        "SELECT dataset, label, root, source, shards, bytes FROM snapshot "
        "ORDER BY event, dataset, label",
    )
    return [SnapshotName(row[0], row[1], Digest.parse(row[2]), *row[3:]) for row in rows]


def find_snapshot(store: Store, name: str) -> Snapshot:
    """Find by ``dataset`` (its newest), ``dataset@label`` or the beginning of a root digest."""
    names = snapshot_names(store)
    dataset, _, label = name.partition("@")
    found = [s for s in names if s.dataset == dataset and (not label or s.label == label)]
    if not found:
        prefix = name.removeprefix("sha256:")
        found = [s for s in names if prefix and s.root.hex.startswith(prefix)]
        if len({snapshot.root for snapshot in found}) > 1:
            raise UsageError(f"several snapshots begin with {name!r}", hint="give more digits")
    if not found:
        known = ", ".join(sorted({f"{s.dataset}@{s.label}" for s in names})) or "none"
        raise UsageError(f"no snapshot is called {name!r}", hint=f"known snapshots: {known}")
    last = found[-1]
    return Snapshot(last.dataset, last.label, last.root, snapshot_shards(store, last.root))


def snapshot_shards(store: Store, root: Digest) -> tuple[Shard, ...]:
    """Shards of a snapshot, by path."""
    rows = _all(
        store,
        "SELECT path, digest, bytes FROM snapshot_shard WHERE root = ? ORDER BY path",
        [str(root)],
    )
    return tuple(Shard(path, Digest.parse(digest), size) for path, digest, size in rows)


def source_facts(store: Store, name: str) -> Mapping[str, str] | None:
    """What was declared of a source; None if it is not known."""
    rows = _all(store, "SELECT facts FROM source WHERE name = ?", [name])
    return json.loads(rows[0][0]) if rows else None


def sightings(store: Store) -> Mapping[tuple[str, int, int], Digest]:
    """What files were when last ingested: (absolute path, bytes, mtime in ns) -> digest."""
    rows = _all(store, "SELECT file, bytes, mtime_ns, digest FROM sighting")
    return {(file, size, mtime): Digest.parse(digest) for file, size, mtime, digest in rows}


def _all(store: Store, query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with store.reading() as connection:
        return connection.execute(query, parameters or []).fetchall()
