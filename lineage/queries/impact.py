"""Blast radius: which records are of a source, domain, shard, finding or artifact, what learned
from them, and where else their content lies.

Answered from bundles and the graph; no shard is read. What descends is known on a basis, the
weakest of its way. Copies in other places are inferred from content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineage.errors import UsageError
from lineage.graph import Basis, Edge, Kind, Node, Relation, strongest
from lineage.queries.facts import number
from lineage.queries.learned import Models
from lineage.queries.reach import Reached, of_kind, reach
from lineage.queries.spread import Copied, Counts, Own, copied_rows, own_rows
from lineage.queries.subject import Names, Subject, SubjectKind, belongings
from lineage.queries.window import Window
from lineage.store.graph import load_edges
from lineage.store.holdings import holdings
from lineage.store.matching import Match
from lineage.store.read import snapshot_names
from lineage.store.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

THRESHOLD = 0.8
_BY_COPY = {
    Match.EXACT: Basis.INFERRED_EXACT,
    Match.NORMALISED: Basis.INFERRED_EXACT,
    Match.NEAR: Basis.INFERRED_SKETCH,
}


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that content reached. A shard that it holds twice counts twice.

    ``counts`` are of the subject's own records, ``copied`` of copies by match; both are zero
    where only the graph says that content reached it.
    """

    root: str
    names: tuple[str, ...]
    reached: Reached
    counts: Counts
    copied: Mapping[Match, Counts]

    @property
    def tokens(self) -> int:
        """Own tokens and copied ones."""
        return self.counts.tokens + sum(counts.tokens for counts in self.copied.values())


@dataclass(frozen=True)
class Exposure:
    """A training edge to a snapshot that holds content; ``epochs`` is None where unknown."""

    model: str
    snapshot: Snapshot
    epochs: float | None
    role: str | None
    token_share: float | None
    basis: Basis

    def seen(self, tokens: int) -> float | None:
        """Tokens times epochs."""
        return None if self.epochs is None else tokens * self.epochs


@dataclass(frozen=True)
class Model:
    """An artifact that content reached: by its own training edges, or those of ancestors."""

    name: str
    reached: Reached
    own: tuple[Exposure, ...]
    inherited: tuple[Exposure, ...]


@dataclass(frozen=True)
class Impact:
    """The answer. ``documents`` counts distinct identities; ``undated`` records without a time
    where there is a window.

    ``older`` counts shards whose bundles cannot tell near-copies. ``upstream`` is what an
    artifact came from; of other subjects nothing.
    """

    subject: Subject
    window: Window
    threshold: float
    counts: Counts
    documents: int
    undated: int
    shards: tuple[Own, ...]
    copies: tuple[Copied, ...]
    snapshots: tuple[Snapshot, ...]
    runs: tuple[Reached, ...]
    models: tuple[Model, ...]
    exposures: tuple[Exposure, ...]
    upstream: tuple[Reached, ...]
    older: int

    @property
    def copied(self) -> dict[tuple[str | None, Match], tuple[Counts, int]]:
        """Copies by source and match: counts, distinct documents."""
        counts: dict[tuple[str | None, Match], Counts] = defaultdict(Counts)
        documents: dict[tuple[str | None, Match], set[str]] = defaultdict(set)
        for one in self.copies:
            counts[one.source, one.match] += one.counts
            documents[one.source, one.match] |= one.documents
        order = sorted(counts, key=lambda key: (str(key[0]), list(Match).index(key[1])))
        return {key: (counts[key], len(documents[key])) for key in order}

    @property
    def seen(self) -> tuple[float, float, int]:
        """Tokens x epochs of own records, of copies, and training edges without epochs."""
        known = [one for one in self.exposures if one.epochs is not None]
        own = sum(one.snapshot.counts.tokens * (one.epochs or 0) for one in known)
        both = sum(one.snapshot.tokens * (one.epochs or 0) for one in known)
        return own, both - own, len(self.exposures) - len(known)

    def table(self) -> pa.Table:
        """Sections of one table: total, shard, snapshot, run, model, training, copies, ..."""
        from lineage.queries.impact_table import table  # noqa: PLC0415

        return table(self)


def impact(
    store: Store,
    subject: str,
    *,
    since: str | None = None,
    until: str | None = None,
    threshold: float = THRESHOLD,
) -> Impact:
    """Tell the blast radius of ``kind:name``, or of a bare name that means one thing.

    ``since`` and ``until`` bound the records' own timestamps; ``threshold`` is the Jaccard
    similarity of near-copies. UsageError for a name that means nothing, or several things.
    """
    if not 0 < threshold <= 1:
        raise UsageError(f"a similarity lies above 0 and at most 1, not {threshold}")
    window = Window(since, until)
    names = Names(store, holdings(store), load_edges(store))
    asked = names.resolve(subject)
    belongs = belongings(asked, names)
    own, originals = own_rows(belongs, names.holdings, window)
    copies = tuple(copied_rows(belongs, names.holdings, originals, threshold))
    own = [one for one in own if one.counts.records or one.undated]
    reached = reach(names.edges, _starts(asked, window, own, copies))
    snapshots = _snapshots(store, reached, own, copies)
    exposures = _exposures(names.edges, snapshots)
    return Impact(
        subject=asked,
        window=window,
        threshold=threshold,
        counts=sum((one.counts for one in own), Counts()),
        documents=len(frozenset().union(*(one.documents for one in own))),
        undated=sum(one.undated for one in own) if not window.open else 0,
        shards=tuple(one for one in own if one.counts.records),
        copies=copies,
        snapshots=snapshots,
        runs=tuple(of_kind(reached, Kind.RUN)),
        models=_models(names.edges, reached, exposures, asked),
        exposures=exposures,
        upstream=_upstream(names.edges, asked),
        older=sum(not holding.current for holding in names.holdings),
    )


def _starts(
    subject: Subject, window: Window, own: Iterable[Own], copies: Iterable[Copied]
) -> dict[Node, Basis]:
    """Where content lies: shards, each on the strongest basis, and the subject's own node.

    With a window the node is none, for what descends from all of a source need not from a part.
    """
    starts: dict[Node, Basis] = {}
    lies = [(one.holding.digest, one.basis) for one in own if one.counts.records]
    lies += [(one.holding.digest, _BY_COPY[one.match]) for one in copies]
    for digest, basis in lies:
        node = Node(Kind.SHARD, digest)
        starts[node] = strongest((starts.get(node, basis), basis))
    if subject.node is not None and window.open and subject.kind is not SubjectKind.FINDING:
        starts.setdefault(subject.node, Basis.RECORDED)
    return starts


def _snapshots(
    store: Store, reached: Mapping[Node, Reached], own: Iterable[Own], copies: Iterable[Copied]
) -> tuple[Snapshot, ...]:
    counts: dict[str, Counts] = defaultdict(Counts)
    copied: dict[str, dict[Match, Counts]] = defaultdict(lambda: defaultdict(Counts))
    for one in own:
        for root, times in one.holding.times.items():
            counts[root] += one.counts.times(times)
    for copy in copies:
        for root, times in copy.holding.times.items():
            copied[root][copy.match] += copy.counts.times(times)
    called: dict[str, list[str]] = defaultdict(list)
    for name in snapshot_names(store):
        called[str(name.root)].append(f"{name.dataset}@{name.label}")
    return tuple(
        Snapshot(
            one.node.id,
            tuple(sorted(called.get(one.node.id, ()))),
            one,
            counts[one.node.id],
            dict(copied[one.node.id]),
        )
        for one in of_kind(reached, Kind.SNAPSHOT)
    )


def _exposures(edges: Iterable[Edge], snapshots: Sequence[Snapshot]) -> tuple[Exposure, ...]:
    """Training edges to snapshots that hold content; of two on different bases the stronger."""
    by_root = {Node(Kind.SNAPSHOT, one.root): one for one in snapshots if one.tokens}
    found: dict[tuple[Node, Node], Edge] = {}
    for edge in edges:
        if edge.relation is Relation.TRAINED_ON and edge.parent in by_root:
            known = found.get((edge.child, edge.parent), edge)
            stronger = min(known, edge, key=lambda e: e.basis.rank)
            found[edge.child, edge.parent] = stronger
    return tuple(
        Exposure(
            child.id,
            by_root[parent],
            number(edge.facts.get("epochs")),
            _text(edge.facts.get("role")),
            number(edge.facts.get("token_share")),
            edge.basis,
        )
        for (child, parent), edge in sorted(found.items())
    )


def _models(
    edges: Iterable[Edge],
    reached: Mapping[Node, Reached],
    exposures: Sequence[Exposure],
    subject: Subject,
) -> tuple[Model, ...]:
    kin = Models.of(edges)
    by_model: dict[str, list[Exposure]] = defaultdict(list)
    for exposure in exposures:
        by_model[exposure.model].append(exposure)
    models = []
    for one in of_kind(reached, Kind.ARTIFACT):
        if one.node == subject.node:
            continue
        ancestors = sorted(node.id for node in kin.inherited(one.node) if node != one.node)
        own = tuple(by_model.get(one.node.id, ()))
        inherited = tuple(e for name in ancestors for e in by_model.get(name, ()))
        models.append(Model(one.node.id, one, own, inherited))
    return tuple(models)


def _upstream(edges: Iterable[Edge], subject: Subject) -> tuple[Reached, ...]:
    if subject.kind is not SubjectKind.ARTIFACT or subject.node is None:
        return ()
    found = reach(edges, {subject.node: Basis.RECORDED}, upstream=True)
    # Shards are the snapshots' own; there may be thousands.
    told = (r for n, r in found.items() if n != subject.node and n.kind is not Kind.SHARD)
    return tuple(sorted(told, key=lambda r: (r.hops, r.node)))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
