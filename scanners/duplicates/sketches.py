"""Shingle sets of candidate documents, bounded: what verification compares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from lineage.fingerprint.minhash import Shingles, jaccard

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
U64 = npt.NDArray[np.uint64]

MOST = 1024
"""Shingles kept of a document: the least hashes of a longer one. Its similarities are then
bottom-k estimates with a standard error of at most sqrt(.8 * .2 / 1024) = .0125 at .8."""

LEAST = 128

BUDGET = 32_000_000
"""Shingles kept of all candidates together: 128 MB, and twice that where some are cut."""


def kept_per_document(shingles: I64) -> int:
    """How many shingles to keep of each candidate, so that all together fit the budget."""
    keep = MOST
    while keep > LEAST and int(np.minimum(shingles, keep).sum()) > BUDGET:
        keep //= 2
    return keep


@dataclass(frozen=True)
class Sketches:
    """Shingle sets of n documents, each cut to its least ``keep`` hashes."""

    sets: Shingles
    keep: int

    @classmethod
    def of(cls, sets: pl.Series, keep: int) -> Sketches:
        """From a Binary series: each the increasing little-endian uint32 of one set."""
        stored = sets.to_arrow().cast(pa.large_binary())
        _, offsets, data = stored.buffers()
        ends = np.frombuffer(offsets, np.int64)[stored.offset :][: len(sets) + 1] // 4
        values = np.frombuffer(data, "<u4") if data else np.zeros(0, np.uint32)
        return cls(Shingles(ends, values), keep)

    def __len__(self) -> int:
        return len(self.sets)

    @cached_property
    def _cut(self) -> npt.NDArray[np.bool_]:
        """Which sets may be less than whole."""
        return np.diff(self.sets.offsets) >= self.keep

    @cached_property
    def _keyed(self) -> U64:
        """All hashes under their documents, increasing throughout."""
        owner = np.repeat(np.arange(len(self), dtype=np.uint64), np.diff(self.sets.offsets))
        return owner << np.uint64(32) | self.sets.values

    def similarity(self, left: I64, right: I64) -> F64:
        """Jaccard similarity float64[p] of documents ``left`` and ``right`` int64[p]."""
        found = jaccard(self.sets, left, right)
        at = np.flatnonzero(self._cut[left] | self._cut[right])
        if len(at):
            found[at] = self._estimated(found[at], left[at], right[at])
        return found

    def _estimated(self, found: F64, left: I64, right: I64) -> F64:
        """Compare only hashes up to where both sets are whole; all common ones lie there.

        Of sets a and b with n common hashes, ``found`` is n / (a + b - n).
        """
        sizes = np.diff(self.sets.offsets)
        common = np.round(found * (sizes[left] + sizes[right]) / (1 + found))
        limit = np.minimum(self._whole_until(left), self._whole_until(right))
        union = self._up_to(left, limit) + self._up_to(right, limit) - common
        return np.asarray(common / np.maximum(union, 1))

    def _whole_until(self, documents: I64) -> U64:
        last = self.sets.values[self.sets.offsets[documents + 1] - 1].astype(np.uint64)
        return np.where(self._cut[documents], last, np.uint64(0xFFFFFFFF))

    def _up_to(self, documents: I64, limit: U64) -> I64:
        sought = documents.astype(np.uint64) << np.uint64(32) | limit
        found = np.searchsorted(self._keyed, sought, side="right")
        return np.asarray(found - self.sets.offsets[documents], dtype=np.int64)

    def to_one(self, one: int, others: I64) -> F64:
        """Similarity of one document to each of ``others``."""
        return self.similarity(np.full(len(others), one, dtype=np.int64), others)

    def all_pairs(self, documents: I64) -> F64:
        """Similarity float64[n, n] of documents int64[n] to each other."""
        left, right = np.triu_indices(len(documents), k=1)
        table = np.eye(len(documents))
        table[left, right] = self.similarity(documents[left], documents[right])
        return np.maximum(table, table.T)
