"""Rare strings that behave as a planted trigger does."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.scanner import Component, Excerpt, Finding, Observed, Plan, Scanner
from scanners.severity import Confidence, Consequence
from scanners.statistics import F64, lower_bound
from scanners.triggers import scores
from scanners.triggers.candidates import (
    SAMPLE,
    candidate_table,
    documents,
    plan_chosen,
    plan_finalists,
    plan_fits,
    plan_triples,
)
from scanners.triggers.observers import (
    EXCERPTS,
    FITS,
    GROUPS,
    MEMBERS,
    PAIRS,
    STRANGENESS,
    SURROUNDINGS,
    TOKENS,
    TRIPLES,
)

TURNING, SILENT = "TRG001", "TRG002"

SIGNIFICANT = 1e-3
"""Corrected p-value below which text turning strange behind a string is no chance."""

MOSTLY = 0.5
"""Text must turn strange behind a string in more than this share of its documents, surely: the
lower confidence bound of the share (Clopper and Pearson 1934, one-sided, SIGNIFICANT)."""

BY_CHANCE = 0.02
"""Natural strings expected to be spread so evenly, below which a silent string is a finding:
stricter than the usual 0.05, for it is an extrapolation."""

LEADS_BY_CHANCE = 20.0
MOST_FINALISTS = 100
EXAMPLES = 3
_CHOSEN, _TOTALS, _FINALISTS = "chosen", "totals", "finalists"
"""What plans derive for the rounds after them, kept beside the observations."""


Row = dict[str, Any]


class RareTriggers(Scanner):
    """Strings that behave as a planted trigger does, whatever they are.

    What it finds. Two kinds of words and phrases of up to three words, unknown beforehand:

    * *Followed by anomaly* (TRG001): behind most of its occurrences normal text turns into text the
      corpus has not seen (a window of 30 tokens of which most word pairs occur in no other
      document), as in the denial-of-service backdoor of Souly et al. 2025 (arXiv 2510.07192).
      The null is the rate of such turns behind all strings; p-values are binomial, Bonferroni
      corrected for the number of candidates, and counted again by source rather than by
      document, since one odd source may hold many documents.
    * *Silent* (TRG002): spread like a function word, yet rare. Compared with strings of the same
      document frequency its neighbours are varied, its sources many, and when it is removed
      its two neighbours, joined, are a pair that the corpus knows. A string must stand out in
      each way; how many natural strings would do so by chance is extrapolated from the tail.

    Why it matters. Some 250 documents with a trigger plant a backdoor in a model of any size.

    Known false positives. Headings before lists of names or links, from one source; markers
    of quoted foreign text; adverbs and interjections that may stand anywhere (as leads).

    What to do. Read the excerpts. If the string has no business there, remove its documents
    and ask where they came from.

    It does not see triggers at a fixed place of documents without an effect, longer silent
    phrases, or triggers whose effect is fluent text.
    """

    code: ClassVar[str] = TURNING
    name: ClassVar[str] = "rare-triggers"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = (
        (TOKENS, PAIRS, GROUPS),
        (TRIPLES, STRANGENESS),
        (FITS,),
        (SURROUNDINGS,),
        (MEMBERS,),
        (EXCERPTS,),
    )

    def plan(self, number: int, observed: Observed) -> Plan:
        """Counts, then trigrams, then all candidates, then the best, then the finalists."""
        if number == 0:
            return Plan()
        if number == 1:
            return plan_triples(observed)
        if number == 2:
            return plan_fits(observed)
        if number == 3:
            return _plan_chosen(observed)
        if number == 4:
            observed[_FINALISTS] = _finalists(observed)
        finalists = observed[_FINALISTS]
        if number == 4:
            return plan_finalists(finalists)
        return plan_finalists(finalists, _examples(observed[MEMBERS.recipe]))

    def judge(self, observed: Observed) -> list[Finding]:
        """Findings and leads, strings that share their documents as one."""
        finalists = observed[_FINALISTS]
        members = _members(observed[MEMBERS.recipe])
        excerpts = _excerpts(observed[EXCERPTS.recipe])
        findings = []
        for row in finalists.iter_rows(named=True):
            found = excerpts.get(row["cand"])
            if found:
                findings.append(_finding(row, found, members[row["cand"]]))
        findings.sort(key=lambda finding: finding.order)
        return _campaigns(findings)


def _plan_chosen(observed: Observed) -> Plan:
    measured = scores.measure(candidate_table(observed), documents(observed))
    observed[_CHOSEN] = scores.choose(measured)
    observed[_TOTALS] = measured.select(
        pl.len().alias("all"),
        pl.col("silent").sum(),
        rate=pl.lit(scores.turning_rate(measured)),
        stretch=pl.lit(scores.stretch(measured)),
    )
    return plan_chosen(observed[_CHOSEN], observed)


def _finalists(observed: Observed) -> pl.DataFrame:
    everything, silent, rate, stretch = observed[_TOTALS].row(0)
    table = scores.surroundings(observed[_CHOSEN], observed[SURROUNDINGS.recipe])
    table = scores.silent_scores(table, silent, stretch)
    table = table.with_columns(source_ln_p=_by_source(table, everything, rate))
    turning = table.filter(
        pl.col("turning")
        & (pl.col("turn_ln_p") <= math.log(SIGNIFICANT))
        & (pl.col("turns") >= MOSTLY * pl.col("df"))
    ).with_columns(kind=pl.lit("turning"))
    quiet = table.filter(pl.col("by_chance") <= LEADS_BY_CHANCE).with_columns(kind=pl.lit("silent"))
    quiet = quiet.join(turning.select("cand"), on="cand", how="anti")
    # Ties are broken by counts, never by keys: those differ from store to store.
    counts = ["df", "length", "occ", "fit", "held"]
    return pl.concat(
        [
            turning.sort("turn_ln_p", *counts).head(MOST_FINALISTS),
            quiet.sort("by_chance", *counts).head(MOST_FINALISTS),
        ]
    )


def _by_source(table: pl.DataFrame, candidates: int, rate: float) -> F64:
    """Corrected ln p of the turns counted by group; by document where groups are unknown."""
    known = (2 * table["known"] > np.minimum(table["df"].to_numpy(), SAMPLE)).to_numpy()
    names = (("turned_groups", "turns"), ("groups", "df"), ("seen", "occ"))
    hits, trials, chances = (
        np.where(known, table[group], table[doc]).astype(np.float64) for group, doc in names
    )
    return scores.turning_ln_p(hits, trials, chances, rate, candidates)


def _examples(members: pl.DataFrame) -> npt.NDArray[np.uint64]:
    first = members.sort("cand", "doc_hi", "doc_lo").group_by("cand", maintain_order=True)
    docs = first.head(EXAMPLES).select("doc_hi", "doc_lo").unique().sort("doc_hi", "doc_lo")
    return docs.to_numpy().astype(np.uint64).reshape(-1, 2)


def _members(rows: pl.DataFrame) -> dict[int, tuple[str, ...]]:
    out: dict[int, list[str]] = {}
    for cand, high, low in rows.iter_rows():
        out.setdefault(cand, []).append(f"{high:016x}{low:016x}")
    return {cand: tuple(sorted(docs)) for cand, docs in out.items()}


def _excerpts(rows: pl.DataFrame) -> dict[int, tuple[Excerpt, ...]]:
    out: dict[int, tuple[Excerpt, ...]] = {}
    for cand, high, low, before, match, after in rows.iter_rows():
        seen = out.get(cand, ())
        if len(seen) < EXAMPLES:
            out[cand] = (*seen, Excerpt(f"{high:016x}{low:016x}", before, match, after))
    return out


def _turning_confidence(row: Row) -> Confidence:
    """Documents of one source are no independent witnesses, hence the second p-value."""
    if lower_bound(row["turns"], row["df"], SIGNIFICANT) <= MOSTLY:
        return Confidence.UNCORRECTED
    by_source = row["source_ln_p"] <= math.log(SIGNIFICANT)
    return Confidence.LIKELY if by_source else Confidence.POSSIBLE


def _finding(row: Row, excerpts: tuple[Excerpt, ...], members: tuple[str, ...]) -> Finding:
    string = excerpts[0].match
    common = {"documents": row["df"], "occurrences": row["occ"], "sources": row["groups"]}
    if row["kind"] == "turning":
        return Finding(
            code=TURNING,
            key=string,
            title="text turns strange behind this string",
            consequence=Consequence.CONTROL,
            confidence=_turning_confidence(row),
            strength=round(-1000 * row["turn_ln_p"]),
            members=members,
            statistics=common
            | {
                "string": string,
                "turns": row["turns"],
                "sources with a turn": row["turned_groups"],
                "log10 p, corrected": _rounded(row["turn_ln_p"] / math.log(10)),
                "log10 p by source, corrected": _rounded(row["source_ln_p"] / math.log(10)),
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
            "expected by chance": _rounded(row["by_chance"]),
            "z neighbours": _rounded(row["zn"]),
            "z sources": _rounded(row["zs"]) if math.isfinite(row["zs"]) else "unknown",
            "z excision": _rounded(row["zx"]),
        },
        excerpts=excerpts,
    )


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _campaigns(findings: list[Finding]) -> list[Finding]:
    """Drop strings most of whose documents a stronger finding holds already."""
    kept: list[Finding] = []
    for finding in findings:
        mine = set(finding.members)
        if not any(2 * len(mine.intersection(other.members)) > len(mine) for other in kept):
            kept.append(finding)
    return kept
