"""What a model learned from: its own training data, and that of the models it was made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage.graph import Basis, Edge, Kind, Node, Relation, strongest, weakest
from lineage.queries.facts import fact
from lineage.queries.reach import Links, Reached, links, walk

WEIGHTS = frozenset(
    {
        Relation.FINE_TUNED_FROM,
        Relation.MERGED_FROM,
        Relation.QUANTISED_FROM,
        Relation.ADAPTER_OF,
        Relation.DERIVED_FROM,
        Relation.READ,
        Relation.WRITTEN_BY,
    }
)
"""Relations by which a model has the weights of another, and so what these were trained on. A
student (``distilled-from``) has learned from its teacher's answers, not from its corpus."""
MADE_FROM = (
    Relation.FINE_TUNED_FROM,
    Relation.MERGED_FROM,
    Relation.QUANTISED_FROM,
    Relation.DISTILLED_FROM,
    Relation.ADAPTER_OF,
    Relation.DERIVED_FROM,
)
"""Relations of a model to the models that it was made from."""
_TUNED = (
    Relation.FINE_TUNED_FROM,
    Relation.DISTILLED_FROM,
    Relation.ADAPTER_OF,
    Relation.READ,
)
FROM_SCRATCH = ("pretraining", "pre-training", "pretrain")
"""Roles of training data that a model begins with, if nothing says that it was made from one."""
NOT_LEARNED = ("evaluation", "validation", "test")
"""Roles of data that a model was measured with."""
_MAKERS = (Kind.ARTIFACT, Kind.RUN)
_DATA = (Kind.SNAPSHOT, Kind.SOURCE)
_LESSONS = (Relation.TRAINED_ON, Relation.READ)


@dataclass(frozen=True)
class Learned:
    """``model`` learned from ``data``, and the model that is asked about has its weights.

    ``data`` is a snapshot, or a source of which no snapshot is named. ``facts`` are those of the
    training edge; ``basis`` is the weakest from the model that is asked about to the data;
    ``how`` is ``trained-on``, or ``read`` by the run that wrote it.
    """

    model: Node
    data: Node
    how: Relation
    basis: Basis
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Models:
    """What models were made from and learned from; ``above`` are edges by child."""

    above: Mapping[Node, Sequence[Edge]] = field(repr=False)
    _weights: Links = field(repr=False)

    @classmethod
    def of(cls, edges: Iterable[Edge]) -> Models:
        """Over the edges of a graph."""
        above: dict[Node, list[Edge]] = defaultdict(list)
        for edge in edges:
            if edge.child.kind in _MAKERS:
                above[edge.child].append(edge)
        made = [edge for some in above.values() for edge in some if edge.relation in WEIGHTS]
        return cls(above, links(made, upstream=True))

    def inherited(self, model: Node) -> dict[Node, Reached]:
        """Artifacts whose weights a model has, itself included, and the runs in between."""
        found = walk(self._weights, {model: Basis.RECORDED}, upstream=True)
        return {node: way for node, way in found.items() if node.kind in _MAKERS}

    def learned(self, model: Node, *, own: bool = False) -> list[Learned]:
        """Everything a model learned from, itself or (unless ``own``) in those it was made from.

        Each pair of model and data once, by its strongest training edge.
        """
        found: dict[tuple[Node, Node], Learned] = {}
        for way in self.inherited(model).values():
            learner = _writer(way)
            if own and learner != model:
                continue
            for edge in self.above.get(way.node, ()):
                role = str(edge.facts.get("role", "")).lower()
                if role in NOT_LEARNED:
                    continue
                if edge.relation in _LESSONS and edge.parent.kind in _DATA:
                    basis = weakest((way.basis, edge.basis))
                    one = Learned(learner, edge.parent, edge.relation, basis, edge.facts)
                    known = found.get((learner, edge.parent))
                    if known is None or _rank(one) < _rank(known):
                        found[learner, edge.parent] = one
        return sorted(found.values(), key=lambda one: (one.model != model, one.model, one.data))

    def parents(self, model: Node) -> list[Edge]:
        """Edges to the models that a model was made from at once, declared or by its run."""
        found = []
        for edge in self.above.get(model, ()):
            if edge.relation in MADE_FROM and edge.parent.kind is Kind.ARTIFACT:
                found.append(edge)
            elif edge.relation is Relation.WRITTEN_BY:
                read = self.above.get(edge.parent, ())
                found += [
                    e
                    for e in read
                    if e.relation is Relation.READ and e.parent.kind is Kind.ARTIFACT
                ]
        return found

    def taught_itself(self, model: Node) -> bool:
        """Whether a model must have learned from its own data: unlike merged or quantised ones."""
        made = self.parents(model)
        return not made or any(edge.relation in _TUNED for edge in made)

    def from_scratch(self, model: Node, facts: Mapping[str, Any]) -> Basis | None:
        """On what basis a model began with no other; None where nobody said so."""
        if fact(facts, "from_scratch") in ("yes", "true"):
            return Basis.DECLARED
        roles = [
            edge.basis
            for edge in self.above.get(model, ())
            if edge.relation is Relation.TRAINED_ON
            and str(edge.facts.get("role", "")).lower() in FROM_SCRATCH
        ]
        return strongest(roles) if roles else None


def _rank(one: Learned) -> tuple[int, bool]:
    return one.basis.rank, one.how is not Relation.TRAINED_ON


def _writer(way: Reached) -> Node:
    """The artifact that learned: the node itself, or that which the run wrote."""
    nodes = [way.start, *(edge.parent for edge in way.way)]
    return [node for node in nodes if node.kind is Kind.ARTIFACT][-1]
