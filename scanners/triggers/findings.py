"""A finalist as a finding: how it is told, and how sure it is."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scanners.scanner import Excerpt, Finding, rounded
from scanners.severity import Confidence, Consequence
from scanners.statistics import binomial_tail
from scanners.triggers.finalists import MOSTLY, OFTEN

SILENT, SHARE = "TRG002", "share of chance"
"""Code of silent strings, and their statistic that tells crowds."""

P_VALUE = "log10 p, corrected"
"""The statistic of an effect that tells how little of it is chance."""

BY_CHANCE = 0.05
"""Natural strings expected to look as much put in at random, below which a silent string is a
finding: that is, up to how many corpora in which nothing was planted have one by chance."""

PART_OF_WORD = re.compile(r"[^\W_]+\Z")

Row = dict[str, Any]


@dataclass(frozen=True)
class Effect:
    """How a finding about an effect is told; ``noun`` is the statistic that counts it."""

    code: str
    title: str
    noun: str


EFFECTS = {
    "turns": Effect("TRG001", "text turns strange behind this string", "turns"),
    "breaks": Effect("TRG003", "language or subject changes behind this string", "breaks"),
}


@dataclass(frozen=True)
class _Trust:
    """How sure an effect is, and what is least sure about it, in nats (the less, the surer)."""

    confidence: Confidence
    weakest: float

    @classmethod
    def of(cls, row: Row, candidates: int) -> _Trust:
        """More questions to a significant effect: does it surely follow, and more often than it
        happens elsewhere in these documents, or in one odd source? What follows fixed words, or
        is followed by one, is a template. A break that nothing else casts doubt on need follow in a
        part of the pieces only."""
        if OFTEN < row["surely"] <= MOSTLY and not row["in_doubt"]:
            return cls(Confidence.POSSIBLE, max(row["own_ln_p"], row["source_ln_p"]))
        if row["surely"] <= MOSTLY:
            hits, tried = (np.array([float(row[name])]) for name in ("hits", "tried"))
            half = float(binomial_tail(hits, tried, MOSTLY)[0]) + math.log(candidates)
            return cls(Confidence.UNCORRECTED, max(half, row["source_ln_p"]))
        if not row["loose"] or not row["own"]:
            return cls(Confidence.UNCORRECTED, row["source_ln_p"])
        if row["by_source"]:
            return cls(Confidence.LIKELY, max(row["ln_p"], row["source_ln_p"]))
        return cls(Confidence.POSSIBLE, max(row["ln_p"], row["own_ln_p"]))


def finding_of(
    row: Row, excerpts: tuple[Excerpt, ...], members: tuple[str, ...], candidates: int
) -> Finding:
    """One finding or lead; ``candidates`` were looked at."""
    if row["tokens"] > row["length"]:
        excerpts = whole(excerpts)
    string = excerpts[0].match
    common = {"documents": len(members), "occurrences": row["occ"], "sources": row["groups"]}
    common |= {"tokens": int(row["tokens"])}
    if row["kind"] in EFFECTS:
        effect, trust = EFFECTS[row["kind"]], _Trust.of(row, candidates)
        return Finding(
            code=effect.code,
            key=string,
            title=effect.title,
            consequence=Consequence.CONTROL,
            confidence=trust.confidence,
            strength=round(-1000 * trust.weakest),
            members=members,
            statistics=common
            | {
                "string": string,
                effect.noun: row["hits"],
                "can be told in": row["tried"],
                f"sources with {effect.noun}": row["hit_groups"],
                P_VALUE: rounded(row["ln_p"] / math.log(10)),
                "log10 p by source, corrected": rounded(row["source_ln_p"] / math.log(10)),
            },
            excerpts=excerpts,
        )
    significant = row["by_chance"] <= BY_CHANCE
    return Finding(
        code=SILENT,
        key=string,
        title="a rare string is spread as if put in at random",
        consequence=Consequence.CONTROL,
        confidence=Confidence.POSSIBLE if significant else Confidence.UNCORRECTED,
        strength=round(-1000 * math.log(max(row["by_chance"], 1e-300))),
        members=members,
        statistics=common
        | {
            "string": string,
            "expected by chance": rounded(row["by_chance"]),
            SHARE: rounded(min(row["false_share"], 1.0)),
            "lane": row["lane"],
            "fit of the text without it": rounded(row["excision"]),
            "company on the left": rounded(row["left"]),
            "company on the right": rounded(row["right"]),
            "home in sources": rounded(row["home"]),
        },
        excerpts=excerpts,
    )


def whole(excerpts: tuple[Excerpt, ...]) -> tuple[Excerpt, ...]:
    """Excerpts that match a passage as far as all of them are alike, not just how it begins.

    One excerpt alone does not tell how far that is.
    """
    if len(excerpts) < 2:
        return excerpts
    behind = [excerpt.after for excerpt in excerpts]
    common = min(behind, key=len)
    while not all(text.startswith(common) for text in behind):
        common = common[:-1]
    if any(text[len(common) : len(common) + 1].isalnum() for text in behind):
        common = PART_OF_WORD.sub("", common)
    common = common.rstrip()
    return tuple(
        replace(one, match=one.match + common, after=one.after[len(common) :]) for one in excerpts
    )
