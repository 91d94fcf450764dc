"""The lineage graph as frozen dataclasses: nodes, their facts, and edges with a basis.

Standard library only. An edge points from what came to be to what it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_NODE = re.compile(r"([a-z]+):(.+)", re.DOTALL)


class Kind(StrEnum):
    """What a node is; its id is said behind it."""

    SOURCE = "source"
    """Where records come from; id: its name."""
    SNAPSHOT = "snapshot"
    """Id: its root digest."""
    SHARD = "shard"
    """Id: its digest."""
    RUN = "run"
    """A job that read and wrote; id: as its scheduler calls it."""
    ARTIFACT = "artifact"
    """Weights, a checkpoint, an adapter, a tokenizer; id: a name, or its digest."""
    FINDING = "finding"
    DECISION = "decision"
    """What a person decided about a node, and why."""


class Basis(StrEnum):
    """How an edge is known, strongest first."""

    RECORDED = "recorded"
    """Foretaste saw it happen."""
    DECLARED = "declared"
    """Somebody said so."""
    INFERRED_EXACT = "inferred-exact"
    """From content: identities of documents."""
    INFERRED_SKETCH = "inferred-sketch"
    """From content: sketches, with an error."""

    @property
    def rank(self) -> int:
        """0 for the strongest."""
        return _BASES.index(self)


_BASES = list(Basis)


def strongest(bases: Iterable[Basis]) -> Basis:
    """The best of several ways to know one thing."""
    return min(bases, key=_BASES.index)


def weakest(bases: Iterable[Basis]) -> Basis:
    """What is known by all of these together is known no better than this."""
    return max(bases, key=_BASES.index)


class Relation(StrEnum):
    """What the younger end of an edge is to the older."""

    COLLECTED_FROM = "collected-from"
    CONTAINS = "contains"
    DERIVED_FROM = "derived-from"
    OVERLAPS = "overlaps"
    """Content in common; without direction."""
    READ = "read"
    """Run to what it read."""
    WRITTEN_BY = "written-by"
    TRAINED_ON = "trained-on"
    FINE_TUNED_FROM = "fine-tuned-from"
    MERGED_FROM = "merged-from"
    QUANTISED_FROM = "quantised-from"
    DISTILLED_FROM = "distilled-from"
    ADAPTER_OF = "adapter-of"
    TOKENIZED_BY = "tokenized-by"
    GENERATED_BY = "generated-by"
    """Synthetic data to the model that wrote it."""
    FOUND_IN = "found-in"
    ABOUT = "about"
    """Decision to what it is about."""


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


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A node of the graph. Law: ``Node.parse(str(n)) == n``."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Node:
        """Read ``kind:id``; ValueError on anything else."""
        match = _NODE.fullmatch(text)
        if match is None:
            raise ValueError(f"not a node: {text!r} (expected kind:id)")
        return cls(Kind(match[1]), match[2])


@dataclass(frozen=True, slots=True)
class Entity:
    """A node and what is known of it; facts are JSON values by name."""

    node: Node
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """``child`` came from ``parent`` in this way, known on this basis; facts are its evidence.

    ``event`` is the number of the journal event that made it; 0 before it is committed.
    """

    child: Node
    relation: Relation
    parent: Node
    basis: Basis
    facts: Mapping[str, Any] = field(default_factory=dict)
    event: int = 0
