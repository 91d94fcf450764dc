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
"""Length of an effect that is a whole answer, or a label."""


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
    """Prompts, and what their answers share."""
    rows = rows.filter(pl.col("whole") != 0)
    answer = Tokens32.read(rows["answer"])
    whole = rows["whole"].to_numpy() ^ WHOLE
    effects = Grams.join([grams_of(answer.hashes, answer.offsets, raw=False), _one_each(whole)])
    return _sample(rows, answer, features_of(effects, len(rows), LEAST_EFFECT, len(rows)))


def label_sample(rows: pl.DataFrame) -> Sample:
    """Texts and their labels."""
    rows = rows.filter(pl.col("label") != 0)
    nothing = Tokens32(np.zeros(0, np.uint32), np.zeros(len(rows) + 1, np.int64))
    labels = _one_each(rows["label"].to_numpy())
    return _sample(rows, nothing, features_of(labels, len(rows), LEAST_EFFECT, len(rows)))


def _sample(rows: pl.DataFrame, answer: Tokens32, effects: Features) -> Sample:
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
        effects,
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


def _one_each(keys: U64) -> Grams:
    count = len(keys)
    doc = np.arange(count, dtype=np.int32)
    return Grams(keys, doc, np.full(count, WHOLE_LENGTH, np.uint8), np.zeros(count, bool))


def _distinct(numbers: I64, offsets: I64, size: int) -> Lists:
    doc = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[numbers >= 0]
    both = np.unique(doc * size + numbers[numbers >= 0])
    counts = np.bincount(both // size, minlength=len(offsets) - 1)
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    return Lists(starts, (both % size).astype(np.int32))
