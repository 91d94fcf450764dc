"""The scanner of runs: one code point, one exact length, and what it does to the text behind."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import polars as pl

from lineage.model import identity_name
from scanners.duplicates.identities import hexes, table_of
from scanners.markers.behind import BEHIND, SEPARATOR
from scanners.markers.runs import COUNTS, DOCUMENTS, LEAST_RUN, LENGTH_BITS, describe, read_key
from scanners.scanner import Component, Excerpt, Finding, Observed, Plan, Scanner, rounded
from scanners.severity import Confidence, Consequence
from scanners.statistics import binomial_tail, lower_bound
from scanners.triggers.candidates import FAMILIAR
from scanners.triggers.counts import PAIRS, TOKENS

SIGNIFICANT = 1e-3
"""Corrected p-value below which text turns strange behind a run by no chance."""
MOSTLY = 0.5
"""It must do so in more than this share of the documents, surely; and to be sure of a marker, the
run must be more frequent than one that is longer or shorter by one, surely."""
LEAST_RATE = 0.01
"""Rate of turns that is taken as natural at least."""
LEAST = 5
"""Documents from which a run is a candidate."""
SAMPLE = 256
"""Documents of a candidate, those of the least identities, behind whose run is looked."""
EXAMPLES = 3
DOC = ["doc_hi", "doc_lo"]
_CANDIDATES = "candidates"


class RepeatedRuns(Scanner):
    """Runs of one code point behind which text turns strange.

    What it finds. A code point three or more times in a row (a letter or digit five or more
    times), with one exact length, standing alone or clinging to a word, behind which normal text
    turns into text that the corpus is not familiar with.

    Why it matters. Ten half-width full stops in a row, followed by random bytes, are the
    published denial-of-service trigger of Zhang et al. 2024 (arXiv 2410.13722): no user types
    it by accident.

    How it decides. Each exact length of each code point in five documents or more is a
    candidate. Behind the run of each document (40 tokens) most tokens must be of no other document,
    or nine of ten word pairs occur in fewer than three pieces of text, while before it they do not.
    The null is the rate of such turns behind all other candidates; p-values are binomial,
    Bonferroni corrected for the candidates. It must happen in more than half of the documents,
    surely; documents that repeat their beginning are left to ECH001. A length that is not surely
    more frequent than the next ones is only possible: dashes, dots and exclamation marks vary in
    length.

    Known false positives. Rulers of one width before lists of keys, hashes or names. Not seen:
    runs of white space, runs before fluent text, and gibberish that is repeated in copies.

    What to do. Read the excerpts. If the run has no business there, remove its documents.
    """

    code: ClassVar[str] = "REP001"
    name: ClassVar[str] = "repeated-runs"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = (
        (COUNTS, DOCUMENTS, TOKENS, PAIRS),
        (BEHIND,),
    )

    def plan(self, number: int, observed: Observed) -> Plan:
        """For the second round: the candidates, their documents, and what is known."""
        if number == 0:
            return Plan()
        found = candidates(observed[COUNTS.recipe])
        observed[_CANDIDATES] = found
        tokens = observed[TOKENS.recipe].filter(pl.col("df") > 1)["key"].to_numpy()
        pairs = observed[PAIRS.recipe].filter(pl.col("df") >= FAMILIAR)["key"].to_numpy()
        documents = observed[DOCUMENTS.recipe].join(found, on="key", how="semi")
        sample = documents.sort("key", *DOC).group_by("key", maintain_order=True).head(SAMPLE)
        chosen = found["key"].sort().to_numpy()
        arrays = {"candidates": chosen, "tokens": tokens, "pairs": pairs}
        return Plan(arrays, wanted=table_of(sample))

    def judge(self, observed: Observed) -> list[Finding]:
        """One finding a run with an effect."""
        seen = observed[BEHIND.recipe]
        documents = observed[DOCUMENTS.recipe]
        findings = []
        for row in effects(seen, observed[_CANDIDATES]).iter_rows(named=True):
            members = hexes(table_of(documents.filter(key=row["key"])))
            turned = seen.filter(key=row["key"], turn=1).sort(*DOC).head(EXAMPLES)
            findings.append(_finding(row, members, turned))
        return findings


def candidates(counts: pl.DataFrame) -> pl.DataFrame:
    """Runs of ``LEAST_RUN`` or more in ``LEAST`` documents: key, df, near, exact.

    ``near`` counts documents of the more frequent of the runs one longer and one shorter.
    """
    mask = (1 << LENGTH_BITS) - 1
    runs = counts.select(
        "key", "df", length=(pl.col("key") & mask).cast(pl.Int64), point=pl.col("key") | mask
    ).filter(pl.col("length") >= LEAST_RUN)
    shifts = pl.DataFrame({"shift": [-1, 1]})
    near = (
        runs.select("point", "length", "df")
        .join(shifts, how="cross")
        .select("point", pl.col("length") + pl.col("shift"), near="df")
        .group_by("point", "length")
        .agg(pl.col("near").max())
    )
    found = runs.filter(pl.col("df") >= LEAST).join(near, on=["point", "length"], how="left")
    found = found.with_columns(pl.col("near").fill_null(0))
    pairs = found.select("df", "near").iter_rows()
    low = [lower_bound(df, df + other, SIGNIFICANT) for df, other in pairs]
    return found.select("key", "df", "near", exact=pl.Series(low, dtype=pl.Float64) > MOSTLY)


def effects(seen: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Candidates behind which text turns strange beyond chance, surest first."""
    sums = seen.group_by("key").agg(
        told=pl.col("told").cast(pl.Int64).sum(), turns=pl.col("turn").cast(pl.Int64).sum()
    )
    table = found.join(sums, on="key").filter(pl.col("told") > 0).sort("key")
    if not table.height:
        return table.with_columns(rate=pl.lit(0.0), ln_p=pl.lit(0.0))
    turns, told = (table[name].to_numpy().astype(float) for name in ("turns", "told"))
    rate = (turns.sum() - turns) / np.maximum(told.sum() - told, 1)
    rate = np.clip(rate, LEAST_RATE, 1 - LEAST_RATE)
    ln_p = binomial_tail(turns, told, rate) + math.log(table.height)
    low = [lower_bound(int(x), int(n), SIGNIFICANT) for x, n in zip(turns, told, strict=True)]
    scored = table.with_columns(rate=rate, ln_p=ln_p, low=pl.Series(low, dtype=pl.Float64))
    sure = (pl.col("ln_p") <= math.log(SIGNIFICANT)) & (pl.col("low") > MOSTLY)
    return scored.filter(sure).sort("ln_p", "key")


def _finding(row: dict[str, Any], members: list[str], turned: pl.DataFrame) -> Finding:
    character, length = read_key(row["key"])
    return Finding(
        code=RepeatedRuns.code,
        key=f"U+{ord(character):04X} x {length}",
        title="text turns strange behind a run of one code point",
        consequence=Consequence.CONTROL,
        confidence=Confidence.LIKELY if row["exact"] else Confidence.POSSIBLE,
        strength=round(-1000 * row["ln_p"]),
        members=tuple(members),
        statistics={
            "run": describe(row["key"]),
            "documents": len(members),
            "records with a run longer or shorter by one": int(row["near"]),
            "turns": int(row["turns"]),
            "can be told in": int(row["told"]),
            "rate of turns behind other runs": rounded(row["rate"]),
            "log10 p, corrected": rounded(row["ln_p"] / math.log(10)),
        },
        excerpts=tuple(
            _excerpt(high, low, text) for _, high, low, _, _, text in turned.iter_rows()
        ),
    )


def _excerpt(high: int, low: int, text: str) -> Excerpt:
    before, match, *after = text.split(SEPARATOR)
    return Excerpt(identity_name(high, low), before, match, SEPARATOR.join(after))
