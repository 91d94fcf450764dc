"""What is measured of candidates: what happens behind them, what they stand between, and where."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from lineage.fingerprint.batch import TokenBatch
from scanners.fold import fold
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers import effect_kernels, kernels
from scanners.triggers.company import WIDTH, likeness
from scanners.triggers.counts import LONGEST
from scanners.triggers.excision import Excision
from scanners.triggers.homes import away
from scanners.triggers.kernels import I32, U8
from scanners.triggers.lexicon import WINDOW, Grams, Lexicon, marked, numbered
from scanners.triggers.passages import Passages
from scanners.triggers.pieces import PIECE, pieces_of
from scanners.triggers.sources import group_numbers, source_numbers, witnesses

NEAR = max(WINDOW, WIDTH)
"""Tokens from an effect on, to either side, in which it is seen as well."""

MOST_WINDOWS = 200
"""Windows of a document that count: one huge document must not say what a corpus is like."""


class _Strangeness(Observer):
    """How strange text is, over all windows: positions by percent of unfamiliar bigrams."""

    def __init__(self, plan: Plan) -> None:
        self._lexicon = Lexicon.of(plan)
        self._counts = np.zeros(101, np.int64)

    def see_tokens(self, batch: TokenBatch) -> None:
        after, _ = self._lexicon.read(batch).strangeness
        effect_kernels.histogram(after, batch.offsets, MOST_WINDOWS, self._counts)

    def observation(self) -> pl.DataFrame:
        return pl.DataFrame({"percent": np.arange(101), "positions": self._counts})


class Effects:
    """What happens behind n-grams of a batch, in bits: whether text turns strange, whether it
    breaks off (another language, another subject), and whether each can be told."""

    def __init__(self, batch: TokenBatch, grams: Grams, plan: Plan) -> None:
        self._batch, self._grams, self._plan = batch, grams, plan
        self._likeness = likeness(batch, plan)

    @classmethod
    def of(cls, batch: TokenBatch, lexicon: Lexicon, plan: Plan) -> Effects:
        """Of a batch, once for all observers of a plan."""
        if (cls, lexicon) not in batch.memo:
            batch.memo[cls, lexicon] = cls(batch, lexicon.read(batch), plan)
        effects: Effects = batch.memo[cls, lexicon]
        return effects

    def behind(self, spans: I32) -> U8:
        """uint8[t]: effects behind the string of ``spans`` int32[t] tokens that starts here."""
        calm, strange, apart = (int(self._plan.facts[k]) for k in ("calm", "strange", "apart"))
        out = self._grams.turned(spans, calm, strange)
        if apart >= 0:
            effect_kernels.breaks(self._likeness, self._batch.offsets, spans, LONGEST, apart, out)
        return out


_MEASURES = ("turns", "breaks", "turns_told", "breaks_told", "fit", "held", "tokens", "wide")


class _Fits(Observer):
    """Per candidate: pieces with each effect behind it, excision, widest extension."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lexicon = Lexicon.of(plan)
        sizes = [len(plan.arrays[f"keys{n}"]) for n in range(1, LONGEST + 1)]
        self._last = [np.full((4, size), -1, np.int64) for size in sizes]
        self._sums = [np.zeros((len(_MEASURES), size), np.int64) for size in sizes]
        self._pieces = 0

    def see_tokens(self, batch: TokenBatch) -> None:
        arrays = self._plan.arrays
        grams = self._lexicon.read(batch)
        effects = Effects.of(batch, self._lexicon, self._plan)
        pieces = pieces_of(batch.offsets)
        passages = Passages.of(grams, arrays[f"occ{LONGEST}"])
        excision = Excision.of(batch, self._lexicon, self._plan)
        for n in range(1, LONGEST + 1):
            ids = marked(passages.ids(n), arrays.get(f"open{n}"))
            spans = passages.ends(n, ids, arrays[f"occ{n}"])
            rare = marked(ids, arrays[f"rare{n}"])
            sums, last = self._sums[n - 1], self._last[n - 1]
            effect_kernels.tally(ids, effects.behind(spans), pieces, self._pieces, sums[:4], last)
            excision.add(rare, spans, *sums[4:7])
            if n < LONGEST:
                longer = arrays[f"occ{n + 1}"]
                kernels.widest(rare, grams.ids[n], longer, batch.offsets, sums[7])
        self._pieces += len(pieces) - 1

    def observation(self) -> pl.DataFrame:
        parts = []
        for n, sums in enumerate(self._sums, start=1):
            seen = np.flatnonzero(sums.any(axis=0))
            columns = dict(zip(_MEASURES, sums[:, seen], strict=True))
            frame = pl.DataFrame({"key": self._plan.arrays[f"keys{n}"][seen], **columns})
            parts.append(frame.with_columns(length=pl.lit(n)))
        return FITS.schema.gather(parts)


class _Surroundings(Observer):
    """Neighbours and groups of each chosen candidate, and how often each, with the effects behind
    it; away from its homes, and without effects, if the plan tells homes."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lexicon = Lexicon.of(plan)
        self._last = np.full(len(plan.arrays["limit"]), -1, np.int64)
        self._parts: list[pl.DataFrame] = []
        self._docs = 0

    def see_tokens(self, batch: TokenBatch) -> None:
        arrays = self._plan.arrays
        groups, draw = group_numbers(batch, self._plan), batch.doc[:, 0].copy()
        source = source_numbers(batch, self._plan)
        witness = witnesses(batch, source)
        grams = self._lexicon.read(batch)
        passages = Passages.of(grams, arrays[f"occ{LONGEST}"])
        sums = np.zeros((4, len(batch.raw) + 1), np.int64)
        for n in range(1, LONGEST + 1):
            ids = numbered(passages.ids(n), arrays[f"chosen{n}"])
            ids = away(ids, source, batch, self._plan, "chosen")
            spans = passages.ends(n, ids, arrays["occ"])
            behind = self._behind(batch, spans)
            effect_kernels.summed(behind, sums)
            room = int(np.count_nonzero(ids != kernels.NO_ID)) * kernels.KINDS
            row, times = np.empty(room, np.uint64), np.empty(room, np.uint32)
            rows = kernels.neighbours(
                ids, grams.ids[0], behind, sums, NEAR, groups, witness, draw, arrays["limit"],
                self._last, self._docs, batch.offsets, spans, row, times,
            )  # fmt: skip
            frame = pl.DataFrame({"row": row[:rows], "times": times[:rows]})
            self._parts.append(frame.group_by("row").agg(pl.col("times").sum()))
        self._docs += len(batch)

    def _behind(self, batch: TokenBatch, spans: I32) -> U8:
        if "chosen homes" in self._plan.arrays:
            return np.zeros(len(spans), np.uint8)
        return Effects.of(batch, self._lexicon, self._plan).behind(spans)

    def observation(self) -> pl.DataFrame:
        return fold(self._parts, SURROUNDINGS.schema)


class _Rates(Observer):
    """Places of each source where something happens behind a token, and where it can be told.

    Sources are the groups at the plan's ``level``; none if that is negative.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lexicon = Lexicon.of(plan)
        self._parts: list[pl.DataFrame] = []

    def see_tokens(self, batch: TokenBatch) -> None:
        level = int(self._plan.facts["level"])
        if level < 0:
            return
        effects = Effects.of(batch, self._lexicon, self._plan)
        sums = np.empty((4, len(batch.raw) + 1), np.int64)
        effect_kernels.summed(effects.behind(np.ones(len(batch.raw), np.int32)), sums)
        counts = sums[:, batch.offsets[1:]] - sums[:, batch.offsets[:-1]]
        columns = dict(zip(_MEASURES[:4], counts, strict=True))
        self._parts.append(pl.DataFrame({"value": batch.groups[:, level], **columns}))

    def observation(self) -> pl.DataFrame:
        return fold(self._parts, RATES.schema)


STRANGENESS = Component(
    f"tokens2-strangeness-w{WINDOW}",
    Input.TOKENS,
    Schema({"percent": pl.UInt8}, {"positions": (pl.Int64, Fold.SUM)}),
    _Strangeness,
)
FITS = Component(
    f"tokens3-fits-p{PIECE}-w{WINDOW}-w{WIDTH}",
    Input.TOKENS,
    Schema(
        {"length": pl.UInt8, "key": pl.UInt64},
        {
            "turns": (pl.Int64, Fold.SUM),
            "breaks": (pl.Int64, Fold.SUM),
            "turns_told": (pl.Int64, Fold.SUM),
            "breaks_told": (pl.Int64, Fold.SUM),
            "fit": (pl.Int64, Fold.SUM),
            "held": (pl.Int64, Fold.SUM),
            "tokens": (pl.Int64, Fold.SUM),
            "wide": (pl.Int64, Fold.MAX),
        },
    ),
    _Fits,
)
RATES = Component(
    f"tokens2-rates-w{WINDOW}-w{WIDTH}",
    Input.TOKENS,
    Schema({"value": pl.UInt64}, dict.fromkeys(_MEASURES[:4], (pl.Int64, Fold.SUM))),
    _Rates,
)
SURROUNDINGS = Component(
    f"tokens4-surroundings-w{WINDOW}-w{WIDTH}",
    Input.TOKENS,
    Schema({"row": pl.UInt64}, {"times": (pl.UInt32, Fold.SUM)}),
    _Surroundings,
)
SURROUNDINGS_AWAY = replace(SURROUNDINGS, recipe=f"{SURROUNDINGS.recipe}-away")
