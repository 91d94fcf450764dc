"""Models and other artifacts: what is declared of them, and what their files say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.artifacts import read_artifact
from lineage.artifacts.artifact import Proposal
from lineage.errors import UsageError
from lineage.graph import Kind, Node
from lineage.register.statement import Facts, Statement, statement
from lineage.store.graph import load_entities
from lineage.store.store import Store

FROM_FILES = (
    "format",
    "digest",
    "bytes",
    "architecture",
    "quantisation",
    "parameters",
    "tensors",
    "dtypes",
    "metadata",
    "members",
    "files",
    "remarks",
)
"""Facts that are taken back when other files take the place of older ones."""


@dataclass(frozen=True)
class Model:
    """A statement about a model, and what its files propose beyond it."""

    statement: Statement
    proposals: tuple[Proposal, ...] = ()


def model(
    name: str,
    facts: Facts,
    relations: Mapping[str, Any],
    files: Sequence[str | Path] = (),
    *,
    follow: bool = False,
) -> Model:
    """Make the statement about a model; its files are read as bytes, and what is said goes first.

    With ``follow`` the relations that files propose are declared, too, their evidence with them.
    UsageError, ReadingError as ``read_artifact``.
    """
    if not files:
        return Model(statement(Kind.ARTIFACT, name, facts, relations))
    artifact = read_artifact(files)
    whole = {**dict.fromkeys(FROM_FILES), **artifact.facts, **_given(facts)}
    proposals = artifact.proposals
    said = {key.replace("_", "-"): _listed(value) for key, value in relations.items()}
    if follow:
        for one in proposals:
            proposed = {"name": one.name, "evidence": one.evidence, "named": one.name}
            said.setdefault(str(one.relation), []).append(proposed)
        proposals = ()
    return Model(statement(Kind.ARTIFACT, name, whole, said), proposals)


def check_bytes(store: Store, statements: Sequence[Statement]) -> None:
    """UsageError where a name that is known would be given to other bytes."""
    known = {entity.node: entity.facts for entity in load_entities(store, Kind.ARTIFACT)}
    for one in statements:
        if one.kind is not Kind.ARTIFACT:
            continue
        old = known.get(Node(Kind.ARTIFACT, one.name), {}).get("digest")
        new = one.facts.get("digest")
        if old and new and old != new:
            raise UsageError(
                f"{one.name} is registered with other bytes ({old})",
                hint="give these another name, or say that they take its place: --replace",
            )


def _given(facts: Facts) -> dict[str, Any]:
    return {name.replace("-", "_"): v for name, v in facts.items() if v is not None}


def _listed(given: Any) -> list[Any]:
    return list(given) if isinstance(given, list) else [given]
