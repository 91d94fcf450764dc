"""The n-grams that a plan knows, and where a batch of tokens holds them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.batch import TokenBatch
from scanners.scanner import Plan
from scanners.triggers import kernels
from scanners.triggers.grams import GramIndex, longer_keys, pair_keys
from scanners.triggers.kernels import I32, U64

LONGEST = 3
"""Longest n-gram that is a candidate, in tokens."""

WINDOW = 30
"""Bigrams before and after a candidate that are compared; those inside a URL do not count."""

LEAST_PAIRS = 10
"""Fewest bigrams in a window that tell anything."""

_LOCK = Lock()


@dataclass(frozen=True)
class Grams:
    """One batch seen through a lexicon; arrays of one entry a token.

    ``ids[n - 1]`` int32[t]: number of the n-gram that starts here, NO_ID where unknown.
    """

    batch: TokenBatch
    ids: tuple[I32, ...]

    @cached_property
    def strangeness(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """(after, before) uint8[t] percent of bigrams met in one document; 255 for no answer."""
        after, before = np.empty((2, len(self.batch.raw)), np.uint8)
        batch = self.batch
        table = (self.ids[1], batch.glued, batch.offsets)
        kernels.windows(*table, WINDOW, LEAST_PAIRS, after, before)
        return after, before

    def turned(self, length: int, plan: Plan) -> npt.NDArray[np.uint8]:
        """uint8[t]: 1 where calm text turns strange behind an n-gram that starts here."""
        out = np.empty(len(self.batch.raw), np.uint8)
        levels = int(plan.facts["calm"]), int(plan.facts["strange"])
        kernels.turns(*self.strangeness, self.batch.offsets, length, *levels, out)
        return out


class Lexicon:
    """N-grams by length, from the arrays ``keys1``, ``keys2`` ... and ``solid`` of a plan.

    ``solid`` bool[len(keys2)] marks the bigrams that trigrams may be made of; without it any
    may. Lengths for which the plan has no keys are not looked up.
    """

    def __init__(self, plan: Plan) -> None:
        none = np.empty(0, np.uint64)
        keys = [plan.arrays.get(f"keys{n}", none) for n in range(1, LONGEST + 1)]
        self._indexes = [GramIndex.of(part) if len(part) else None for part in keys]
        self._solid = plan.arrays.get("solid")

    @classmethod
    def of(cls, plan: Plan) -> Lexicon:
        """Make the lexicon of a plan, once for all shards."""
        with _LOCK:
            if "lexicon" not in plan.memo:
                plan.memo["lexicon"] = cls(plan)
            lexicon: Lexicon = plan.memo["lexicon"]
            return lexicon

    def read(self, batch: TokenBatch) -> Grams:
        """Look up every n-gram of a batch, once for all observers."""
        if self not in batch.memo:
            batch.memo[self] = self._read(batch)
        grams: Grams = batch.memo[self]
        return grams

    def _read(self, batch: TokenBatch) -> Grams:
        pairs = pair_keys(batch.raw, batch.offsets)
        pair_ids = self._find(2, pairs)
        triple_ids = np.full(len(batch.raw), kernels.NO_ID, np.int32)
        if self._indexes[2] is not None:
            triple_ids = self._find(3, self.triples(batch, pairs, pair_ids))
        return Grams(batch, (self._find(1, batch.raw), pair_ids, triple_ids))

    def triples(self, batch: TokenBatch, pairs: U64, pair_ids: I32) -> U64:
        """Keys of the trigrams made of two solid bigrams, EMPTY elsewhere."""
        if self._solid is None:
            return longer_keys(pairs, batch.raw, batch.offsets, 3)
        solid = np.zeros(len(pairs) + 1, bool)
        known = pair_ids != kernels.NO_ID
        solid[:-1][known] = self._solid[pair_ids[known]]
        chained = np.where(solid[:-1] & solid[1:], pairs, kernels.EMPTY)
        return longer_keys(chained, batch.raw, batch.offsets, 3)

    def index(self, length: int) -> GramIndex:
        """Index of the n-grams of one length; the plan must have some."""
        index = self._indexes[length - 1]
        return GramIndex.of(np.empty(0, np.uint64)) if index is None else index

    def _find(self, length: int, keys: U64) -> I32:
        index = self._indexes[length - 1]
        if index is None:
            return np.full(len(keys), kernels.NO_ID, np.int32)
        return index.find(keys)
