"""Where strings are at home, and how they fit in away from there.

A natural string lives in a few sources. Where it was put in elsewhere as well, what it does at home
hides what it does there; so strings are looked at once more without the sources that have far more
of them than others.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from lineage.fingerprint.batch import TokenBatch
from scanners.fold import fold
from scanners.scanner import Array, Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers import home_kernels
from scanners.triggers.counts import LONGEST
from scanners.triggers.excision import Excision
from scanners.triggers.kernels import I32, NO_ID
from scanners.triggers.lexicon import Lexicon, numbered
from scanners.triggers.passages import Passages
from scanners.triggers.pieces import PIECE, pieces_of
from scanners.triggers.sources import source_numbers

LEAST_OFTEN = 50
"""Pieces from which on it is asked where a string is at home."""

SAMPLE = 64
"""Documents of a string that tell its homes, drawn by their identities."""

LEAST_HOME, HOME_LIFT = 3, 4.0
"""A source is a home of a string if it has so many of those documents, and so many times as many as
if they were drawn from all sources alike."""

_MEASURES = ("df", "occ", "fit", "held", "tokens")


def homes_of(met: pl.DataFrame, groups: pl.DataFrame, level: int) -> pl.DataFrame:
    """Homes of strings: columns ``string`` and ``source``, sorted, from rows that HOMES tells.

    Sources are numbered in the order of the group table, at a level of it.
    """
    docs = groups.filter(pl.col("level") == level)["docs"].cast(pl.Float64)
    table = met.select(
        string=pl.col("row") // (1 << 32), source=pl.col("row") % (1 << 32), times="times"
    )
    alike = pl.col("times").sum().over("string") * (docs / docs.sum()).gather(table["source"])
    home = (pl.col("times") >= LEAST_HOME) & (pl.col("times") >= HOME_LIFT * alike)
    columns = (pl.col("string").cast(pl.UInt32), pl.col("source").cast(pl.Int32))
    return table.filter(home).select(columns).sort("string", "source")


def home_arrays(homes: pl.DataFrame, strings: int, name: str) -> dict[str, Array]:
    """Arrays of a plan that tell the homes (columns string and source, sorted) of the strings that
    it numbers by ``name``: ``homes`` int32[h], those of string c from ``starts[c]`` on."""
    starts = np.searchsorted(homes["string"].to_numpy(), np.arange(strings + 1))
    return {f"{name} homes": homes["source"].to_numpy(), f"{name} starts": starts}


def away(ids: I32, source: I32, batch: TokenBatch, plan: Plan, name: str) -> I32:
    """``ids`` int32[t] of strings that the plan numbers by ``name``, NO_ID where they are at home;
    all of them if it tells no homes. ``source`` int32[n] of documents (``source_numbers``)."""
    if f"{name} homes" not in plan.arrays:
        return ids
    out = np.empty(len(ids), np.int32)
    homes = (plan.arrays[f"{name} starts"], plan.arrays[f"{name} homes"])
    home_kernels.away(ids, source, batch.offsets, *homes, out)
    return out


class _Homes(Observer):
    """Sources of the strings that the plan numbers ``often1``, ``often2`` ..., in a sample."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lexicon = Lexicon.of(plan)
        self._last = np.full(len(plan.arrays["limit"]), -1, np.int64)
        self._parts: list[pl.DataFrame] = []
        self._docs = 0

    def see_tokens(self, batch: TokenBatch) -> None:
        arrays, grams = self._plan.arrays, self._lexicon.read(batch)
        source, draw = source_numbers(batch, self._plan), batch.doc[:, 0].copy()
        for n in range(1, LONGEST + 1):
            ids = numbered(grams.ids[n - 1], arrays[f"often{n}"])
            row = np.empty(np.count_nonzero(ids != NO_ID), np.uint64)
            table = (arrays["limit"], self._last, self._docs, batch.offsets, row)
            rows = home_kernels.met(ids, source, draw, *table)
            self._parts.append(pl.DataFrame({"row": row[:rows]}).group_by("row").len("times"))
        self._docs += len(batch)

    def observation(self) -> pl.DataFrame:
        return fold(self._parts, HOMES.schema)


class _Away(Observer):
    """Per string that the plan numbers ``often1``, ``often2`` ...: what FITS measures of it away
    from its homes, and how often it is."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lexicon = Lexicon.of(plan)
        strings = len(plan.arrays["often"])
        self._last = np.full(strings, -1, np.int64)
        self._sums = np.zeros((len(_MEASURES), strings), np.int64)
        self._pieces = 0

    def see_tokens(self, batch: TokenBatch) -> None:
        arrays, grams = self._plan.arrays, self._lexicon.read(batch)
        passages = Passages.of(grams, arrays[f"occ{LONGEST}"])
        excision = Excision.of(batch, self._lexicon, self._plan)
        pieces, source = pieces_of(batch.offsets), source_numbers(batch, self._plan)
        df, occ, *sums = self._sums
        for n in range(1, LONGEST + 1):
            ids = numbered(passages.ids(n), arrays[f"often{n}"])
            ids = away(ids, source, batch, self._plan, "often")
            home_kernels.counted(ids, pieces, self._pieces, df, occ, self._last)
            excision.add(ids, passages.ends(n, ids, arrays["often"]), *sums)
        self._pieces += len(pieces) - 1

    def observation(self) -> pl.DataFrame:
        seen = np.flatnonzero(self._sums.any(axis=0))
        columns = dict(zip(_MEASURES, self._sums[:, seen], strict=True))
        return AWAY.schema.gather([pl.DataFrame({"string": seen, **columns})])


HOMES = Component(
    f"tokens2-homes-s{SAMPLE}",
    Input.TOKENS,
    Schema({"row": pl.UInt64}, {"times": (pl.UInt32, Fold.SUM)}),
    _Homes,
)
AWAY = Component(
    f"tokens2-away-p{PIECE}",
    Input.TOKENS,
    Schema({"string": pl.UInt32}, dict.fromkeys(_MEASURES, (pl.Int64, Fold.SUM))),
    _Away,
)
