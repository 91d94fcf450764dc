"""What descends from where content lies: a walk over the graph, by the best known ways."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count

from lineage.graph import Basis, Edge, Kind, Node, Relation

DESCENT = frozenset(
    {
        Relation.COLLECTED_FROM,
        Relation.CONTAINS,
        Relation.DERIVED_FROM,
        Relation.READ,
        Relation.WRITTEN_BY,
        Relation.TRAINED_ON,
        Relation.FINE_TUNED_FROM,
        Relation.MERGED_FROM,
        Relation.QUANTISED_FROM,
        Relation.DISTILLED_FROM,
        Relation.ADAPTER_OF,
        Relation.GENERATED_BY,
    }
)
"""Relations along which content passes on. Not: ``overlaps`` (no direction; copies are found in
the content itself), ``tokenized-by``, ``found-in`` and ``about``."""
_RANK = {basis: rank for rank, basis in enumerate(Basis)}


@dataclass(frozen=True)
class Reached:
    """A node that content reached. ``way`` are the edges to it, from the start on.

    ``start`` is where the way begins, ``basis`` the weakest on it, the start's own included.
    """

    node: Node
    start: Node
    basis: Basis
    way: tuple[Edge, ...] = ()

    @property
    def direct(self) -> bool:
        """Whether the way has one edge at most."""
        return len(self.way) <= 1


def reach(
    edges: Iterable[Edge], starts: Mapping[Node, Basis], *, upstream: bool = False
) -> dict[Node, Reached]:
    """Every node that descends from the starts (or that they descend from), starts included.

    Of several ways to a node that with the strongest weakest link counts, then the shortest.
    """
    beyond: dict[Node, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.relation in DESCENT:
            beyond[edge.child if upstream else edge.parent].append(edge)
    last: dict[Node, Edge | None] = {}
    best: dict[Node, tuple[int, int]] = {}
    order = count()
    waiting: list[tuple[int, int, int, Node, Edge | None]] = [
        (_RANK[basis], 0, next(order), node, None) for node, basis in starts.items()
    ]
    heapq.heapify(waiting)
    while waiting:
        rank, hops, _, node, by = heapq.heappop(waiting)
        if node in best:
            continue
        best[node], last[node] = (rank, hops), by
        for edge in beyond.get(node, ()):
            to = edge.parent if upstream else edge.child
            if to not in best:
                weaker = max(rank, _RANK[edge.basis])
                heapq.heappush(waiting, (weaker, hops + 1, next(order), to, edge))
    return {node: _reached(node, last, upstream, rank) for node, (rank, _) in best.items()}


def _reached(node: Node, last: Mapping[Node, Edge | None], upstream: bool, rank: int) -> Reached:
    way: list[Edge] = []
    at = node
    while (edge := last[at]) is not None:
        way.append(edge)
        at = edge.child if upstream else edge.parent
    return Reached(node, at, list(Basis)[rank], tuple(reversed(way)))


def of_kind(reached: Mapping[Node, Reached], kind: Kind) -> list[Reached]:
    """Nodes of a kind, by id."""
    return sorted((r for r in reached.values() if r.node.kind is kind), key=lambda r: r.node.id)
