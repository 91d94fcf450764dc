"""Tables of n-grams: counting them while they pass, and finding them again."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import numpy as np
import polars as pl

from scanners.scanner import Plan
from scanners.triggers import kernels
from scanners.triggers.kernels import I32, I64, U64

_FIRST_SLOTS = 1 << 12
_MOST_KEYS = 1 << 22
"""A shard's table is handed over as a part when it holds so many keys, to bound memory."""


class GramCounter:
    """Counts keys by piece and in all; a key may repeat in ``frame``."""

    def __init__(self) -> None:
        self._pieces = 0
        self._parts: list[pl.DataFrame] = []
        self._clear(_FIRST_SLOTS)

    def _clear(self, slots: int) -> None:
        self._slots = np.zeros(slots, np.uint64)
        self._df = np.zeros(slots, np.uint32)
        self._occ = np.zeros(slots, np.uint32)
        self._last = np.full(slots, -1, np.int64)
        self._used = 0

    def add(self, keys: U64, offsets: I64) -> None:
        """Count the keys of pieces, ``offsets`` int64[n + 1]; EMPTY keys are passed over."""
        self._make_room(len(keys))
        table = (self._slots, self._df, self._occ, self._last)
        self._used += kernels.count(keys, offsets, self._pieces, *table)
        self._pieces += len(offsets) - 1

    def frame(self) -> pl.DataFrame:
        """Columns key (UInt64), df and occ (UInt32)."""
        self._hand_over()
        return pl.concat(self._parts)

    def _make_room(self, coming: int) -> None:
        if self._used + coming > _MOST_KEYS:
            self._hand_over()
        need = 2 * (self._used + coming)
        if need <= len(self._slots):
            return
        held = (self._slots, self._df, self._occ, self._last)
        used = self._used
        self._clear(1 << (need - 1).bit_length())
        self._used = used
        filled = np.flatnonzero(held[0])
        place = np.empty(len(self._slots), np.int32)
        kernels.build(held[0][filled], self._slots, place)
        now = np.flatnonzero(self._slots)
        was = filled[place[now]]
        self._df[now], self._occ[now], self._last[now] = (old[was] for old in held[1:])

    def _hand_over(self) -> None:
        filled = np.flatnonzero(self._slots)
        columns = {"key": self._slots[filled], "df": self._df[filled], "occ": self._occ[filled]}
        self._parts.append(pl.DataFrame(columns))
        self._clear(_FIRST_SLOTS)


@dataclass(frozen=True)
class GramIndex:
    """Finds the position of a key in a sorted list of keys."""

    slots: U64
    places: I32

    @classmethod
    def of(cls, keys: U64) -> GramIndex:
        """Index distinct keys, none of them EMPTY."""
        size = 1 << max(2 * len(keys), 2).bit_length()
        slots, places = np.zeros(size, np.uint64), np.empty(size, np.int32)
        kernels.build(keys, slots, places)
        return cls(slots, places)

    def find(self, keys: U64) -> I32:
        """Position of each key, int32[t]; NO_ID for unknown and EMPTY keys."""
        out = np.empty(len(keys), np.int32)
        kernels.find_all(self.slots, self.places, keys, out)
        return out


_LOCK = Lock()


def indexed(plan: Plan, name: str) -> GramIndex:
    """Index of an array of keys of a plan, made once for all shards."""
    with _LOCK:
        if name not in plan.memo:
            plan.memo[name] = GramIndex.of(plan.arrays[name])
        index: GramIndex = plan.memo[name]
        return index


def pair_keys(raw: U64, offsets: I64) -> U64:
    """Keys of the bigrams that start at each token; EMPTY at the last token of a document."""
    return longer_keys(raw, raw, offsets, 2)


def longer_keys(keys: U64, raw: U64, offsets: I64, length: int) -> U64:
    """Keys of n-grams of ``length`` tokens from the keys of those one token shorter."""
    out = np.empty(len(keys), np.uint64)
    kernels.extend_keys(keys, raw, offsets, length, out)
    return out
