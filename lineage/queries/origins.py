"""Which sources shards come from, as declared of them, of what holds them, or further up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lineage.graph import Basis, Edge, Kind, Node, Relation, strongest, weakest
from lineage.queries.reach import reach
from lineage.store.holdings import Holding

_UPSTREAM = (
    Relation.COLLECTED_FROM,
    Relation.DERIVED_FROM,
    Relation.READ,
    Relation.WRITTEN_BY,
)


@dataclass(frozen=True)
class Origin:
    """Sources that a shard comes from, by name, on a basis: the weakest of the ways there.

    Several sources are not told apart: the shard is of all of them together. None is unknown.
    """

    sources: tuple[str, ...] = ()
    basis: Basis = Basis.DECLARED


@dataclass(frozen=True)
class Origins:
    """Answers for many shards; ways upstream are walked once a snapshot."""

    edges: Sequence[Edge]
    by_child: Mapping[Node, Sequence[Edge]] = field(repr=False)
    _found: dict[Node, dict[str, Basis]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, edges: Iterable[Edge]) -> Origins:
        """Over the edges of a graph."""
        kept = [edge for edge in edges if edge.relation in _UPSTREAM]
        by_child: dict[Node, list[Edge]] = defaultdict(list)
        for edge in kept:
            by_child[edge.child].append(edge)
        return cls(kept, by_child)

    def shard(self, holding: Holding, among: Iterable[str] | None = None) -> Origin:
        """Where a shard comes from: what is said of it, else of snapshots that hold it.

        ``among`` are the snapshots (roots) that are asked first; if they tell nothing, all
        others that hold the very same shard are.
        """
        roots = sorted(holding.roots)
        first = roots if among is None else [root for root in roots if root in set(among)]
        others = [root for root in roots if root not in first]
        for nodes in (
            [Node(Kind.SHARD, holding.digest)],
            [Node(Kind.SNAPSHOT, root) for root in first],
            [Node(Kind.SNAPSHOT, root) for root in others],
        ):
            found: dict[str, Basis] = {}
            for node in nodes:
                for source, basis in self._above(node).items():
                    found[source] = strongest((found.get(source, basis), basis))
            if found:
                return Origin(tuple(sorted(found)), weakest(found.values()))
        return Origin()

    def _above(self, node: Node) -> dict[str, Basis]:
        """Sources of a node: those it was collected from itself, else those further up."""
        if node not in self._found:
            own: dict[str, Basis] = {}
            for edge in self.by_child.get(node, ()):
                if edge.relation is Relation.COLLECTED_FROM and edge.parent.kind is Kind.SOURCE:
                    own[edge.parent.id] = edge.basis
            self._found[node] = own or self._reached(node)
        return self._found[node]

    def _reached(self, node: Node) -> dict[str, Basis]:
        if node not in self.by_child:
            return {}
        reached = reach(self.edges, {node: Basis.RECORDED}, upstream=True)
        return {n.id: one.basis for n, one in reached.items() if n.kind is Kind.SOURCE}
