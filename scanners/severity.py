"""Severity is defined once: consequence times confidence, one table, one rank."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Severity(StrEnum):
    """How much a finding asks for attention; a lead did not survive correction."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    LEAD = "lead"


SEVERITIES = tuple(Severity)
"""Worst first."""


class Consequence(IntEnum):
    """What happens if a model learns from it."""

    NUISANCE = 0
    """Quality suffers."""
    DISTORTION = 1
    """The corpus no longer says what its sources say: weights, facts or tests are bent."""
    CONTROL = 2
    """Somebody chose what a model will do."""


class Confidence(IntEnum):
    """How sure we are that it is what the title says."""

    UNCORRECTED = 0
    """Did not survive correction for the number of candidates."""
    POSSIBLE = 1
    """Significant, but natural causes of this kind are common."""
    LIKELY = 2
    """Significant, and natural causes of this kind are rare."""
    CERTAIN = 3
    """Significant in independent ways, or a fact of the bytes."""


_H, _M, _L, _LEAD = Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.LEAD

TABLE: dict[Consequence, tuple[Severity, Severity, Severity, Severity]] = {
    #                        uncorrected, possible, likely, certain
    Consequence.NUISANCE: (_LEAD, _L, _L, _L),
    Consequence.DISTORTION: (_LEAD, _L, _M, _M),
    Consequence.CONTROL: (_LEAD, _M, _H, _H),
}
"""Severity by consequence (row) and confidence (column)."""


def severity_of(consequence: Consequence, confidence: Confidence) -> Severity:
    """Look up the one table."""
    return TABLE[consequence][confidence]


Rank = tuple[int, int, int, str, str]


def rank_key(
    consequence: Consequence, confidence: Confidence, strength: int, code: str, key: str
) -> Rank:
    """Sort key of the one global rank: worst severity first, then consequence, strength, name.

    Strengths of different scanners compare roughly at best; what a lead would mean does not.
    """
    severity = SEVERITIES.index(severity_of(consequence, confidence))
    return severity, -consequence, -strength, code, key
