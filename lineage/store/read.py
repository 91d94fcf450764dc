"""Look-ups in the index; every function opens it late and closes it early."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lineage.errors import UsageError
from lineage.model import Digest, Shard, Snapshot, shown
from lineage.store.commit import Connection
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


@dataclass(frozen=True)
class Known:
    """What an ingest asks of the index, read in one opening.

    ``sightings`` tell what files were when last ingested: (absolute path, bytes, mtime in ns)
    -> digest. ``sources`` are the declared facts by name of source.
    """

    shards: Mapping[tuple[str, str], CommittedShard]
    snapshots: Sequence[SnapshotName]
    sightings: Mapping[tuple[str, int, int], Digest]
    sources: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, store: Store) -> Known:
        """Read it."""
        with store.reading() as connection:
            seen = connection.execute("SELECT * FROM sighting").fetchall()
            declared = connection.execute("SELECT name, facts FROM source").fetchall()
            return cls(
                _committed(connection),
                _snapshots(connection),
                {(file, size, at): Digest.parse(digest) for file, size, at, digest in seen},
                {name: json.loads(facts) for name, facts in declared},
            )


def committed_shards(store: Store) -> dict[tuple[str, str], CommittedShard]:
    """Every shard that was committed, by (shard digest, bundle recipe)."""
    with store.reading() as connection:
        return _committed(connection)


def snapshot_names(store: Store) -> list[SnapshotName]:
    """All snapshots, oldest first."""
    with store.reading() as connection:
        return _snapshots(connection)


def _committed(connection: Connection) -> dict[tuple[str, str], CommittedShard]:
    rows = connection.execute(
        "SELECT digest, recipe, status, records, documents, quarantined, manifest "
        "FROM shard ORDER BY digest, recipe"
    ).fetchall()
    return {(row[0], row[1]): CommittedShard(Digest.parse(row[0]), *row[1:]) for row in rows}


def _snapshots(connection: Connection) -> list[SnapshotName]:
    rows = connection.execute(
        "SELECT dataset, label, root, source, shards, bytes FROM snapshot "
        "ORDER BY event, dataset, label"
    ).fetchall()
    return [SnapshotName(row[0], row[1], Digest.parse(row[2]), *row[3:]) for row in rows]


def find_snapshot(store: Store, name: str) -> Snapshot:
    """Find by ``dataset`` (its newest), ``dataset@label`` or the beginning of a root digest."""
    names, name = snapshot_names(store), shown(name)
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
    query = "SELECT path, digest, bytes FROM snapshot_shard WHERE root = ? ORDER BY path"
    with store.reading() as connection:
        rows = connection.execute(query, [str(root)]).fetchall()
    return tuple(Shard(path, Digest.parse(digest), size) for path, digest, size in rows)
