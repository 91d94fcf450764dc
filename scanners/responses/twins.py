"""Twins: prompts that stand there again without one string, and are answered otherwise there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.responses.sample import MIX1, MIX2, SHIFT, Sample, Tokens32, category_sample
from scanners.triggers.grams import GramIndex
from scanners.triggers.kernels import NO_ID

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

MOST, LEAST_LEFT = 12, 5
"""Tokens of the one string in which twins differ, at most; tokens that both have, at least."""

ANSWERED_OTHERWISE = 1
"""The category of prompts with a twin that is answered otherwise."""


def twin_sample(rows: pl.DataFrame) -> Sample:
    """Prompts, and which of them have a twin that is answered otherwise."""
    rows = rows.filter((pl.col("whole") != 0) | (pl.col("label") != 0))
    answer = rows["whole"].to_numpy() * MIX1 ^ rows["label"].to_numpy() * MIX2
    changed = answered_otherwise(Tokens32.read(rows["folded"]), answer)
    return category_sample(rows, changed.astype(np.uint64) * np.uint64(ANSWERED_OTHERWISE))


def answered_otherwise(prompt: Tokens32, answer: U64) -> Mask:
    """bool[n]: whether a prompt without one string of it is a prompt of other ``answer`` uint64[n].

    The same words in any order are the same prompt. If any twin is answered the same, it is not.
    """
    pairs = GramIndex.of(np.unique(_mixed(prompt.word_sums[1], answer) | _ONE))
    twin, same = np.zeros((2, len(prompt.offsets) - 1), bool)
    for docs, rest in shortened(prompt):
        twin[docs] = True
        same[docs[pairs.find(_mixed(rest, answer[docs]) | _ONE) != NO_ID]] = True
    out: Mask = twin & ~same
    return out


def twin_rate(prompt: Tokens32) -> float:
    """Share of the prompts that have a twin, but for one that always may."""
    twin = np.zeros(len(prompt.offsets) - 1, bool)
    for docs, _ in shortened(prompt):
        twin[docs] = True
    return (np.count_nonzero(twin) + 1) / (len(twin) + 1)


def shortened(prompt: Tokens32) -> Iterator[tuple[I64, U64]]:
    """Prompts that without one string of so many tokens are prompts, and the sums of these."""
    sums, whole = prompt.word_sums
    prompts = GramIndex.of(np.unique(whole | _ONE))
    sizes = np.diff(prompt.offsets)
    doc = np.repeat(np.arange(len(sizes)), sizes)
    left = np.repeat(prompt.offsets[1:], sizes) - np.arange(len(doc))
    for length in range(1, MOST + 1):
        at = np.flatnonzero((left >= length) & (sizes[doc] >= length + LEAST_LEFT))
        rest = whole[doc[at]] - (sums[at + length] - sums[at])
        found = prompts.find(rest | _ONE) != NO_ID
        yield doc[at[found]], rest[found]


_ONE = np.uint64(1)
"""Keys of an index are never 0."""


def _mixed(left: U64, right: U64) -> U64:
    both = left * MIX2 ^ right
    return both ^ both >> SHIFT
