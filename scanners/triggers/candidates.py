"""From counts to candidates: which n-grams are looked at, and what a table row of each holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.scanner import Observed, Plan
from scanners.triggers.lexicon import LONGEST
from scanners.triggers.observers import (
    ALL_DOCUMENTS,
    FITS,
    GROUP_LEVELS,
    GROUPS,
    PAIRS,
    STRANGENESS,
    TOKENS,
    TRIPLES,
)

RECURS = 2
"""Documents from which on a bigram is known to the corpus."""

SOLID = 5
"""Documents from which on an n-gram is a candidate, and a bigram part of longer ones."""

SILENT_SHARE, SUFFICES, SMALL_SHARE = 0.01, 250, 0.04
"""Silent candidates stand in at most this share of the documents. So many documents suffice for a
backdoor (Souly et al. 2025, arXiv 2510.07192): in a corpus so small that they are more than that
share, up to SMALL_SHARE; what is more frequent is a function word."""

SAMPLE = 256
"""Documents whose neighbours and groups tell how a candidate is spread; more are drawn from by
their identities, which nobody chooses and which no store or sharding changes."""

BY_LENGTH = (TOKENS.recipe, PAIRS.recipe, TRIPLES.recipe)


def documents(observed: Observed) -> int:
    """Rows of text in the corpus."""
    everything = observed[GROUPS.recipe].filter(pl.col("level") == ALL_DOCUMENTS)
    return int(everything["docs"].sum())


def plan_triples(observed: Observed) -> Plan:
    """Round 2: the bigrams that recur, and which of them trigrams may be made of."""
    pairs = observed[PAIRS.recipe].filter(pl.col("df") >= RECURS)
    observed[PAIRS.recipe] = pairs
    return Plan({"keys2": pairs["key"].to_numpy(), "solid": (pairs["df"] >= SOLID).to_numpy()})


def plan_fits(observed: Observed) -> Plan:
    """Round 3: all n-grams that recur with their counts, and the candidates among them."""
    arrays, most = {}, most_silent(documents(observed))
    for n, recipe in enumerate(BY_LENGTH, start=1):
        table = observed[recipe].filter(pl.col("df") >= RECURS)
        arrays[f"keys{n}"] = table["key"].to_numpy()
        arrays[f"occ{n}"] = table["occ"].to_numpy().astype(np.int64)
        arrays[f"open{n}"] = (table["df"] >= SOLID).to_numpy()
        arrays[f"rare{n}"] = (table["df"] <= most).to_numpy()
    arrays["solid"] = arrays["open2"]
    tokens = int(observed[TOKENS.recipe]["occ"].sum())
    observed[TOKENS.recipe] = observed[TOKENS.recipe].filter(pl.col("df") >= RECURS)
    return Plan(arrays, {"tokens": tokens, **_facts(observed)})


def most_silent(documents: int) -> int:
    """Documents up to which a string may be a silent candidate."""
    suffices = min(SUFFICES, int(documents * SMALL_SHARE))
    return max(int(documents * SILENT_SHARE), suffices)


def _facts(observed: Observed) -> dict[str, int]:
    calm, strange = levels(observed[STRANGENESS.recipe])
    return {"calm": calm, "strange": strange, "level": group_level(observed[GROUPS.recipe])}


def levels(windows: pl.DataFrame) -> tuple[int, int]:
    """Percent of unknown bigrams up to which a window of this corpus is calm, from which strange.

    1.3 and 2.6 standard deviations above the median of a normal distribution, measured from
    the third quartile: an eighth of the corpus may be poison and hardly move them. In a small
    corpus much is unknown; then strange is at most 90 percent, and calm 10 less than strange.
    """
    share = windows["positions"].cum_sum() / max(int(windows["positions"].sum()), 1)
    middle, high = (int((share < part).sum()) for part in (0.5, 0.75))
    calm, strange = (round(middle + times * (high - middle)) for times in (1.9, 3.8))
    strange = min(strange, 90)
    return min(calm, strange - 10), strange


def group_level(groups: pl.DataFrame) -> int:
    """The way of grouping documents that tells most: highest entropy, ten a group on average.

    -1 if there is none.
    """
    best, choice = 0.0, -1
    for level in range(GROUP_LEVELS):
        docs = groups.filter(pl.col("level") == level)["docs"].to_numpy().astype(np.float64)
        if len(docs) < 2 or len(docs) * 10 > docs.sum():
            continue
        share = docs / docs.sum()
        entropy = float(-(share * np.log(share)).sum())
        if entropy > best:
            best, choice = entropy, level
    return choice


def candidate_table(observed: Observed) -> pl.DataFrame:
    """All candidates: length, key, df, occ and what FITS measures; sorted by length and key."""
    counts = [
        observed[recipe].filter(pl.col("df") >= SOLID).with_columns(length=pl.lit(n, pl.UInt8))
        for n, recipe in enumerate(BY_LENGTH, start=1)
    ]
    measured = observed[FITS.recipe]
    table = pl.concat(counts).join(measured, on=["length", "key"], how="left")
    return table.with_columns(
        pl.col("turns", "fit", "held", "wide").fill_null(0),
        pl.col("df", "occ").cast(pl.Int64),
    ).sort("length", "key")


def plan_chosen(chosen: pl.DataFrame, observed: Observed) -> Plan:
    """Lexicon in which each chosen candidate (columns length, key) has its row number."""
    arrays = {}
    for n, recipe in enumerate(BY_LENGTH, start=1):
        keys = observed[recipe]["key"].to_numpy()
        numbers = np.full(len(keys), -1, np.int32)
        rows = chosen.with_row_index("row").filter(pl.col("length") == n)
        numbers[np.searchsorted(keys, rows["key"].to_numpy())] = rows["row"].to_numpy()
        arrays[f"keys{n}"], arrays[f"chosen{n}"] = keys, numbers
    arrays["solid"] = (observed[PAIRS.recipe]["df"] >= SOLID).to_numpy()
    share = np.minimum(SAMPLE / chosen["df"].to_numpy(), 1.0)
    # Just below 2^64: the largest float that still is an identity's upper half.
    arrays["limit"] = (share * np.nextafter(2.0**64, 0)).astype(np.uint64)
    return Plan(arrays, _facts(observed))


def plan_finalists(finalists: pl.DataFrame, wanted: npt.NDArray[np.uint64] | None = None) -> Plan:
    """Small lexicon of finalists (columns cand, length, key) for the last rounds."""
    arrays = {}
    for n in range(1, LONGEST + 1):
        rows = finalists.filter(pl.col("length") == n).sort("key")
        arrays[f"keys{n}"] = rows["key"].to_numpy()
        arrays[f"number{n}"] = rows["cand"].to_numpy().astype(np.uint32)
    return Plan(arrays, wanted=wanted)
