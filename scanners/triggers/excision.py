"""Taking strings out of a batch again: how well do their neighbours, joined, fit each other?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lineage.fingerprint.batch import TokenBatch
from scanners.scanner import Plan
from scanners.triggers import kernels
from scanners.triggers.kernels import F64, I32, I64
from scanners.triggers.lexicon import Lexicon


@dataclass(frozen=True)
class Excision:
    """One batch from which strings can be taken out.

    ``fits`` float64[t]: how well the bigrams of a document up to each token fit, summed up. The
    plan tells how often tokens and bigrams occur, ``occ1`` and ``occ2``, and all ``tokens``.
    """

    batch: TokenBatch
    lexicon: Lexicon
    plan: Plan
    fits: F64

    @classmethod
    def of(cls, batch: TokenBatch, lexicon: Lexicon, plan: Plan) -> Excision:
        """Sum up how well the batch fits itself."""
        words, pairs, *_ = lexicon.read(batch).ids
        fits = np.empty(len(batch.raw))
        kernels.fits(pairs, words, batch.offsets, *_table(plan), fits)
        return cls(batch, lexicon, plan, fits)

    def add(self, ids: I32, spans: I32, fit: I64, held: I64, tokens: I64) -> None:
        """Add what is measured of strings ``ids`` int32[t] of ``spans`` int32[t] tokens
        (``excise``)."""
        words, pairs = self.lexicon.read(self.batch).ids[0], self.lexicon.index(2)
        where = (ids, self.batch.raw, words, self.batch.offsets, spans, pairs.slots, pairs.places)
        kernels.excise(*where, *_table(self.plan), self.fits, fit, held, tokens)


def _table(plan: Plan) -> tuple[I64, I64, float]:
    return plan.arrays["occ2"], plan.arrays["occ1"], float(plan.facts["tokens"])
