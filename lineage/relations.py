"""Which relations can be declared, and between what. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lineage.errors import UsageError
from lineage.graph import Edge, Kind, Relation


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand at the ends of a relation, the likeliest kind first."""

    children: tuple[Kind, ...]
    parents: tuple[Kind, ...]
    help: str


_MODEL = (Kind.ARTIFACT,)
_DATA = (Kind.SNAPSHOT, Kind.SOURCE)

SHAPES: Mapping[Relation, Shape] = MappingProxyType(
    {
        Relation.TRAINED_ON: Shape(_MODEL, _DATA, "Snapshot that it learned from."),
        Relation.FINE_TUNED_FROM: Shape(_MODEL, _MODEL, "Model that it was fine-tuned from."),
        Relation.MERGED_FROM: Shape(_MODEL, _MODEL, "Model that was merged into it."),
        Relation.QUANTISED_FROM: Shape(_MODEL, _MODEL, "Model whose weights were quantised."),
        Relation.DISTILLED_FROM: Shape(_MODEL, _MODEL, "Model that taught it."),
        Relation.ADAPTER_OF: Shape(_MODEL, _MODEL, "Model that it adapts."),
        Relation.TOKENIZED_BY: Shape(
            (Kind.ARTIFACT, Kind.SNAPSHOT, Kind.RUN), _MODEL, "Tokenizer that it uses."
        ),
        Relation.DERIVED_FROM: Shape(
            (Kind.SNAPSHOT, Kind.SOURCE, Kind.ARTIFACT),
            (Kind.SNAPSHOT, Kind.SOURCE, Kind.ARTIFACT, Kind.SHARD),
            "What it was made from.",
        ),
        Relation.COLLECTED_FROM: Shape(
            (Kind.SNAPSHOT, Kind.SHARD), (Kind.SOURCE,), "Source that it was collected from."
        ),
        Relation.GENERATED_BY: Shape(
            (Kind.SNAPSHOT, Kind.SOURCE, Kind.SHARD), _MODEL, "Model that wrote it."
        ),
        Relation.READ: Shape(
            (Kind.RUN,), (Kind.SNAPSHOT, Kind.ARTIFACT, Kind.SOURCE, Kind.SHARD), "What it read."
        ),
        Relation.WRITTEN_BY: Shape(
            (Kind.SNAPSHOT, Kind.ARTIFACT, Kind.SOURCE, Kind.SHARD),
            (Kind.RUN,),
            "Run that wrote it.",
        ),
        Relation.ABOUT: Shape(
            (Kind.DECISION,),
            tuple(kind for kind in Kind if kind is not Kind.DECISION),
            "About what.",
        ),
    }
)
"""Relations that somebody can declare; all others are recorded or inferred."""
WROTE = "wrote"
"""A run's word for the other end of ``written-by``."""


def relations_of(kind: Kind) -> tuple[Relation, ...]:
    """Relations that a node of this kind can be declared to have, it being the child."""
    return tuple(relation for relation, shape in SHAPES.items() if kind in shape.children)


def shape_of(kind: Kind, word: str) -> tuple[Relation, Shape]:
    """Relation by its name, which a node of this kind can have; UsageError with a hint if not."""
    name = word.strip().lower().replace("_", "-")
    known = relations_of(kind)
    for relation in known:
        if relation == name:
            return relation, SHAPES[relation]
    words = ", ".join([*known, *([WROTE] if kind is Kind.RUN else [])])
    raise UsageError(f"a {kind} has no relation {word!r}", hint=f"known: {words}")


def check_shape(edge: Edge) -> None:
    """UsageError for an edge that nobody can declare, or between the wrong kinds."""
    shape = SHAPES.get(edge.relation)
    if shape is None:
        raise UsageError(
            f"{edge.relation} is not for anybody to declare",
            hint=f"what can be declared: {', '.join(SHAPES)}",
        )
    if edge.child.kind not in shape.children or edge.parent.kind not in shape.parents:
        raise UsageError(
            f"{edge.child.kind} {edge.relation} {edge.parent.kind}: no such relation",
            hint=f"{' or '.join(shape.children)} {edge.relation} {' or '.join(shape.parents)}",
        )
    if edge.child == edge.parent:
        raise UsageError(f"{edge.child} cannot be {edge.relation} itself")
