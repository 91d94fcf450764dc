"""What descends from where content lies: a walk over the graph, by the best known ways."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from lineage.graph import DESCENT, Basis, Edge, Kind, Node

_BASES = list(Basis)
Links = Mapping[Node, Sequence[Edge]]
"""Edges of ``DESCENT`` by the end that a walk comes from."""


@dataclass(frozen=True)
class Reached:
    """A node that content reached, in so many ``hops``.

    ``start`` is where the way begins, ``basis`` the weakest on it, the start's own included.
    """

    node: Node
    start: Node
    basis: Basis
    hops: int = 0
    _last: Mapping[Node, tuple[Edge, Node]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def way(self) -> tuple[Edge, ...]:
        """The edges to it, from the start on."""
        found: list[Edge] = []
        at = self.node
        while at in self._last:
            edge, at = self._last[at]
            found.append(edge)
        return tuple(reversed(found))

    @property
    def direct(self) -> bool:
        """Whether the way has one edge at most."""
        return self.hops <= 1


def reach(
    edges: Iterable[Edge], starts: Mapping[Node, Basis], *, upstream: bool = False
) -> dict[Node, Reached]:
    """Every node that descends from the starts (or that they descend from), starts included.

    Of several ways to a node that with the strongest weakest link counts, then the shortest.
    """
    return walk(links(edges, upstream=upstream), starts, upstream=upstream)


def links(edges: Iterable[Edge], *, upstream: bool = False) -> Links:
    """Edges for walks from parents to children, or ``upstream`` from children to parents."""
    beyond: dict[Node, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.relation in DESCENT:
            beyond[edge.child if upstream else edge.parent].append(edge)
    return beyond


def walk(
    beyond: Links, starts: Mapping[Node, Basis], *, upstream: bool = False
) -> dict[Node, Reached]:
    """``reach`` over edges that were sorted before, for many walks."""
    last: dict[Node, tuple[Edge, Node]] = {}
    found: dict[Node, Reached] = {}
    order = count()
    waiting: list[tuple[int, int, int, Node, Node, Edge | None]] = [
        (basis.rank, 0, next(order), node, node, None) for node, basis in starts.items()
    ]
    heapq.heapify(waiting)
    while waiting:
        rank, hops, _, node, came, by = heapq.heappop(waiting)
        if node in found:
            continue
        if by is not None:
            last[node] = by, came
        start = node if by is None else found[came].start
        found[node] = Reached(node, start, _BASES[rank], hops, last)
        for edge in beyond.get(node, ()):
            to = edge.parent if upstream else edge.child
            if to not in found:
                weaker = max(rank, edge.basis.rank)
                heapq.heappush(waiting, (weaker, hops + 1, next(order), to, node, edge))
    return found


def of_kind(reached: Mapping[Node, Reached], kind: Kind) -> list[Reached]:
    """Nodes of a kind, by id."""
    return sorted((r for r in reached.values() if r.node.kind is kind), key=lambda r: r.node.id)
