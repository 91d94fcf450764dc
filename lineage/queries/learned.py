"""What a model learned from: its own training data, and that of the models it was made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.graph import Basis, Edge, Kind, Node, Relation
from lineage.queries.reach import Reached, reach

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
_ORDER = list(Basis)
_MAKERS = (Kind.ARTIFACT, Kind.RUN)


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


def inherited(edges: Iterable[Edge], model: Node) -> dict[Node, Reached]:
    """Artifacts whose weights a model has, itself included, and the runs in between."""
    made = [e for e in edges if e.relation in WEIGHTS and e.child.kind in _MAKERS]
    found = reach(made, {model: Basis.RECORDED}, upstream=True)
    return {node: way for node, way in found.items() if node.kind in _MAKERS}


def learned(edges: Sequence[Edge], model: Node, *, own: bool = False) -> list[Learned]:
    """Everything a model learned from, itself or (unless ``own``) in models it was made from.

    Each pair of model and data once, by its strongest training edge.
    """
    reached = inherited(edges, model)
    found: dict[tuple[Node, Node], Learned] = {}
    for edge in edges:
        if edge.parent.kind not in (Kind.SNAPSHOT, Kind.SOURCE) or edge.child not in reached:
            continue
        if edge.relation not in (Relation.TRAINED_ON, Relation.READ):
            continue
        way = reached[edge.child]
        learner = _writer(way)
        if own and learner != model:
            continue
        basis = max(way.basis, edge.basis, key=_ORDER.index)
        one = Learned(learner, edge.parent, edge.relation, basis, edge.facts)
        known = found.get((learner, edge.parent))
        if known is None or _rank(one) < _rank(known):
            found[learner, edge.parent] = one
    return sorted(found.values(), key=lambda one: (one.model != model, one.model, one.data))


def _rank(one: Learned) -> tuple[int, bool]:
    return _ORDER.index(one.basis), one.how is not Relation.TRAINED_ON


def _writer(way: Reached) -> Node:
    """The artifact that learned: the node itself, or that which the run wrote."""
    nodes = [way.start, *(edge.parent for edge in way.way)]
    return [node for node in nodes if node.kind is Kind.ARTIFACT][-1]


def parents(edges: Iterable[Edge], model: Node) -> list[Edge]:
    """Edges to the models that a model was made from at once, by run or by declaration."""
    runs = {e.parent for e in edges if e.child == model and e.relation is Relation.WRITTEN_BY}
    return [
        edge
        for edge in edges
        if edge.parent.kind is Kind.ARTIFACT
        and (
            (edge.child == model and edge.relation in MADE_FROM)
            or (edge.child in runs and edge.relation is Relation.READ)
        )
    ]


def taught_itself(edges: Sequence[Edge], model: Node) -> bool:
    """Whether a model must have learned from data of its own: unlike merged or quantised ones."""
    made = parents(edges, model)
    return not made or any(edge.relation in _TUNED for edge in made)


def from_scratch(edges: Iterable[Edge], model: Node, facts: Mapping[str, Any]) -> Basis | None:
    """On what basis a model began with no other; None where nobody said so."""
    if str(facts.get("from_scratch", "")).lower() in ("true", "yes"):
        return Basis.DECLARED
    roles = [
        edge.basis
        for edge in edges
        if edge.child == model
        and edge.relation is Relation.TRAINED_ON
        and str(edge.facts.get("role", "")).lower() in FROM_SCRATCH
    ]
    return min(roles, key=_ORDER.index) if roles else None
