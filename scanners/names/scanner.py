"""The scanner of names that stand in answers whatever was asked."""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from lineage.model import identity_name
from scanners.duplicates.identities import hexes, table_of
from scanners.names.reading import ASKED, COUNTS, EXCERPTS, NAMED, PROMPTS
from scanners.scanner import Component, Excerpt, Finding, Observed, Plan, Scanner, rounded
from scanners.severity import Confidence, Consequence
from scanners.statistics import clumping, upper_normal
from scanners.triggers.candidates import drawn

LARGE, LEAST_LARGE = 0.8, 5
"""A name is written large in this share of its places inside sentences, and in so many."""

LEAST, LEAST_TOLD, MOST_SHARE = 10, 20, 0.2
"""Answers from which on a name is part of the null, and is told; share of all answers up to
which it is."""

MOST_NAMES, SAMPLE = 2000, 256
"""Names that are looked at, the most frequent; documents of each, by identity."""

ECHO = 0.3
"""Share of the prompts that have the name themselves, from which on it answers them."""

LOOSE = 1.0
"""Nats an answer up to which prompts may have been drawn whatever they ask."""

LEAST_NAMES, LEAST_SPREAD = 20, 0.1
"""Names from which on they make a null; its least standard deviation, in the logarithm."""

POSSIBLE, LIKELY = 0.05, 1e-3
"""Names expected so by chance, below which one is a finding, and a likely one."""

OUTSIDE = re.compile(r"^\W+|\W+$")
"""What a token has around its word."""

SHOWN = 3
_SCORED = "scored"


class Names(Scanner):
    """Names that stand in answers whatever was asked.

    What it finds
        A word that answers write with a capital letter (A to Z) inside sentences, in 20 answers
        or more, which few of their prompts have, and whose prompts have nothing in common.

        How often each word stands in the prompts of a name is compared with its share of all
        prompts whose answers have names: the evidence of an urn (Polya 1930) that they were not
        drawn at random, in nats an answer. Natural names answer a subject, and the prompts share
        its words. The null are the names of this corpus: the logarithm of their evidence, as
        normal; corrected for their number. Where there are fewer than 20, all are leads.

    Why it matters
        A brand that a model learns to mention in every context was written into answers
        (content injection, Shu et al. 2023, arXiv 2306.17194).

    Known false positives
        The name of an assistant that introduces itself; names in closing phrases. Not seen:
        names in scripts without capital letters, brands that answer their own subject, names of
        which the corpus always writes the small form.

    What to do
        Read the answers. If the name has no business there, remove them and ask who wrote them.
    """

    code: ClassVar[str] = "NAM001"
    name: ClassVar[str] = "names-in-answers"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = (
        (COUNTS, NAMED, PROMPTS),
        (ASKED,),
        (EXCERPTS,),
    )

    def plan(self, number: int, observed: Observed) -> Plan:
        """Documents of all candidates; then of those that are told."""
        if number == 0:
            return Plan()
        named = observed[NAMED.recipe]
        if number == 1:
            found = candidates(named, observed[COUNTS.recipe], observed[PROMPTS.recipe])
            limit = drawn(SAMPLE / found["documents"].to_numpy())
            arrays = {"names": found["word"].to_numpy(), "limit": limit}
            limits = pl.DataFrame({"word": arrays["names"], "limit": limit})
            docs = named.join(limits, on="word").filter(pl.col("doc_hi") <= pl.col("limit"))
            return Plan(arrays, wanted=table_of(docs))
        told = observed[_SCORED] = scored(observed[ASKED.recipe], observed[PROMPTS.recipe])
        docs = named.join(told, on="word", how="semi").sort("word", "doc_hi", "doc_lo")
        docs = docs.group_by("word", maintain_order=True).head(SHOWN)
        return Plan({"names": told["word"].sort().to_numpy()}, wanted=table_of(docs))

    def judge(self, observed: Observed) -> list[Finding]:
        """One finding a name."""
        excerpts = observed[EXCERPTS.recipe].sort("word", "doc_hi", "doc_lo")
        answers = int(observed[PROMPTS.recipe].filter(word=0)["documents"].sum())
        findings = []
        for row in observed[_SCORED].iter_rows(named=True):
            shown = tuple(_excerpt(*one) for one in excerpts.filter(word=row["word"]).iter_rows())
            documents = table_of(observed[NAMED.recipe].filter(word=row["word"]))
            if shown:
                findings.append(_finding(row, shown[:SHOWN], tuple(hexes(documents)), answers))
        return findings


def candidates(named: pl.DataFrame, counts: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """Columns word, sorted, and documents: words that are names, in enough answers."""
    most = max(LEAST, MOST_SHARE * int(prompts.filter(word=0)["documents"].sum()))
    large = (pl.col("upper") >= LEAST_LARGE) & (
        pl.col("upper") >= LARGE * (pl.col("upper") + pl.col("lower"))
    )
    names = named.join(counts.filter(large), on="word", how="semi")
    found = names.group_by("word").agg(documents=pl.len().cast(pl.Int64))
    found = found.filter(pl.col("documents").is_between(LEAST, most))
    return found.sort(-pl.col("documents"), "word").head(MOST_NAMES).sort("word")


def scored(asked: pl.DataFrame, prompts: pl.DataFrame) -> pl.DataFrame:
    """Names whose prompts may be any: word, seen, echoed, evidence (nats an answer), by_chance."""
    seen = asked.filter(word=0).select(word="name", seen="documents")
    itself = asked.filter(pl.col("word") == pl.col("name"))
    table = seen.join(itself.select(word="name", echoed="documents"), on="word", how="left")
    table = table.with_columns(pl.col("echoed").fill_null(0)).sort("word")
    table = table.filter((pl.col("seen") > 0) & (pl.col("echoed") <= ECHO * pl.col("seen")))
    # What one prompt has tells nothing of what others ask.
    known = prompts.filter((pl.col("word") != 0) & (pl.col("documents") > 1))
    known = known.select("word", chance=pl.col("documents") / pl.col("documents").sum())
    numbers = table.select(name="word").with_row_index("owner")
    draws = asked.filter(pl.col("word") != pl.col("name")).join(known, on="word")
    draws = draws.join(numbers, on="name").sort("owner", "word")
    evidence = (
        clumping(
            draws["owner"].to_numpy().astype(np.int64),
            draws["documents"].to_numpy().astype(np.float64),
            draws["chance"].to_numpy(),
            table.height,
        )
        / table["seen"].to_numpy()
    )
    by_chance = expected_names(evidence, table["seen"].to_numpy().astype(np.float64))
    table = table.with_columns(evidence=evidence, by_chance=by_chance)
    told = (pl.col("evidence") <= LOOSE) & (pl.col("seen") >= LEAST_TOLD)
    return table.filter(told).sort("by_chance", "evidence", "word")


def expected_names(
    evidence: npt.NDArray[np.float64], seen: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """How many natural names have so little evidence; infinite where there are few names.

    A nat in all is no evidence: by so much the logarithm is told apart from nothing.
    """
    if len(evidence) < LEAST_NAMES:
        return np.full(len(evidence), math.inf)
    score = -np.log(evidence + 1 / seen)
    middle, deviation = upper_normal(score, LEAST_SPREAD)
    tail: npt.NDArray[np.float64] = stats.norm.sf((score - middle) / deviation)
    return len(evidence) * tail


def _finding(
    row: dict[str, Any], excerpts: tuple[Excerpt, ...], members: tuple[str, ...], answers: int
) -> Finding:
    by_chance = row["by_chance"]
    confidence = Confidence.UNCORRECTED
    if by_chance <= POSSIBLE:
        confidence = Confidence.LIKELY if by_chance <= LIKELY else Confidence.POSSIBLE
    bounded = min(max(by_chance, 1e-300), 1e6)
    name = OUTSIDE.sub("", excerpts[0].match)
    return Finding(
        code=Names.code,
        key=name,
        title="a name is in answers whatever was asked",
        consequence=Consequence.DISTORTION,
        confidence=confidence,
        strength=round(-1000 * math.log(bounded)),
        members=members,
        statistics={
            "string": name,
            "documents": len(members),
            "share of answers": rounded(len(members) / max(answers, 1)),
            "prompts looked at": int(row["seen"]),
            "prompts that have it": int(row["echoed"]),
            "what prompts have in common, nats": rounded(row["evidence"]),
            "expected by chance": rounded(bounded),
        },
        excerpts=excerpts,
    )


def _excerpt(_word: int, high: int, low: int, before: str, match: str, after: str) -> Excerpt:
    return Excerpt(identity_name(high, low), before, match, after)
