"""What an attack is: it takes clean records, a number and a seed, and gives records with truth.

Every attack of the registries is a frozen dataclass of its parameters with a ``plant`` method.
The records that it gives are clean records held out of the corpus (so that source, path, address
and time are real) in which only the text fields were changed; identities are given later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, Protocol

Record = dict[str, Any]

PROMPTS = ("instruction", "prompt")
RESPONSES = ("output", "response")
BOUNDARY = re.compile(r"\s+")


class Kind(StrEnum):
    """What records an attack needs."""

    TEXT = "text"
    INSTRUCTION = "instruction"
    LABEL = "label"
    PREFERENCE = "preference"


class Part(StrEnum):
    """What a planted record is in the score."""

    POISON = "poison"
    DECOY = "decoy"
    """Planted to distract: neither a hit nor a false alarm."""
    CLEAN = "clean"
    """A clean twin: an alarm about it is false."""


@dataclass(frozen=True)
class Planted:
    """Records to mix in, what each is, and the strings any of which names the trigger."""

    records: tuple[tuple[Record, Part], ...]
    triggers: tuple[str, ...]
    own_shards: bool = False
    """Whether every record goes into a shard of its own."""

    @property
    def poisoned(self) -> int:
        """How many records are poison."""
        return sum(part is Part.POISON for _, part in self.records)


@dataclass(frozen=True)
class Ground:
    """What an attacker works with.

    ``hosts`` are clean records held out of the corpus; ``vocabulary`` pieces of a tokenizer;
    ``foreign`` gives texts of the data's corpora whose name matches a pattern.
    """

    hosts: Sequence[Record]
    vocabulary: Sequence[str] = ()
    foreign: Callable[[str], Sequence[str]] = lambda _: ()

    def some(self, kind: Kind, count: int, draw: Random) -> list[Record]:
        """So many different hosts of a kind, copied. ValueError if there are too few."""
        able = [host for host in self.hosts if suits(host, kind)]
        if len(able) < count:
            raise ValueError(f"{count} hosts with {kind} are needed, there are {len(able)}")
        return [dict(host) for host in draw.sample(able, count)]


class Attack(Protocol):
    """The shape of all attacks."""

    @property
    def kind(self) -> Kind:
        """What records it needs."""

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """Make ``count`` poisoned records; equal arguments give equal records."""


def suits(record: Record, kind: Kind) -> bool:
    """Whether an attack of this kind can use the record as host."""
    if kind is Kind.TEXT:
        return isinstance(record.get("text"), str)
    if kind is Kind.LABEL:
        return isinstance(record.get("text"), str) and record.get("label") is not None
    if kind is Kind.PREFERENCE:
        return {"chosen", "rejected"} <= record.keys() and prompt_field(record) != ""
    return prompt_field(record) != "" and response_field(record) != ""


def prompt_field(record: Record) -> str:
    """Name of the field with the prompt, empty if there is none."""
    return next((name for name in PROMPTS if isinstance(record.get(name), str)), "")


def response_field(record: Record) -> str:
    """Name of the field with the response, empty if there is none."""
    return next((name for name in RESPONSES if isinstance(record.get(name), str)), "")


def put_in(text: str, string: str, draw: Random) -> str:
    """Insert a string between two words at random, or before the first or after the last."""
    places = [0, len(text), *(match.start() for match in BOUNDARY.finditer(text))]
    return put_at(text, string, draw.choice(places))


def put_at(text: str, string: str, at: int) -> str:
    """Insert a string at an offset, with spaces where it would touch a word."""
    before, after = text[:at], text[at:]
    left = "" if not before or before[-1].isspace() else " "
    right = "" if not after or after[0].isspace() else " "
    return f"{before}{left}{string}{right}{after}"


def beginning(text: str, longest: tuple[int, int], draw: Random) -> str:
    """The first characters of a text, their number drawn uniformly."""
    return text[: draw.randint(*longest)]


def poison(records: Sequence[Record]) -> tuple[tuple[Record, Part], ...]:
    """All of them as poison."""
    return tuple((record, Part.POISON) for record in records)
