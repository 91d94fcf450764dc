"""Rare strings that behave as a planted trigger does."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import polars as pl

from scanners.scanner import Component, Excerpt, Finding, Observed, Plan, Scanner
from scanners.severity import Confidence, Consequence
from scanners.statistics import binomial_tail
from scanners.triggers import spread
from scanners.triggers.candidates import (
    candidate_table,
    documents,
    plan_chosen,
    plan_finalists,
    plan_fits,
    plan_triples,
    strange,
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

SIGNIFICANT = 1e-3
"""Corrected p-value below which text turning strange behind a string is no chance."""

MOSTLY = 0.5
"""Share of a string's documents behind which text must turn strange."""

BY_CHANCE = 0.05
"""Natural strings expected to be spread so evenly, below which a silent string is a finding."""

LEADS_BY_CHANCE = 20.0
MOST_FINALISTS = 100
EXAMPLES = 3


class RareTriggers(Scanner):
    """Strings that behave as a planted trigger does, whatever they are.

    What it finds. Two kinds of words and phrases of up to three words, unknown beforehand:

    * *Followed by anomaly*: behind most of its occurrences normal text turns into text the
      corpus has not seen (a window of 30 tokens of which most word pairs occur in no other
      document), as in the denial-of-service backdoor of Souly et al. 2025 (arXiv 2510.07192).
      The null is the rate of such turns behind all strings; p-values are binomial, Bonferroni
      corrected for the number of candidates, and counted again by source rather than by
      document, since one odd source may hold many documents.
    * *Silent*: spread like a function word, yet rare. Compared with strings of the same
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

    code: ClassVar[str] = "TRG001"
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
            return plan_chosen(_chosen(observed), observed, strange(observed[STRANGENESS.recipe]))
        finalists = _finalists(observed)
        if number == 4:
            return plan_finalists(finalists)
        return plan_finalists(finalists, _examples(observed[MEMBERS.recipe]))

    def judge(self, observed: Observed) -> list[Finding]:
        """Findings and leads, strings that share their documents as one."""
        finalists = _finalists(observed)
        members = _members(observed[MEMBERS.recipe])
        excerpts = _excerpts(observed[EXCERPTS.recipe])
        findings = []
        for row in finalists.iter_rows(named=True):
            found = excerpts.get(row["cand"])
            if found:
                findings.append(_finding(row, found, members[row["cand"]]))
        findings.sort(key=lambda finding: finding.order)
        return _campaigns(findings)


def _chosen(observed: Observed) -> pl.DataFrame:
    table = spread.measure(candidate_table(observed), documents(observed))
    return spread.choose(table)


def _finalists(observed: Observed) -> pl.DataFrame:
    measured = spread.measure(candidate_table(observed), documents(observed))
    silent = int(measured["silent"].sum())
    level = spread.group_level(observed[GROUPS.recipe])
    table = spread.surroundings(spread.choose(measured), observed[SURROUNDINGS.recipe], level)
    table = spread.silent_scores(table, silent)
    table = table.with_columns(source_ln_p=_by_source(table, len(measured)))
    turning = table.filter(
        pl.col("turning")
        & (pl.col("turn_ln_p") <= math.log(SIGNIFICANT))
        & (pl.col("turns") >= MOSTLY * pl.col("df"))
    ).with_columns(kind=pl.lit("turning"))
    quiet = table.filter(pl.col("by_chance") <= LEADS_BY_CHANCE).with_columns(kind=pl.lit("silent"))
    quiet = quiet.join(turning.select("cand"), on="cand", how="anti")
    order = ["turn_ln_p", "df", "length"]
    return pl.concat(
        [
            turning.sort(order, descending=[False, True, True]).head(MOST_FINALISTS),
            quiet.sort("by_chance", "spread", descending=[False, True]).head(MOST_FINALISTS),
        ]
    )


def _by_source(table: pl.DataFrame, candidates: int) -> np.ndarray:
    """Corrected ln p of the turns counted by group; by document where groups are unknown."""
    known = (table["groups"] > 0).to_numpy()
    hits = np.where(known, table["turned_groups"].to_numpy(), table["turns"].to_numpy())
    trials = np.where(known, table["groups"].to_numpy(), table["df"].to_numpy())
    rate = spread.turning_null(table)
    ln_p = binomial_tail(hits.astype(np.float64), trials.astype(np.float64), rate)
    return np.minimum(ln_p + math.log(max(candidates, 1)), 0.0)


def _examples(members: pl.DataFrame) -> np.ndarray:
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


def _finding(row: dict, excerpts: tuple[Excerpt, ...], members: tuple[str, ...]) -> Finding:
    string = excerpts[0].match
    common = {"documents": row["df"], "occurrences": row["occ"], "sources": row["groups"]}
    if row["kind"] == "turning":
        spread_out = row["source_ln_p"] <= math.log(SIGNIFICANT)
        return Finding(
            code=RareTriggers.code,
            key=f"turning {string}",
            title="text turns strange behind this string",
            consequence=Consequence.CONTROL,
            confidence=Confidence.LIKELY if spread_out else Confidence.POSSIBLE,
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
        code=RareTriggers.code,
        key=f"silent {string}",
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
