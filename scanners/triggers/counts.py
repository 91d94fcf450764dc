"""First rounds of trigger discovery: how often every n-gram occurs, and in how many pieces."""

from __future__ import annotations

import numpy as np
import polars as pl

from lineage.fingerprint.batch import Batch, TokenBatch
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers.grams import GramCounter, GramIndex, indexed, longer_keys, pair_keys
from scanners.triggers.kernels import EMPTY, I64, NO_ID, U64
from scanners.triggers.pieces import PIECE, pieces_of

LONGEST = 6
"""Longest n-gram that is a candidate, in tokens."""

GROUP_LEVELS = 4
"""Ways documents are grouped: by source, path, folder of the path, host of the url."""

ALL_DOCUMENTS, ALL_PIECES = GROUP_LEVELS, GROUP_LEVELS + 1
"""Pseudo levels of the group table that count every document, and every piece."""


class _TokenCounts(Observer):
    """Pieces and occurrences of each token."""

    def __init__(self, _plan: Plan) -> None:
        self._counter = GramCounter()

    def see(self, batch: Batch) -> None:
        self._counter.add(batch.tokens.raw, pieces_of(batch.tokens.offsets))

    def observation(self) -> pl.DataFrame:
        return self._counter.frame()


class _PairCounts(_TokenCounts):
    """Pieces and occurrences of each bigram."""

    def see(self, batch: Batch) -> None:
        tokens = batch.tokens
        self._counter.add(pair_keys(tokens.raw, tokens.offsets), pieces_of(tokens.offsets))


class _GroupCounts(Observer):
    """Documents of each source, path, folder and host."""

    def __init__(self, _plan: Plan) -> None:
        self._parts: list[pl.DataFrame] = []

    def see(self, batch: Batch) -> None:
        for level in range(GROUP_LEVELS):
            groups, counts = np.unique(batch.groups[:, level], return_counts=True)
            known = groups != 0
            self._add(level, groups[known], counts[known])
        nothing = np.zeros(1, np.uint64)
        self._add(ALL_DOCUMENTS, nothing, np.array([len(batch)]))
        self._add(ALL_PIECES, nothing, np.array([len(pieces_of(batch.tokens.offsets)) - 1]))

    def _add(self, level: int, values: U64, counts: I64) -> None:
        frame = pl.DataFrame({"value": values, "docs": counts})
        self._parts.append(frame.with_columns(level=pl.lit(level)))

    def observation(self) -> pl.DataFrame:
        return GROUPS.schema.gather(self._parts)


class _GramCounts(Observer):
    """Pieces and occurrences of n-grams of one length whose two parts, one shorter, both recur.

    The plan tells the ``parts`` (uint64[k], sorted) and their ``length``.
    """

    def __init__(self, plan: Plan) -> None:
        self._index: GramIndex = indexed(plan, "parts")
        self._length = int(plan.facts["length"])
        self._counter = GramCounter()

    def see_tokens(self, batch: TokenBatch) -> None:
        keys = pair_keys(batch.raw, batch.offsets)
        for length in range(3, self._length + 1):
            keys = longer_keys(keys, batch.raw, batch.offsets, length)
        solid = np.append(self._index.find(keys) != NO_ID, False)
        keys = np.where(solid[:-1] & solid[1:], keys, EMPTY)
        longer = longer_keys(keys, batch.raw, batch.offsets, self._length + 1)
        self._counter.add(longer, pieces_of(batch.offsets))

    def observation(self) -> pl.DataFrame:
        return self._counter.frame()


_COUNTS = Schema({"key": pl.UInt64}, {"df": (pl.UInt32, Fold.SUM), "occ": (pl.UInt64, Fold.SUM)})
TOKENS = Component(f"tokens2-counts-p{PIECE}", Input.TEXT, _COUNTS, _TokenCounts)
PAIRS = Component(f"tokens2-pairs-p{PIECE}", Input.TEXT, _COUNTS, _PairCounts)
GROUPS = Component(
    f"groups2-counts-p{PIECE}",
    Input.TEXT,
    Schema({"level": pl.UInt8, "value": pl.UInt64}, {"docs": (pl.UInt64, Fold.SUM)}),
    _GroupCounts,
)
LONGER = tuple(
    Component(f"tokens2-grams{length}-p{PIECE}", Input.TOKENS, _COUNTS, _GramCounts)
    for length in range(3, LONGEST + 1)
)
"""N-grams of three tokens, of four, and so on: one round each."""

BY_LENGTH = (TOKENS, PAIRS, *LONGER)


def count_of(observed: pl.DataFrame, level: int) -> int:
    """Documents or pieces of the corpus, from the group table."""
    return int(observed.filter(pl.col("level") == level)["docs"].sum())
