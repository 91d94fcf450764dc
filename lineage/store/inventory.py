"""What the index knows of shards, snapshots and scans, as far as something is missing there."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from lineage.store.commit import Connection
from lineage.store.store import Store


@dataclass(frozen=True)
class ShardEnd:
    """A shard of some snapshot, by one of its paths. ``status`` is the best it ever ended with."""

    digest: str
    path: str
    status: str
    detail: str


@dataclass(frozen=True)
class Unread:
    """What the last scan of a snapshot met and could not even name by a digest."""

    snapshot: str
    path: str
    status: str
    detail: str


@dataclass(frozen=True)
class Inventory:
    """``snapshots`` maps roots to a name, ``scans`` to the recipes of each scan of them.

    ``unread`` is of the last scan of each snapshot; an ingest without a scan keeps no account of
    it. ``severe`` are ids and titles of findings of severity high, of the last scan of each
    snapshot.
    """

    shards: tuple[ShardEnd, ...]
    snapshots: Mapping[str, str]
    scans: Mapping[str, tuple[frozenset[str], ...]]
    unread: tuple[Unread, ...]
    severe: tuple[tuple[str, str], ...]


_SHARDS = (
    "SELECT m.digest, min(m.path), "
    "coalesce(arg_min(s.status, (s.status <> 'scanned', -s.event)), 'unknown'), "
    "coalesce(arg_min(s.detail, (s.status <> 'scanned', -s.event)), '') "
    "FROM snapshot_shard m LEFT JOIN shard s USING (digest) GROUP BY m.digest ORDER BY 2, 1"
)
_NAMES = "SELECT root, min(dataset || '@' || label) FROM snapshot GROUP BY root ORDER BY 2"
_SEVERE = (
    "SELECT DISTINCT f.id, f.title FROM finding f JOIN scan s USING (scan) "
    "WHERE f.severity = 'high' AND s.event = "
    "(SELECT max(event) FROM scan WHERE scan.root = s.root) ORDER BY 1"
)


def inventory(store: Store) -> Inventory:
    """Read it in one opening."""
    with store.reading() as connection:
        snapshots = dict(connection.execute(_NAMES).fetchall())
        return Inventory(
            tuple(ShardEnd(*row) for row in connection.execute(_SHARDS).fetchall()),
            snapshots,
            _scans(connection),
            tuple(_unread(connection, snapshots)),
            tuple(connection.execute(_SEVERE).fetchall()),
        )


def last_event(store: Store) -> tuple[int, str]:
    """Number and moment (ISO 8601, UTC) of the newest event; (0, '') in an empty store."""
    query = "SELECT number, moment FROM event ORDER BY number DESC LIMIT 1"
    with store.reading() as connection:
        row = connection.execute(query).fetchone()
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def shard_counts(store: Store) -> dict[str, int]:
    """How many distinct shards each snapshot has, by root."""
    query = "SELECT root, count(DISTINCT digest) FROM snapshot_shard GROUP BY root"
    with store.reading() as connection:
        return dict(connection.execute(query).fetchall())


def moments(store: Store) -> dict[str, str]:
    """When each snapshot was first committed (ISO 8601, UTC), by root."""
    query = (
        "SELECT s.root, min(e.moment) FROM snapshot_shard s JOIN event e ON e.number = s.event "
        "GROUP BY s.root"
    )
    with store.reading() as connection:
        return dict(connection.execute(query).fetchall())


def _scans(connection: Connection) -> dict[str, tuple[frozenset[str], ...]]:
    found: dict[str, list[frozenset[str]]] = defaultdict(list)
    for root, recipes in connection.execute("SELECT root, recipes FROM scan").fetchall():
        found[root].append(frozenset(json.loads(recipes)))
    return {root: tuple(scans) for root, scans in found.items()}


def _unread(connection: Connection, names: Mapping[str, str]) -> list[Unread]:
    query = "SELECT root, arg_max(facts, event) FROM scan GROUP BY root ORDER BY root"
    found = []
    for root, facts in connection.execute(query).fetchall():
        for shard in json.loads(facts).get("coverage", ()):
            if shard.get("digest") is None:
                place = names.get(root, root), shard["path"]
                found.append(Unread(*place, shard["status"], shard.get("detail", "")))
    return found
