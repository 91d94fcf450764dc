"""What was made from a snapshot: the models that learned from it, and those made from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lineage.graph import Basis, Edge, Kind, Node


@dataclass(frozen=True)
class Model:
    """An artifact that content reached. ``way`` are the edges from it down to the snapshot.

    ``basis`` is the weakest basis of these.
    """

    name: str
    way: tuple[Edge, ...]

    @property
    def basis(self) -> Basis:
        """The weakest link of the way."""
        order = list(Basis)
        return max((edge.basis for edge in self.way), key=order.index)

    def how(self, names: Mapping[str, str]) -> str:
        """The way in words: ``fine-tuned-from base, trained-on posts@1``; ``names`` by root."""
        parents = [(edge.relation, edge.parent.id) for edge in self.way]
        return ", ".join(f"{relation} {names.get(node, node)}" for relation, node in parents)


def models_from(edges: Iterable[Edge], roots: Sequence[str]) -> list[Model]:
    """Artifacts that descend from snapshots (root digests), each by a shortest way, by name."""
    children: dict[Node, list[Edge]] = {}
    for edge in edges:
        children.setdefault(edge.parent, []).append(edge)
    ways: dict[Node, tuple[Edge, ...]] = {Node(Kind.SNAPSHOT, root): () for root in roots}
    waiting = deque(sorted(ways))
    while waiting:
        node = waiting.popleft()
        for edge in children.get(node, ()):
            if edge.child not in ways:
                ways[edge.child] = (edge, *ways[node])
                waiting.append(edge.child)
    found = [Model(node.id, way) for node, way in ways.items() if node.kind is Kind.ARTIFACT]
    return sorted(found, key=lambda model: model.name)
