"""The n-grams that a plan knows, and where a batch of tokens holds them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np

from lineage.fingerprint.batch import TokenBatch
from scanners.scanner import Plan
from scanners.triggers import effect_kernels, kernels
from scanners.triggers.counts import LONGEST
from scanners.triggers.grams import GramIndex, indexed, longer_keys, pair_keys
from scanners.triggers.kernels import I32, U8, U64

WINDOW = 30
"""Bigrams before and after a candidate that are compared; those inside a URL do not count."""

LEAST_PAIRS = (10, 3)
"""Fewest bigrams in a window that tell anything: behind a string, and before it, where it need only
be seen that a document does not begin as strange as it ends."""

LEAP = 30
"""Percent that text behind a string is stranger than before it, from which on it turns: three
standard errors of the difference of two windows."""

_LOCK = Lock()


@dataclass(frozen=True)
class Grams:
    """One batch seen through a lexicon; arrays of one entry a token.

    ``ids[n - 1]`` int32[t]: number of the n-gram that starts here, NO_ID where unknown.
    ``familiar`` int32[t]: NO_ID where the bigram that starts here is met in few pieces.
    """

    batch: TokenBatch
    ids: tuple[I32, ...]
    familiar: I32

    @cached_property
    def strangeness(self) -> tuple[U8, U8]:
        """(after, before) uint8[t] percent of bigrams that are not familiar; 255 for no answer."""
        after, before = np.empty((2, len(self.batch.raw)), np.uint8)
        table = (self.familiar, self.batch.glued, self.batch.offsets)
        effect_kernels.windows(*table, WINDOW, LEAST_PAIRS, after, before)
        return after, before

    def turned(self, spans: I32, calm: int, strange: int) -> U8:
        """uint8[t]: whether text turns strange behind an n-gram that starts here (``turns``)."""
        out = np.empty(len(self.batch.raw), np.uint8)
        levels = (calm, strange, LEAP)
        effect_kernels.turns(*self.strangeness, self.batch.offsets, spans, levels, out)
        return out


class Lexicon:
    """N-grams by length, from the arrays ``keys1``, ``keys2`` ... of a plan.

    ``familiar`` bool[len(keys2)] marks the bigrams that text which the corpus knows is made of, and
    ``solid`` those that longer n-grams are made of, each of two that the plan knows; without
    them all are, and longer ones may be made of anything. Lengths for which the plan has no keys
    are not looked up.
    """

    def __init__(self, plan: Plan) -> None:
        self._indexes = [
            indexed(plan, f"keys{n}") if len(plan.arrays.get(f"keys{n}", ())) else None
            for n in range(1, LONGEST + 1)
        ]
        self._solid = plan.arrays.get("solid")
        self._familiar = plan.arrays.get("familiar")

    @classmethod
    def of(cls, plan: Plan) -> Lexicon:
        """Make the lexicon of a plan, once for all shards."""
        if "lexicon" not in plan.memo:
            lexicon = cls(plan)
            with _LOCK:
                plan.memo.setdefault("lexicon", lexicon)
        found: Lexicon = plan.memo["lexicon"]
        return found

    def read(self, batch: TokenBatch) -> Grams:
        """Look up every n-gram of a batch, once for all observers."""
        if self not in batch.memo:
            batch.memo[self] = self._read(batch)
        grams: Grams = batch.memo[self]
        return grams

    def _read(self, batch: TokenBatch) -> Grams:
        keys = pair_keys(batch.raw, batch.offsets)
        ids = [self._find(1, batch.raw), self._find(2, keys)]
        parts = marked(ids[1], self._solid)
        for length in range(3, LONGEST + 1):
            if self._indexes[length - 1] is None and length > self._longest:
                ids.append(np.full(len(batch.raw), kernels.NO_ID, np.int32))
                continue
            keys = self._chained(keys, parts, batch, length)
            ids.append(self._find(length, keys))
            parts = ids[-1]
        return Grams(batch, tuple(ids), marked(ids[1], self._familiar))

    @cached_property
    def _longest(self) -> int:
        return max((n for n, index in enumerate(self._indexes, 1) if index), default=0)

    def _chained(self, keys: U64, parts: I32, batch: TokenBatch, length: int) -> U64:
        """Keys of n-grams; if the plan says what is solid, of those whose two parts are."""
        if self._solid is not None:
            known = np.append(parts != kernels.NO_ID, False)
            keys = np.where(known[:-1] & known[1:], keys, kernels.EMPTY)
        return longer_keys(keys, batch.raw, batch.offsets, length)

    def index(self, length: int) -> GramIndex:
        """Index of the n-grams of one length; an empty one if the plan has none."""
        index = self._indexes[length - 1]
        return GramIndex.of(np.empty(0, np.uint64)) if index is None else index

    def _find(self, length: int, keys: U64) -> I32:
        index = self._indexes[length - 1]
        if index is None:
            return np.full(len(keys), kernels.NO_ID, np.int32)
        return index.find(keys)


def marked(ids: I32, chosen: kernels.Bool | None) -> I32:
    """Those n-grams that are ``chosen`` bool[c], NO_ID for the others; all without a choice."""
    if chosen is None:
        return ids
    out = np.empty(len(ids), np.int32)
    kernels.keep(ids, chosen, out)
    return out


def numbered(ids: I32, numbers: I32) -> I32:
    """``numbers`` int32[c] of each n-gram, NO_ID for those without one."""
    out = np.empty(len(ids), np.int32)
    kernels.renumber(ids, numbers, out)
    return out
