"""Which documents hold which feature, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

_CELL_BITS = 24


@dataclass(frozen=True)
class Lists:
    """Rows of integers end to end: row r is ``items[starts[r]:starts[r + 1]]``, sorted."""

    starts: I64
    items: I32

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> I32:
        return self.items[self.starts[row] : self.starts[row + 1]]

    @cached_property
    def sizes(self) -> I64:
        """int64[rows]: items of each row."""
        return np.diff(self.starts)

    def of(self, rows: npt.NDArray[np.integer]) -> I32:
        """Items of some rows, end to end."""
        sizes = self.sizes[rows]
        ends = np.cumsum(sizes)
        total = int(ends[-1]) if len(ends) else 0
        within = np.arange(total) - np.repeat(ends - sizes, sizes)
        found: I32 = self.items[np.repeat(self.starts[rows], sizes) + within]
        return found

    def turned(self, columns: int) -> Lists:
        """The lists of rows that hold each item, for ``columns`` items."""
        rows = np.repeat(np.arange(len(self), dtype=np.int32), self.sizes)
        order = np.argsort(self.items, kind="stable")
        counts = np.bincount(self.items, minlength=columns)
        return Lists(np.concatenate(([0], np.cumsum(counts))), rows[order])


@dataclass(frozen=True)
class Features:
    """Features, those that stand in exactly the same documents counted as one.

    docs     documents of each feature
    held     features of each document
    key      uint64[f]: key of the feature's longest n-gram (of the least key among equals)
    length   uint8[f]: its tokens
    raw      bool[f]: whether it tells spellings apart
    same     rows of ``grams`` that stand in exactly these documents
    grams    one entry for each different n-gram
    """

    docs: Lists
    held: Lists
    key: U64
    length: npt.NDArray[np.uint8]
    raw: npt.NDArray[np.bool_]
    same: Lists
    grams: Grams

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True)
class Grams:
    """Occurrences of n-grams: key uint64[t], document int32[t], length uint8[t], raw bool[t]."""

    key: U64
    doc: I32
    length: npt.NDArray[np.uint8]
    raw: npt.NDArray[np.bool_]

    def recurring(self, least: int) -> Grams:
        """Without most of those that occur less often: cheaper than to sort them."""
        cell = self.key >> np.uint64(64 - _CELL_BITS)
        count = np.bincount(cell.astype(np.int64), minlength=1 << _CELL_BITS)
        kept = count[cell] >= least
        return Grams(self.key[kept], self.doc[kept], self.length[kept], self.raw[kept])

    @classmethod
    def join(cls, parts: list[Grams]) -> Grams:
        """All occurrences of several tables."""
        names = ("key", "doc", "length", "raw")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def features_of(grams: Grams, documents: int, least: int, most: int) -> Features:
    """Features of at least ``least`` and at most ``most`` documents.

    Sets of documents are told apart by a sum of 64 random bits of each document.
    """
    grams = grams.recurring(least)
    # Documents come in order within each length and lane, and keys of these differ.
    order = np.argsort(grams.key, kind="stable")
    key, doc = grams.key[order], grams.doc[order]
    new = np.ones(len(key), bool)
    new[1:] = (key[1:] != key[:-1]) | (doc[1:] != doc[:-1])
    key, doc, order = key[new], doc[new], order[new]
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else order
    df = np.diff(np.concatenate((first, [len(key)])))
    draw = np.random.default_rng(0).integers(0, 1 << 63, documents, np.uint64)
    mark = np.add.reduceat(draw[doc], first) if len(first) else draw[:0]
    kept = (df >= least) & (df <= most)
    first, df, mark = first[kept], df[kept], mark[kept]
    at = order[first]
    distinct = Grams(key[first], doc[first], grams.length[at], grams.raw[at])
    # The longest n-gram of a set of documents first, a folded one before raw ones.
    ranked = np.lexsort((distinct.key, distinct.raw, 255 - distinct.length, mark))
    ahead = np.ones(len(ranked), bool)
    ahead[1:] = mark[ranked[1:]] != mark[ranked[:-1]]
    chosen = ranked[ahead]
    same = Lists(np.append(np.flatnonzero(ahead), len(ranked)), ranked.astype(np.int32))
    starts = np.concatenate(([0], np.cumsum(df[chosen])))
    docs = Lists(starts, _cut(doc, first[chosen], df[chosen]))
    return Features(
        docs,
        docs.turned(documents),
        distinct.key[chosen],
        distinct.length[chosen],
        distinct.raw[chosen],
        same,
        distinct,
    )


def _cut(items: I32, first: I64, sizes: I64) -> I32:
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    return items[np.repeat(first - ends + sizes, sizes) + np.arange(total)]


def members(of: I32, among: npt.NDArray[np.bool_]) -> I32:
    """Those of some documents that are marked ``among`` bool[n]."""
    return of[among[of]]
