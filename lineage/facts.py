"""The facts that can be declared: of each kind of node, and of each relation. Standard library.

Names that are not listed here are refused, so that a slip of the pen is no silent gap; a name
that begins with ``x-`` is anybody's own.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from lineage.errors import UsageError
from lineage.graph import Kind, Relation
from lineage.model import Digest, shown

OWN = "x-"
"""Prefix of names that are free."""
LONGEST = 10_000
"""Characters of a text."""
LARGEST = 1 << 20
"""Characters of all facts of one node or edge, as JSON."""
_PERIOD = re.compile(r"(?P<start>[^/]+)(?:/(?P<end>[^/]+))?")
_MONTH = re.compile(r"\d{4}(-\d{2})?")

Reader = Callable[[Any], Any]
"""From what was given, text or JSON, to the value that is kept; ValueError says what it takes."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its name, what it says, and how a value is read.

    ``many``: a list of values. ``pairs``: values by name. ``told`` is false for facts that are
    read from files and not asked for on the command line.
    """

    name: str
    help: str
    read: Reader
    many: bool = False
    pairs: bool = False
    told: bool = True

    def value(self, given: Any) -> Any:
        """Read what was given; ValueError if it cannot be."""
        if self.pairs:
            if not isinstance(given, Mapping):
                raise ValueError("values by name")
            return {_text(name): self.read(value) for name, value in given.items()}
        if self.many:
            listed = isinstance(given, Sequence) and not isinstance(given, str)
            return [self.read(value) for value in (given if listed else [given])]
        return self.read(given)


def _text(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError("text")
    text = shown(str(given)).strip()
    if not text or len(text) > LONGEST:
        raise ValueError(f"text of 1 to {LONGEST:,} characters")
    return text


def _number(given: Any) -> float | int:
    try:
        if isinstance(given, bool):
            raise TypeError
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("a number") from None
    if not math.isfinite(number) or number < 0:
        raise ValueError("a number that is not negative")
    return int(number) if number.is_integer() and number < 2**53 else number


def _share(given: Any) -> float | int:
    number = _number(given)
    if number > 1:
        raise ValueError("a share from 0 to 1")
    return number


def _count(given: Any) -> int:
    try:
        if isinstance(given, bool) or (isinstance(given, float) and not given.is_integer()):
            raise TypeError
        number = int(given)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("a whole number") from None
    if not 0 <= number < 2**63:
        raise ValueError("a whole number that is not negative")
    return number


def _is_moment(text: str) -> bool:
    if _MONTH.fullmatch(text):
        return "01" <= text[5:] <= "12" if "-" in text else True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _moment(given: Any) -> str:
    text = given.isoformat() if hasattr(given, "isoformat") else _text(given)
    if not _is_moment(text):
        raise ValueError("a date or time like 2026-01-31 or 2026-01-31T12:00Z")
    return str(text)


def _period(given: Any) -> str:
    text = given.isoformat() if hasattr(given, "isoformat") else _text(given)
    match = _PERIOD.fullmatch(text)
    ends = [] if match is None else [end for end in match.groups() if end is not None]
    if not ends or not all(end == ".." or _is_moment(end) for end in ends):
        raise ValueError("a moment, or two like 2024-01/2024-06 (.. for an open end)")
    return str(text)


def _digest(given: Any) -> str:
    text = _text(given).lower()
    try:
        return str(Digest.parse(text))
    except ValueError:
        raise ValueError("a digest like sha256:...") from None


def _anything(given: Any) -> Any:
    """Any JSON value."""
    try:
        json.dumps(given, allow_nan=False)
        return _held(given)
    except (TypeError, ValueError, RecursionError):
        raise ValueError("a JSON value") from None


def _held(value: Any) -> Any:
    """A value with texts that a database can hold."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {shown(str(name)): _held(inner) for name, inner in value.items()}
    return [_held(inner) for inner in value] if isinstance(value, list | tuple) else value


def spelled(choice: str) -> str:
    """A choice as it is kept: ``Third_Party`` is ``third-party``."""
    return choice.strip().lower().replace("_", "-").replace(" ", "-")


def _one_of(*choices: str) -> Reader:
    def read(given: Any) -> str:
        text = spelled(str(given))
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text

    return read


class SourceClass(StrEnum):
    """How data was come by: sections 2.1 to 2.6 of the template of the EU AI Act, Article
    53(1)(d)."""

    PUBLIC = "public"
    LICENSED = "licensed"
    THIRD_PARTY = "third-party"
    CRAWLED = "crawled"
    USER = "user"
    SYNTHETIC = "synthetic"
    OTHER = "other"


VERDICTS = ("keep", "exclude", "accept-risk", "quarantine", "investigate", "take-down", "retrain")
ARTIFACT_KINDS = ("weights", "checkpoint", "adapter", "tokenizer", "other")

_LICENCE = (
    Fact("licence", "Licence, best as an SPDX expression.", _text),
    Fact("licence_evidence", "Where the licence stands written: a URL, a file, a contract.", _text),
)
_SAID = (
    Fact("modality", "text, image, audio, video ...", _text, many=True),
    Fact("language", "Languages (ISO 639).", _text, many=True),
    Fact("decided_by", "Who decided to include it.", _text),
    Fact("reason", "Why.", _text),
    Fact("note", "Anything else.", _text),
)

FACTS: Mapping[Kind, tuple[Fact, ...]] = MappingProxyType(
    {
        Kind.SOURCE: (
            Fact("class", f"One of {', '.join(SourceClass)}.", _one_of(*SourceClass)),
            Fact("uri", "Where it is.", _text),
            Fact("revision", "Which state of it.", _text),
            Fact("publisher", "Who publishes it.", _text),
            *_LICENCE,
            Fact("crawler", "Name of the crawler and who runs it.", _text),
            Fact("method", "How it was collected.", _text),
            Fact("period", "When: a moment, or START/END.", _period),
            Fact(
                "opt_out", "Measures that respect opt-outs, such as robots.txt.", _text, many=True
            ),
            Fact("consent", "On what consent, or other legal basis.", _text),
            Fact("generator", "Model that wrote it, where it is synthetic.", _text),
            *_SAID,
        ),
        Kind.SNAPSHOT: (
            Fact("title", "What it is, in a line.", _text),
            *_LICENCE,
            Fact("method", "How it was made.", _text),
            Fact("period", "When the content was collected.", _period),
            *_SAID,
        ),
        Kind.SHARD: (Fact("note", "Anything.", _text),),
        Kind.RUN: (
            Fact("job", "What ran.", _text),
            Fact("code", "Where the code is.", _text),
            Fact("code_revision", "Commit, or digest of the code.", _text),
            Fact("parameters", "Parameters by name.", _anything, pairs=True),
            Fact("data_order", "Order of the data: seed, curriculum, digest.", _text),
            Fact("mixture", "Weights of the mixture by snapshot or source.", _number, pairs=True),
            Fact("tokenizer_digest", "Digest of the tokenizer.", _digest),
            Fact("started", "When it began.", _moment),
            Fact("ended", "When it ended.", _moment),
            Fact("state", "How it ended.", _text),
            Fact("by", "Who started it.", _text),
            Fact("machine", "Where it ran.", _text),
            Fact("producer", "What told of it.", _text),
            Fact("parent_run", "Run that started it.", _text),
            Fact("note", "Anything else.", _text),
        ),
        Kind.ARTIFACT: (
            Fact("kind", f"One of {', '.join(ARTIFACT_KINDS)}.", _one_of(*ARTIFACT_KINDS)),
            Fact("version", "Its version.", _text),
            *_LICENCE,
            Fact("publisher", "Who publishes it.", _text),
            Fact("uri", "Where it is.", _text),
            Fact("deployed", "Where it runs.", _text, many=True),
            Fact("format", "Format of the file.", _text),
            Fact("digest", "Digest of the file, or of the list of files.", _digest),
            Fact("bytes", "Size.", _count),
            Fact("architecture", "Architecture.", _text),
            Fact("quantisation", "How the weights are quantised.", _text),
            Fact("parameters", "Number of parameters.", _count),
            Fact("tensors", "Number of tensors.", _count, told=False),
            Fact("dtypes", "Tensors by type.", _count, pairs=True, told=False),
            Fact("metadata", "What the file says of itself.", _anything, pairs=True, told=False),
            Fact("members", "Names inside the file.", _text, many=True, told=False),
            Fact("files", "Its files.", _anything, many=True, told=False),
            Fact("remarks", "What is odd about its bytes.", _text, many=True, told=False),
            Fact("released", "When it was released.", _moment),
            Fact("note", "Anything else.", _text),
        ),
        Kind.FINDING: (Fact("note", "Anything.", _text),),
        Kind.DECISION: (
            Fact("verdict", f"One of {', '.join(VERDICTS)}.", _one_of(*VERDICTS)),
            Fact("by", "Who decided.", _text),
            Fact("reason", "Why.", _text),
            Fact("at", "When.", _moment),
            Fact("until", "Until when it holds.", _moment),
            Fact("evidence", "What it rests on.", _text, many=True),
            Fact("note", "Anything else.", _text),
        ),
    }
)
"""What can be said of a node of each kind."""

_ANY_EDGE = (
    Fact("evidence", "What the relation is known from.", _text),
    Fact("named", "What the parent is called in the evidence.", _text, told=False),
    Fact("basis", "On what basis another store knows it.", _text, told=False),
    Fact("note", "Anything else.", _text),
)
EDGE_FACTS: Mapping[Relation, tuple[Fact, ...]] = MappingProxyType(
    {
        Relation.TRAINED_ON: (
            Fact("role", "pretraining, fine-tuning, preference, evaluation ...", _text),
            Fact("epochs", "How often it was seen.", _number),
            Fact("token_share", "Share of all tokens, 0 to 1.", _share),
            Fact("tokens", "Tokens seen, over all epochs.", _count),
            Fact("run", "Run that did it.", _text),
        ),
        Relation.MERGED_FROM: (Fact("weight", "Weight in the merge.", _number),),
        Relation.QUANTISED_FROM: (Fact("method", "How.", _text),),
        Relation.DISTILLED_FROM: (Fact("method", "How.", _text),),
        Relation.FINE_TUNED_FROM: (Fact("method", "How.", _text),),
        Relation.ADAPTER_OF: (Fact("method", "How.", _text),),
        Relation.DERIVED_FROM: (Fact("method", "How: filtered, deduplicated, mixed ...", _text),),
        Relation.GENERATED_BY: (Fact("method", "How.", _text),),
        Relation.COLLECTED_FROM: (Fact("period", "When.", _period),),
    }
)
"""What can be said of an edge of each relation, beside what can be said of any."""


def facts_of(what: Kind | Relation) -> tuple[Fact, ...]:
    """All facts of a kind of node or of a relation."""
    if isinstance(what, Kind):
        return FACTS[what]
    return (*EDGE_FACTS.get(what, ()), *_ANY_EDGE)


def plain(name: str) -> str:
    """A fact's name as it is kept: ``Token-Share`` is ``token_share``; ``x-`` names stay."""
    return name if name.startswith(OWN) else name.strip().lower().replace("-", "_")


def read_facts(what: Kind | Relation, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read declared facts; None and '' are kept as None, which takes a fact back.

    UsageError, with a hint, for a name that is not known or a value that cannot be read.
    """
    known = {fact.name: fact for fact in facts_of(what)}
    read: dict[str, Any] = {}
    for spelled, value in given.items():
        name = plain(shown(spelled))
        if name not in known and not (name.startswith(OWN) and len(name) > len(OWN)):
            names = ", ".join(name.replace("_", "-") for name in known)
            hint = f"known: {names}; a name of your own begins with {OWN}"
            raise UsageError(f"{what} has no fact {spelled!r}", hint=hint)
        try:
            reader = known[name].value if name in known else _anything
            read[name] = None if value is None or value == "" else reader(value)
        except ValueError as error:
            raise UsageError(
                f"{name.replace('_', '-')} of a {what} takes {error}, not {_short(value)}"
            ) from None
    if len(json.dumps(read)) > LARGEST:
        raise UsageError(f"the facts of a {what} are larger than {LARGEST:,} characters")
    return read


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Old facts with new ones over them; those that are None now are gone."""
    return {name: value for name, value in {**old, **new}.items() if value is not None}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
