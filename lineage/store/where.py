"""Where shards are: in which snapshots, and what was made from these."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from lineage.graph import DESCENT, Edge, Relation
from lineage.store.graph import edges_of
from lineage.store.store import Store


@dataclass(frozen=True, order=True)
class Where:
    """A shard in a snapshot. ``digest`` is the shard's, ``root`` the snapshot's."""

    dataset: str
    label: str
    path: str
    digest: str
    root: str


def wheres(
    store: Store, digests: Collection[str]
) -> tuple[dict[str, list[Where]], tuple[Edge, ...]]:
    """Snapshots that hold these shards, by shard digest, by dataset, label and path; and all
    edges along which content passes on from snapshots. Read in one opening."""
    query = (
        "SELECT s.dataset, s.label, m.path, m.digest, s.root FROM snapshot s "
        "JOIN snapshot_shard m USING (root) WHERE m.digest IN (SELECT unnest(?)) ORDER BY ALL"
    )
    with store.reading() as connection:
        rows = connection.execute(query, [sorted(digests)]).fetchall()
        edges = edges_of(connection, DESCENT - {Relation.CONTAINS})
    found: dict[str, list[Where]] = {}
    for row in rows:
        found.setdefault(row[3], []).append(Where(*row))
    return found, edges


def files_of(
    store: Store, digests: Collection[str] | None = None
) -> dict[str, list[tuple[str, int]]]:
    """Files that were these shards (all, for None) when last seen: (path, bytes) by digest.

    Files seen on this machine come before paths of snapshots.
    """
    query = (
        "SELECT DISTINCT digest, file, bytes, place FROM ("
        "SELECT digest, file, bytes, 0 AS place FROM sighting UNION ALL "
        "SELECT digest, path AS file, bytes, 1 AS place FROM snapshot_shard) "
        "WHERE ? OR digest IN (SELECT unnest(?)) ORDER BY digest, place, file"
    )
    with store.reading() as connection:
        rows = connection.execute(query, [digests is None, sorted(digests or [])]).fetchall()
    found: dict[str, list[tuple[str, int]]] = {}
    for digest, file, size, _ in rows:
        known = found.setdefault(digest, [])
        if (str(Path(file).absolute()), size) not in known:
            known.append((file, size))
    return found
