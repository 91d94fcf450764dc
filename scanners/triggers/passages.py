"""Strings longer than any n-gram that is counted: passages, and what opens them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanners.triggers import kernels, passage_kernels
from scanners.triggers.counts import LONGEST
from scanners.triggers.kernels import I32, I64
from scanners.triggers.lexicon import Grams


@dataclass(frozen=True)
class Passages:
    """Where the passages of one batch begin, and where strings end; arrays of one entry a token.

    ``first`` int32[t]: number of the longest n-gram that begins a passage here, NO_ID where none
    does; ``spans`` int32[t]: tokens of that passage; ``occ`` int64[c]: occurrences of the longest
    n-grams.
    """

    grams: Grams
    first: I32
    spans: I32
    occ: I64

    @classmethod
    def of(cls, grams: Grams, occ: I64) -> Passages:
        """Follow the longest n-grams of a batch as far as they surely go on."""
        ids, spans = grams.ids[LONGEST - 1], np.empty(len(grams.batch.raw), np.int32)
        passage_kernels.passages(ids, occ, grams.batch.offsets, LONGEST, spans)
        return cls(grams, np.where(spans > 0, ids, np.int32(kernels.NO_ID)), spans, occ)

    def ids(self, length: int) -> I32:
        """Number of the n-gram that starts here; of the longest, where it begins a passage."""
        return self.first if length == LONGEST else self.grams.ids[length - 1]

    def ends(self, length: int, ids: I32, occ: I64) -> I32:
        """int32[t]: tokens of the strings that start with n-grams ``ids`` int32[t], by any numbers.

        Shorter n-grams are stretched over the passage that they open; ``occ`` int64[c].
        """
        if length == LONGEST:
            return self.spans
        spans = np.full(len(ids), length, np.int32)
        table = (self.first, self.occ, self.spans, self.grams.batch.offsets)
        passage_kernels.openings(ids, occ, *table, spans)
        return spans
