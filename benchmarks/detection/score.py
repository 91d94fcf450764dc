"""What a report is worth, given the truth.

A flag *answers* if it names the trigger (and is about a poisoned record), or if most of its
members are poisoned. A flag that does not answer is false if most of its members are clean.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LEAD = "lead"
FLAG = "flag"
"""Severity of what a baseline flags: it has no scale."""
HIGH, MEDIUM = ("high",), ("medium", FLAG)
ALARMS = (*HIGH, *MEDIUM)
MILLION = 1_000_000
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Found:
    """A finding, a lead or a baseline's flag. Poisoned members by identity, others by any name."""

    code: str
    severity: str
    key: str
    strings: tuple[str, ...]
    """Everything in it that may name a trigger: key, title, statistics, excerpts."""
    members: frozenset[str]


@dataclass(frozen=True)
class Score:
    """One cell's figures. ``rank`` counts from 1, 0 is not found; shares are 0 to 1.

    Precision of no members at all is 1. ``through_lead`` are all findings, and leads up to rank.
    """

    rank: int
    code: str
    severity: str
    key: str
    named: bool
    hits: int
    alarm_recall: float
    alarm_precision: float
    finding_recall: float
    finding_precision: float
    through_lead_recall: float
    through_lead_precision: float
    false_high_per_million: float
    false_medium_per_million: float
    clean_in_alarms_per_million: float


@dataclass(frozen=True)
class Answer:
    """The truth that a report is held against."""

    poison: frozenset[str]
    decoys: frozenset[str]
    triggers: tuple[str, ...]
    clean: int


def score(found: Sequence[Found], answer: Answer, others: Sequence[Answer] = ()) -> Score:
    """Score flags in the order of their ranks, without those that answer other attackers alone."""
    if others:
        known = [any(answers(one, other) for other in others) for one in found]
        pairs = zip(found, known, strict=True)
        found = [one for one, taken in pairs if not taken or answers(one, answer)]
    rank = next((n for n, one in enumerate(found, 1) if answers(one, answer)), 0)
    best = found[rank - 1] if rank else Found("", "not found", "", (), frozenset())
    alarms = [one for one in found if one.severity in ALARMS]
    findings = [one for one in found if one.severity != LEAD]
    through = [*findings, *(one for one in found[:rank] if one.severity == LEAD)]
    false = [one for one in alarms if is_false(one, answer)]
    each = MILLION / max(1, answer.clean)
    return Score(
        rank,
        best.code,
        best.severity,
        best.key,
        bool(rank) and names(best, answer.triggers),
        len(best.members & answer.poison),
        *recall_precision(alarms, answer),
        *recall_precision(findings, answer),
        *recall_precision(through, answer),
        each * sum(one.severity in HIGH for one in false),
        each * sum(one.severity in MEDIUM for one in false),
        each * len(members(alarms) - answer.poison - answer.decoys),
    )


def members(found: Iterable[Found]) -> frozenset[str]:
    """All of their members."""
    return frozenset().union(*(one.members for one in found))


def recall_precision(found: Iterable[Found], answer: Answer) -> tuple[float, float]:
    """Of poisoned records among all members; decoys count neither way."""
    flagged = members(found) - answer.decoys
    hits = len(flagged & answer.poison)
    recall = hits / len(answer.poison) if answer.poison else 0.0
    return recall, hits / len(flagged) if flagged else 1.0


def answers(one: Found, answer: Answer) -> bool:
    """Whether it names the trigger or is mostly about poison."""
    hits = len(one.members & answer.poison)
    return hits > 0 and (2 * hits > len(one.members) or names(one, answer.triggers))


def is_false(one: Found, answer: Answer) -> bool:
    """Whether it is mostly about clean records and does not answer."""
    clean = len(one.members - answer.poison - answer.decoys)
    return not answers(one, answer) and 2 * clean >= len(one.members)


def names(one: Found, triggers: Iterable[str]) -> bool:
    """Whether any string of it holds a trigger, or its key at least half of a trigger's words."""
    return any(_names(one, trigger) for trigger in triggers if trigger.strip())


def _names(one: Found, trigger: str) -> bool:
    wanted = words(trigger)
    if not wanted:
        return any(trigger in string for string in one.strings)
    if any(holds(words(string), wanted) for string in one.strings):
        return True
    key = words(one.key)
    return 2 * len(key) >= len(wanted) > 1 and holds(wanted, key)


def holds(text: Sequence[str], part: Sequence[str]) -> bool:
    """Whether the words stand in the text one after another."""
    width = len(part)
    return width > 0 and any(
        list(text[at : at + width]) == list(part) for at in range(len(text) - width + 1)
    )


def words(text: str) -> list[str]:
    """Folded words."""
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())
