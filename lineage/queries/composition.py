"""What training data is made of: counts by source, class and registrable domain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from lineage.domains import domains
from lineage.facts import SourceClass
from lineage.graph import Basis, Edge, Kind, Node, Relation, strongest, weakest
from lineage.queries.facts import class_of
from lineage.queries.learned import Learned
from lineage.queries.origins import Origin, Origins
from lineage.store.holdings import Holding
from lineage.times import hours

_COLUMNS = ("reading", "doc_hi", "doc_lo", "bytes", "tokens", "source", "url", "timestamp")


@dataclass
class Portion:
    """Documents of the same sources (several are not told apart; none is unknown).

    ``kind`` is their class, None where unknown or not the same. ``basis`` is the weakest on
    which it is known that they are of these sources and were learned from. ``domains`` are bytes
    of text by registrable domain, ``placeless`` bytes of documents without one. ``oldest`` and
    ``newest`` are hours since 1970 of their timestamps. ``snapshots`` are roots.
    """

    sources: tuple[str, ...]
    kind: SourceClass | None
    basis: Basis
    documents: int = 0
    bytes: int = 0
    tokens: int = 0
    placeless: int = 0
    oldest: int | None = None
    newest: int | None = None
    domains: dict[str, int] = field(default_factory=lambda: defaultdict(int), repr=False)
    snapshots: set[str] = field(default_factory=set, repr=False)

    @property
    def name(self) -> str:
        """Its sources in words."""
        return " and ".join(self.sources) or "no declared source"


@dataclass(frozen=True)
class Composition:
    """All portions, the largest first. A shard counts once, however often it is held.

    ``distinct`` counts distinct documents. ``absent`` are snapshots (roots) and sources that
    were learned from but never ingested, ``unread`` shards of the others that have no bundle.
    """

    portions: tuple[Portion, ...]
    distinct: int
    absent: tuple[str, ...]
    unread: int

    @property
    def bytes(self) -> int:
        """Bytes of text in all."""
        return sum(portion.bytes for portion in self.portions)

    @property
    def tokens(self) -> int:
        """Foretaste's tokens in all."""
        return sum(portion.tokens for portion in self.portions)

    def of(self, kind: SourceClass | None) -> list[Portion]:
        """Portions of a class, the largest first."""
        return [portion for portion in self.portions if portion.kind is kind]


@dataclass(frozen=True)
class Facts:
    """What is declared: facts of sources by name, and all edges."""

    sources: Mapping[str, Mapping[str, Any]]
    edges: Sequence[Edge]

    def generators(self, nodes: Iterable[Node]) -> dict[str, Basis]:
        """Models that wrote any of these nodes, by name."""
        wanted, found = set(nodes), dict[str, Basis]()
        for edge in self.edges:
            if edge.relation is Relation.GENERATED_BY and edge.child in wanted:
                known = found.get(edge.parent.id, edge.basis)
                found[edge.parent.id] = strongest((known, edge.basis))
        return found


def compose(
    lessons: Iterable[Learned], holdings: Sequence[Holding], shards: Mapping[str, int], facts: Facts
) -> Composition:
    """Tell what the snapshots of some lessons are made of.

    ``shards`` is the number of distinct shards of every snapshot that was ingested, by root. A
    record whose own ``source`` is a declared source is of that one; any other is of the sources
    of its shard or snapshot.
    """
    bases: dict[str, Basis] = {}
    lessons = list(lessons)
    for lesson in lessons:
        known = bases.get(lesson.data.id, lesson.basis)
        bases[lesson.data.id] = strongest((known, lesson.basis))
    tally = _Tally(facts, Origins.of(facts.edges))
    for lesson in lessons:
        if lesson.data.kind is Kind.SOURCE:
            tally.named(lesson)
    read = 0
    identities = [np.zeros((0, 2), np.uint64)]
    for holding in holdings:
        roots = sorted(holding.roots & bases.keys())
        if roots:
            read += len(roots)
            learned = strongest(bases[root] for root in roots)
            identities.append(tally.add(holding, roots, learned))
    everything = np.concatenate(identities)
    order = np.lexsort((everything[:, 1], everything[:, 0]))
    fresh = (np.diff(everything[order], axis=0) != 0).any(axis=1).sum()
    return Composition(
        tuple(sorted(tally.portions.values(), key=lambda p: (-p.bytes, p.sources))),
        int(fresh) + bool(len(everything)),
        tuple(sorted(root for root in bases if root not in shards)),
        sum(shards.get(root, 0) for root in bases) - read,
    )


class _Tally:
    """Adds up shards."""

    def __init__(self, facts: Facts, origins: Origins) -> None:
        self.facts = facts
        self.origins = origins
        self.portions: dict[tuple[Any, ...], Portion] = {}

    def add(self, holding: Holding, roots: Sequence[str], learned: Basis) -> np.ndarray:
        """Count a shard; returns uint64[n, 2], the identities of its documents."""
        rows = holding.bundle.records(_COLUMNS).filter(pl.col("reading") == 0)
        origin = self.origins.shard(holding, roots)
        known = pl.Series(list(self.facts.sources), dtype=pl.String)
        rows = rows.with_columns(
            own=pl.when(pl.col("source").is_in(known.implode())).then("source"),
            domain=domains(rows["url"]),
            hour=hours("timestamp"),
        )
        for (own,), some in rows.group_by(["own"]):
            self._count(self._portion(own, origin, holding, roots, learned), some, roots)
        identities: np.ndarray = rows.select("doc_hi", "doc_lo").to_numpy()
        return identities

    def named(self, lesson: Learned) -> None:
        """A source that was learned from, of which nothing can be counted."""
        kind = class_of(self.facts.sources.get(lesson.data.id, {}))
        portion = Portion((lesson.data.id,), kind, lesson.basis)
        self.portions.setdefault((portion.sources, kind), portion)

    def _portion(
        self, own: Any, origin: Origin, holding: Holding, roots: Sequence[str], learned: Basis
    ) -> Portion:
        sources = origin.sources if own is None else (str(own),)
        basis = origin.basis if own is None else Basis.RECORDED
        kinds = {class_of(self.facts.sources.get(source, {})) for source in sources}
        kind = next(iter(kinds)) if len(kinds) == 1 else None
        if not sources:
            written = self.facts.generators(_nodes(holding, roots))
            kind = SourceClass.SYNTHETIC if written else None
            basis = strongest(written.values()) if written else Basis.RECORDED
        basis = weakest((basis, learned))
        portion = self.portions.setdefault((sources, kind), Portion(sources, kind, basis))
        portion.basis = weakest((portion.basis, basis))
        return portion

    def _count(self, portion: Portion, rows: pl.DataFrame, roots: Sequence[str]) -> None:
        portion.documents += len(rows)
        portion.bytes += int(rows["bytes"].sum())
        portion.tokens += int(rows["tokens"].sum())
        portion.snapshots |= set(roots)
        for domain, size in rows.group_by("domain").agg(pl.col("bytes").sum()).iter_rows():
            if domain is None:
                portion.placeless += int(size)
            else:
                portion.domains[domain] += int(size)
        least, most = rows["hour"].min(), rows["hour"].max()
        if isinstance(least, int) and isinstance(most, int):
            portion.oldest = least if portion.oldest is None else min(portion.oldest, least)
            portion.newest = most if portion.newest is None else max(portion.newest, most)


def _nodes(holding: Holding, roots: Sequence[str]) -> list[Node]:
    snapshots = [Node(Kind.SNAPSHOT, root) for root in roots]
    return [Node(Kind.SHARD, holding.digest), *snapshots]


def month(hour: int) -> str:
    """``MM/YYYY``, as the template writes dates, of hours since 1970."""
    return datetime.fromtimestamp(hour * 3600, UTC).strftime("%m/%Y")


def top_domains(
    portions: Iterable[Portion], *, percent: int, most: int | None = None
) -> tuple[list[tuple[str, int]], int, int]:
    """The largest domains by bytes of text: (domain, bytes); of how many, of how many bytes.

    So many percent of the number of domains, rounded up, and at most ``most``.
    """
    total: dict[str, int] = defaultdict(int)
    for portion in portions:
        for domain, size in portion.domains.items():
            total[domain] += size
    ordered = sorted(total.items(), key=lambda one: (-one[1], one[0]))
    kept = -(-len(ordered) * percent // 100)
    return ordered[: kept if most is None else min(kept, most)], len(ordered), sum(total.values())
