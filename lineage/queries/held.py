"""Snapshots as sets of documents: which are the same, and what is known of their descent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineage.graph import Basis, Edge, Kind, Node, Relation, weakest
from lineage.queries.sampling import SAMPLE, Sample, sample_of, shelf_for_samples
from lineage.queries.sets import DocumentSet
from lineage.store.contents import Content, contents
from lineage.store.graph import edges_of
from lineage.store.read import find_snapshot, snapshot_names
from lineage.store.store import Store


@dataclass(frozen=True)
class Held:
    """A snapshot: its names (``dataset@label``), its root digest, and what it holds.

    ``totals`` are ``MEASURES``. ``digest`` names its set of documents, ``copies`` the multiset.
    ``unread`` counts shards of which nothing could be read, and ``quarantined`` records that
    are no documents: neither takes part.
    """

    names: tuple[str, ...]
    root: str
    totals: Mapping[str, int]
    digest: str
    copies: str
    unread: int
    quarantined: int

    @property
    def name(self) -> str:
        """The name it was first given."""
        return self.names[0]

    @property
    def node(self) -> Node:
        """Its node in the graph."""
        return Node(Kind.SNAPSHOT, self.root)

    @property
    def documents(self) -> int:
        """Distinct documents."""
        return self.totals["documents"]


def named_roots(store: Store, names: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """Root digests with the names they go by, oldest first: of these snapshots, or of all.

    UsageError for a name that no snapshot has.
    """
    chosen = {str(find_snapshot(store, name).root) for name in names}
    out: dict[str, list[str]] = {}
    for one in snapshot_names(store):
        if not names or str(one.root) in chosen:
            out.setdefault(str(one.root), []).append(f"{one.dataset}@{one.label}")
    return {root: tuple(called) for root, called in out.items()}


def hold(
    store: Store, names: Mapping[str, tuple[str, ...]], size: int = SAMPLE
) -> tuple[list[Held], list[Sample], list[tuple[Content, ...]]]:
    """Snapshots that have documents, with a sample and the shards of each."""
    held: list[Held] = []
    samples: list[Sample] = []
    kept: list[tuple[Content, ...]] = []
    of = contents(store, names)
    shelf = shelf_for_samples()
    for root, called in names.items():
        shards = of.get(root, ())
        documents = DocumentSet.of(shards, shelf=shelf)
        if len(documents):
            samples.append(sample_of(shards, documents, store.key, size, shelf))
            kept.append(shards)
            held.append(_held(called, root, documents, shards))
    return held, samples, kept


def _held(
    names: tuple[str, ...], root: str, documents: DocumentSet, shards: Sequence[Content]
) -> Held:
    return Held(
        names,
        root,
        documents.totals,
        documents.digest,
        documents.copies_digest,
        sum(shard.bundle is None or shard.status != "scanned" for shard in shards),
        sum(shard.quarantined for shard in shards),
    )


def classes_of(held: Sequence[Held]) -> list[list[int]]:
    """Snapshots of the same set of documents together, by position; each class oldest first."""
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(held):
        groups.setdefault(one.digest, []).append(number)
    return list(groups.values())


Known = Mapping[tuple[str, str], Basis]
"""(root of the child, root of the parent) -> on what basis the descent is known."""


def known_descent(store: Store, roots: Collection[str]) -> Known:
    """What was recorded or declared: that one snapshot came from another, directly or by a run."""
    relations = (Relation.DERIVED_FROM, Relation.READ, Relation.WRITTEN_BY)
    told = (Basis.RECORDED, Basis.DECLARED)
    with store.reading() as connection:
        found = edges_of(connection, relations)
    edges = [edge for edge in found if edge.basis in told and _descends(edge)]
    read: dict[Node, list[Edge]] = {}
    for edge in edges:
        if edge.relation is Relation.READ:
            read.setdefault(edge.child, []).append(edge)
    known: dict[tuple[str, str], Basis] = {}
    for edge in edges:
        parents: Iterable[Edge] = ()
        if edge.relation is Relation.DERIVED_FROM:
            parents = (edge,)
        elif edge.relation is Relation.WRITTEN_BY:
            parents = read.get(edge.parent, ())
        for other in parents:
            ends = edge.child.id, other.parent.id
            if set(ends) <= set(roots) and ends[0] != ends[1]:
                known.setdefault(ends, weakest((edge.basis, other.basis)))
    return known


def _descends(edge: Edge) -> bool:
    snapshot, run = Kind.SNAPSHOT, Kind.RUN
    ends = edge.child.kind, edge.parent.kind
    return (edge.relation, ends) in (
        (Relation.DERIVED_FROM, (snapshot, snapshot)),
        (Relation.WRITTEN_BY, (snapshot, run)),
        (Relation.READ, (run, snapshot)),
    )
