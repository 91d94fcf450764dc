"""What the sections of the summary of training content are filled from, and their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lineage.graph import Basis, Edge, Kind, Node, weakest
from lineage.queries.composition import Composition, Portion
from lineage.queries.facts import fact
from lineage.queries.learned import Learned, Models

DECLARED = str(Basis.DECLARED)
TEXT = "text"
_REGISTER = "declare it: foretaste register model NAME --fact"
"""Names that only the template knows are free ones, which begin with ``x-``."""
_OPTIONS = ("crawler", "method", "period", "opt_out", "consent", "generator", "publisher")
"""Facts of a source that have an option of their own."""


@dataclass(frozen=True)
class Entry:
    """One answer of a section; ``value`` is None where it is not known, ``basis`` '' then.

    ``note`` says how it is known, what is missing, or what would fill it.
    """

    section: str
    field: str
    value: str | None = None
    basis: str = ""
    note: str = ""


@dataclass(frozen=True)
class Known:
    """What the sections are filled from. ``facts`` are by declared node."""

    model: Node
    facts: Mapping[Node, Mapping[str, Any]]
    edges: Sequence[Edge]
    models: Models
    lessons: Sequence[Learned]
    composition: Composition
    names: Mapping[str, str]
    moments: Mapping[str, str]
    scanned: frozenset[str]
    own: bool
    event: tuple[int, str]

    def said(self, name: str) -> str | None:
        """A declared fact of the model."""
        return fact(self.facts.get(self.model, {}), name)

    def of_source(self, source: str, name: str) -> str | None:
        """A declared fact of a source."""
        return fact(self.facts.get(Node(Kind.SOURCE, source), {}), name)

    @cached_property
    def holes(self) -> tuple[str, ...]:
        """Why more than is known may have been learned from."""
        found = []
        if self.composition.absent:
            found.append(f"{len(self.composition.absent)} training sets were never ingested")
        if self.composition.unread:
            found.append(f"{self.composition.unread} shards could not be read")
        learners = {lesson.model for lesson in self.lessons}
        kin = [self.model] if self.own else list(self.models.inherited(self.model))
        dark = [
            model.id
            for model in kin
            if model.kind is Kind.ARTIFACT
            and model not in learners
            and self.models.taught_itself(model)
        ]
        if dark:
            found.append(f"the corpus of {', '.join(sorted(dark))} is not known")
        vague = sum(portion.bytes for portion in self.composition.of(None))
        if vague:
            share = vague / self.composition.bytes
            found.append(f"{share:.1%} of the bytes have no class, or several")
        return tuple(found)


def declared(known: Known, section: str, field: str, name: str) -> Entry:
    """A fact of the model, or not known."""
    value = known.said(name)
    return Entry(section, field, value, DECLARED if value else "", need(name, value))


def said(known: Known, name: str) -> str | None:
    """A fact of the model, else what its sources say, each word once."""
    told, _ = told_of(known, known.composition.portions, name)
    words = {word.strip() for _, value in told for word in value.split(",")}
    return known.said(name) or ", ".join(sorted(words)) or None


def basis_of(bases: Sequence[Basis]) -> str:
    """The weakest of some bases; '' of none."""
    return str(weakest(bases)) if bases else ""


def used(known: Known, section: str, field: str, portions: Sequence[Portion]) -> Entry:
    """Yes where there is some; no only where the class of all there is is known."""
    if portions:
        size = sum(portion.bytes for portion in portions)
        share = size / (known.composition.bytes or 1)
        note = f"{size:,} bytes of text, {share:.1%} of all" + but(known)
        return Entry(section, field, "yes", basis_of([p.basis for p in portions]), note)
    if known.holes:
        return Entry(section, field, note="; ".join(known.holes))
    every = [portion.basis for portion in known.composition.portions]
    return Entry(
        section, field, "no", basis_of([*every, Basis.DECLARED]), "all data has another class"
    )


def each(
    known: Known, section: str, field: str, portions: Sequence[Portion], name: str
) -> Iterator[Entry]:
    """One fact of each source, and one line for those that have none."""
    told, silent = told_of(known, portions, name)
    for source, value in told:
        yield Entry(section, field, value, DECLARED, f"of {source}")
    if silent:
        yield Entry(section, field, note=f"of {listed(silent)}; {register_source(name)}")


def told_of(
    known: Known, portions: Sequence[Portion], name: str
) -> tuple[list[tuple[str, str]], list[str]]:
    """Sources with a fact, and names of those without."""
    told, silent = [], []
    for source in sorted({source for portion in portions for source in portion.sources}):
        value = known.of_source(source, name)
        if value is None:
            silent.append(source)
        else:
            told.append((source, value))
    if any(not portion.sources for portion in portions):
        silent.append("data without a declared source")
    return told, silent


def but(known: Known) -> str:
    """What may be missing, to be put behind another note."""
    return f"; but {'; '.join(known.holes)}" if known.holes else ""


def need(name: str, value: str | None = None) -> str:
    """How to declare a fact of a model, unless there is a value."""
    return "" if value else f"{_REGISTER} x-{name.replace('_', '-')}=..."


def register_source(name: str) -> str:
    """How to declare a fact of a source."""
    spelled = name.replace("_", "-")
    option = f"--{spelled} ..." if name in _OPTIONS else f"--fact x-{spelled}=..."
    return f"declare it: foretaste register source NAME {option}"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names in words, so many at most."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
