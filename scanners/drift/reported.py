"""What is told of two snapshots: strings, effects, and a summary."""

from __future__ import annotations

import math

import polars as pl

from scanners.drift.compare import SHOWN, Compared, Found
from scanners.drift.effects import FOREIGN, NOISE, Effect
from scanners.drift.kinds import Kind
from scanners.drift.strings import Inserted
from scanners.drift.texts import I64
from scanners.duplicates.identities import hexes
from scanners.scanner import Excerpt, Finding, rounded
from scanners.severity import Confidence, Consequence

CODE = "DRF001"
BY_CHANCE = 1e-3
"""Natural strings or effects expected to be as strong, below which it is a finding; stricter
than usual, for the tail is extrapolated."""

LEAD = 0.05
_TITLES = {
    NOISE: "noise was put into {} documents that had none",
    FOREIGN: "{} documents were replaced by text unlike this corpus",
}


def reported(compared: Compared, found: Found, quotes: pl.DataFrame) -> list[Finding]:
    """All findings; the summary is the last."""
    texts = {row[0]: row[1:] for row in quotes.iter_rows()}
    findings: list[Finding] = []
    span = 0
    for one in found.all:
        count = min(SHOWN, len(one.rows))
        names = hexes(compared.pairs.new[one.rows])
        excerpts = tuple(
            Excerpt(names[number], *texts[span + number])
            for number in range(count)
            if span + number in texts
        )
        span += count
        if not excerpts:
            continue
        members = tuple(sorted(set(names)))
        if isinstance(one, Inserted):
            findings.append(_string(one, members, excerpts))
        elif one.ln_p <= math.log(LEAD):
            findings.append(_effect(one, members, excerpts))
    return [*findings, _summary(compared)]


def _string(one: Inserted, members: tuple[str, ...], excerpts: tuple[Excerpt, ...]) -> Finding:
    string = excerpts[0].match
    if one.by_chance > BY_CHANCE:
        confidence = Confidence.UNCORRECTED
    else:
        confidence = Confidence.POSSIBLE if one.whole else Confidence.LIKELY
    many = f"{len(members):,} documents"
    title = f"{many} became one text" if one.whole else f"one new string was put into {many}"
    return Finding(
        code=CODE,
        key=f"string {string}",
        title=title,
        consequence=Consequence.CONTROL,
        confidence=confidence,
        strength=round(-1000 * math.log(max(one.by_chance, 1e-300))),
        members=members,
        statistics={
            "documents": len(members),
            "string": string,
            "tokens": one.tokens,
            "put in and nothing else": one.alone,
            "independent": rounded(one.witnesses),
            "expected by chance": rounded(one.by_chance),
        },
        excerpts=excerpts,
    )


def _effect(one: Effect, members: tuple[str, ...], excerpts: tuple[Excerpt, ...]) -> Finding:
    sure = one.ln_p <= math.log(BY_CHANCE)
    return Finding(
        code=CODE,
        key=one.name,
        title=_TITLES[one.name].format(f"{len(members):,}"),
        consequence=Consequence.CONTROL,
        confidence=Confidence.LIKELY if sure else Confidence.UNCORRECTED,
        strength=round(-1000 * one.ln_p),
        members=members,
        statistics={
            "documents": len(members),
            "of": one.trials,
            "expected by chance": rounded(one.level * one.trials),
            "independent": rounded(one.independent),
            "limit": rounded(one.limit),
            "log10 p, corrected": rounded(one.ln_p / math.log(10)),
        },
        excerpts=excerpts,
    )


def _summary(compared: Compared) -> Finding:
    kinds = {kind.name.lower(): compared.changes.count(kind) for kind in Kind}
    pairs = compared.pairs
    return Finding(
        code=CODE,
        key="changes",
        title=f"{pairs.changed:,} of {pairs.changed + pairs.unchanged:,} documents changed",
        consequence=Consequence.DISTORTION,
        confidence=Confidence.UNCORRECTED,
        strength=pairs.changed,
        members=_unrelated(compared),
        statistics={**pairs.statistics, **kinds},
    )


def _unrelated(compared: Compared) -> tuple[str, ...]:
    """Documents that were emptied or replaced by something unrelated."""
    rows: I64 = (compared.changes.kind <= int(Kind.REPLACED)).nonzero()[0]
    return tuple(sorted(set(hexes(compared.pairs.new[rows]))))
