"""Snapshots: their root digest, their names, and how they are committed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage.errors import UsageError
from lineage.model import Digest, Shard, Snapshot, shown
from lineage.store.commit import insert_rows
from lineage.store.read import Known
from lineage.store.store import Store

Sight = tuple[str, int, int]
"""A file as last seen: absolute path, bytes, modification time in ns."""


@dataclass(frozen=True)
class Destination:
    """Where an ingest goes. Without a label the snapshot is named after its root digest.

    ``source`` names where the shards came from; ``facts`` are declared of that source.
    Names that are not UTF-8, as those of folders may be, are kept as ``shown`` writes them.
    """

    dataset: str
    label: str = ""
    source: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make every name one that the index can hold."""
        facts = {shown(name): shown(value) for name, value in self.facts.items()}
        object.__setattr__(self, "dataset", shown(self.dataset))
        object.__setattr__(self, "label", shown(self.label))
        object.__setattr__(self, "facts", facts)
        if self.source is not None:
            object.__setattr__(self, "source", shown(self.source))


def snapshot_root(shards: Iterable[Shard]) -> Digest:
    """SHA-256 over (length of path, path, digest) by path: any order of shards, one root."""
    sha = hashlib.sha256()
    for shard in sorted(shards, key=lambda shard: shard.path):
        path = shard.path.encode()
        sha.update(len(path).to_bytes(8, "little") + path + f"{shard.digest}\n".encode())
    return Digest("sha256", sha.hexdigest())


def name_snapshot(known: Known, destination: Destination, shards: Sequence[Shard]) -> Snapshot:
    """Make the snapshot of shards; UsageError if its label already names other shards."""
    ordered = tuple(sorted(shards, key=lambda shard: shard.path))
    root = snapshot_root(ordered)
    label = destination.label or root.hex[:12]
    for other in known.snapshots:
        if (other.dataset, other.label) == (destination.dataset, label) and other.root != root:
            raise UsageError(
                f"snapshot {destination.dataset}@{label} exists and holds other shards",
                hint="a snapshot never changes: choose another label with --snapshot",
            )
    return Snapshot(destination.dataset, label, root, ordered)


def commit_snapshot(
    store: Store,
    known: Known,
    snapshot: Snapshot,
    destination: Destination,
    seen: Sequence[tuple[Sight, Digest]],
) -> None:
    """Commit a snapshot and the sights of its files; writes nothing that is known already."""
    events = _events(known, snapshot, destination)
    fresh = [(sight, digest) for sight, digest in seen if known.sightings.get(sight) != digest]
    if not events and not fresh:
        return
    with store.writing() as writer:
        if events:
            writer.commit(events)
        files = [[sight[0]] for sight, _ in fresh]
        if files:
            writer.connection.executemany("DELETE FROM sighting WHERE file = ?", files)
            rows = [[*sight, str(digest)] for sight, digest in fresh]
            insert_rows(writer.connection, "sighting", rows)


def _events(known: Known, snapshot: Snapshot, destination: Destination) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    name = (snapshot.dataset, snapshot.label, snapshot.root)
    there = {(s.dataset, s.label, s.root): s.source for s in known.snapshots}
    source = destination.source
    if source is not None:
        facts = {**known.sources.get(source, {}), **destination.facts}
        if known.sources.get(source) != facts:
            events.append({"kind": "source", "name": source, "facts": facts})
    if name not in there or (source is not None and there[name] != source):
        events.append(
            {
                "kind": "snapshot",
                "dataset": snapshot.dataset,
                "label": snapshot.label,
                "root": str(snapshot.root),
                "source": source,
                "shards": [[s.path, str(s.digest), s.bytes] for s in snapshot.shards],
            }
        )
    return events
