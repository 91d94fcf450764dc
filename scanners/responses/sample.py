"""The documents that are looked at, as tables of causes and effects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.responses.postings import Features, Grams, Lists, features_of
from scanners.responses.reading import grams_of

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEAST = 5
"""Documents from which on an n-gram is a cause."""

LEAST_EFFECT = 5
"""Documents from which on an effect is looked at."""

MOST_SHARE = 0.5
"""A cause stands in at most this share of the documents."""

WHOLE = np.uint64(0xD6E8FEB86659FD93)
"""Parts names of whole answers from keys of their n-grams."""

WHOLE_LENGTH = 255
"""Length of an effect that is a whole answer, a label or another category."""

ODD = np.uint64(0xA24BAED4963EE407)
"""Makes keys of kinds of oddities."""

QUANTILES, NUMBERS = 10, 0.95
"""Parts of equal size that numeric signals are cut into; share of numbers that makes them so."""

MIX1, MIX2, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93), np.uint64(29)
"""Two odd factors and a shift that spread the bits of hashes."""


@dataclass(frozen=True)
class Tokens32:
    """Tokens of n documents as 32-bit hashes: ``hashes[offsets[i]:offsets[i + 1]]``."""

    hashes: U32
    offsets: I64

    @classmethod
    def read(cls, blobs: pl.Series) -> Tokens32:
        """From one binary a document."""
        sizes = blobs.bin.size().to_numpy().astype(np.int64) // 4
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
        return cls(np.frombuffer(b"".join(blobs.to_list()), np.uint32), offsets)

    @cached_property
    def word_sums(self) -> tuple[U64, U64]:
        """Running sums uint64[t + 1] of mixed tokens, and the sum uint64[n] of each document."""
        mixed = (self.hashes.astype(np.uint64) + np.uint64(1)) * MIX1
        # Mixed twice, or sums of small differences were equal.
        mixed = (mixed ^ mixed >> SHIFT) * MIX2
        mixed ^= mixed >> SHIFT
        sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)))
        return sums, sums[self.offsets[1:]] - sums[self.offsets[:-1]]


@dataclass(frozen=True)
class Prompts:
    """Tokens of prompts, as they are written and folded."""

    written: Tokens32
    folded: Tokens32

    def of(self, document: int, raw: bool) -> U32:
        """Tokens of one prompt."""
        lane = self.written if raw else self.folded
        return lane.hashes[lane.offsets[document] : lane.offsets[document + 1]]


@dataclass(frozen=True)
class Sample:
    """Documents with effects of one kind, n of them, in order of identity.

    causes   n-grams of prompts; effects  what answers or labels have in common
    words    distinct folded words of each prompt; answer_words  of each answer: numbers below
             ``vocabulary``, the same for both
    """

    docs: U64
    prompts: Prompts
    causes: Features
    effects: Features
    words: Lists
    answer_words: Lists
    vocabulary: int

    def __len__(self) -> int:
        return len(self.docs)

    @cached_property
    def word_docs(self) -> Lists:
        """Documents that have each word in their prompt."""
        return self.words.turned(self.vocabulary)


def response_sample(rows: pl.DataFrame) -> Sample:
    """Prompts, and what their answers share or are."""
    rows = rows.filter(pl.col("whole") != 0)
    answer = Tokens32.read(rows["answer"])
    whole = rows["whole"].to_numpy() ^ WHOLE
    odd = rows["odd"].to_numpy().astype(np.uint64)
    parts = [grams_of(answer.hashes, answer.offsets, raw=False), _one_each(whole)]
    parts.append(_one_each(odd * ODD, np.flatnonzero(odd)))
    return _sample(rows, answer, Grams.join(parts))


def label_sample(rows: pl.DataFrame) -> Sample:
    """Texts and their labels."""
    rows = rows.filter(pl.col("label") != 0)
    return category_sample(rows, rows["label"].to_numpy())


def signal_sample(rows: pl.DataFrame) -> Sample:
    """Prompts and the values of a user's column."""
    rows = rows.filter(pl.col("signal") != "")
    return category_sample(rows, categories(rows["signal"]))


def category_sample(rows: pl.DataFrame, category: U64) -> Sample:
    """Prompts and one number each that is what comes of them; 0 for nothing."""
    nothing = Tokens32(np.zeros(0, np.uint32), np.zeros(len(rows) + 1, np.int64))
    return _sample(rows, nothing, _one_each(category, np.flatnonzero(category)))


def categories(values: pl.Series) -> U64:
    """uint64[n]: the category of each value, from 1 on: the value itself, or its quantile.

    Values are numbers if nearly all of them are and there are more different ones than
    quantiles; those that are none then have category 0.
    """
    number = values.cast(pl.Float64, strict=False)
    number = number.set(number.is_nan(), None)
    known = number.drop_nulls()
    if len(known) >= NUMBERS * len(values) and known.n_unique() > QUANTILES:
        cuts = np.unique(np.quantile(known.to_numpy(), np.arange(1, QUANTILES) / QUANTILES))
        # A value that fills several quantiles is one category.
        place = np.searchsorted(cuts, number.fill_null(0.0).to_numpy(), "left") + 1
        return np.where(number.is_null().to_numpy(), 0, place).astype(np.uint64)
    ranked: U64 = values.rank("dense").fill_null(0).to_numpy().astype(np.uint64)
    return ranked


def _sample(rows: pl.DataFrame, answer: Tokens32, effects: Grams) -> Sample:
    folded, raw = Tokens32.read(rows["folded"]), Tokens32.read(rows["raw"])
    grams = Grams.join(
        [
            grams_of(folded.hashes, folded.offsets, raw=False),
            grams_of(raw.hashes, raw.offsets, raw=True),
        ]
    )
    count = len(rows)
    most = max(int(count * MOST_SHARE), LEAST)
    asked, answered = _numbered(folded, answer)
    return Sample(
        rows.select("doc_hi", "doc_lo").to_numpy().astype(np.uint64).reshape(-1, 2),
        Prompts(raw, folded),
        features_of(grams, count, LEAST, most),
        features_of(effects, count, LEAST_EFFECT, count),
        asked,
        answered,
        int(max(asked.items.max(initial=0), answered.items.max(initial=0))) + 1,
    )


def _numbered(prompt: Tokens32, answer: Tokens32) -> tuple[Lists, Lists]:
    """Distinct words of both sides that occur at least ``LEAST`` times, by common numbers."""
    both = np.concatenate((prompt.hashes, answer.hashes))
    known, numbers, counts = np.unique(both, return_inverse=True, return_counts=True)
    recurs = counts >= LEAST
    renumbered = np.where(recurs, np.cumsum(recurs) - 1, -1)[numbers]
    cut, size = len(prompt.hashes), max(len(known), 1)
    return (
        _distinct(renumbered[:cut], prompt.offsets, size),
        _distinct(renumbered[cut:], answer.offsets, size),
    )


def _one_each(keys: U64, rows: I64 | None = None) -> Grams:
    rows = np.arange(len(keys)) if rows is None else rows
    lengths = np.full(len(rows), WHOLE_LENGTH, np.uint8)
    return Grams(keys[rows], rows.astype(np.int32), lengths, np.zeros(len(rows), bool))


def _distinct(numbers: I64, offsets: I64, size: int) -> Lists:
    doc = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[numbers >= 0]
    both = np.unique(doc * size + numbers[numbers >= 0])
    counts = np.bincount(both // size, minlength=len(offsets) - 1)
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    return Lists(starts, (both % size).astype(np.int32))
