"""What was made from a snapshot: the models that learned from it, and those made from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lineage.graph import Basis, Edge, Kind, Node
from lineage.queries.reach import Links, of_kind, walk


@dataclass(frozen=True)
class Model:
    """An artifact that content reached. ``way`` are the edges from it down to the snapshot.

    ``basis`` is the weakest basis of these.
    """

    name: str
    way: tuple[Edge, ...]
    basis: Basis

    def how(self, names: Mapping[str, str]) -> str:
        """The way in words: ``fine-tuned-from base, trained-on posts@1``; ``names`` by root."""
        parents = [(edge.relation, edge.parent.id) for edge in self.way]
        return ", ".join(f"{relation} {names.get(node, node)}" for relation, node in parents)


def models_from(beyond: Links, roots: Iterable[str]) -> list[Model]:
    """Artifacts that descend from snapshots (root digests), each by its best known way, by name.

    ``beyond`` are the ``links`` of the graph.
    """
    starts = {Node(Kind.SNAPSHOT, root): Basis.RECORDED for root in roots}
    found = of_kind(walk(beyond, starts), Kind.ARTIFACT)
    return [Model(one.node.id, one.way[::-1], one.basis) for one in found]
