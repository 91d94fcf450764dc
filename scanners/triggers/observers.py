"""What the rounds of trigger discovery measure on a shard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch, TokenBatch
from scanners.fold import fold
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers import kernels
from scanners.triggers.grams import GramCounter, pair_keys
from scanners.triggers.kernels import I32, U64
from scanners.triggers.lexicon import LONGEST, WINDOW, Lexicon

_COUNTS = {"df": (pl.UInt32, Fold.SUM), "occ": (pl.UInt64, Fold.SUM)}
GROUP_LEVELS = 4
"""Ways documents are grouped: by source, path, folder of the path, host of the url."""

ALL_DOCUMENTS = GROUP_LEVELS
"""Pseudo level of the group table that counts every document."""


class _TokenCounts(Observer):
    """Documents and occurrences of each token."""

    def __init__(self, _plan: Plan) -> None:
        self._counter = GramCounter()

    def see(self, batch: Batch) -> None:
        self._counter.add(batch.tokens.raw, batch.tokens.offsets)

    def observation(self) -> pl.DataFrame:
        return self._counter.frame()


class _PairCounts(_TokenCounts):
    """Documents and occurrences of each bigram."""

    def see(self, batch: Batch) -> None:
        tokens = batch.tokens
        self._counter.add(pair_keys(tokens.raw, tokens.offsets), tokens.offsets)


class _GroupCounts(Observer):
    """Documents of each source, path, folder and host."""

    def __init__(self, _plan: Plan) -> None:
        self._parts: list[pl.DataFrame] = []

    def see(self, batch: Batch) -> None:
        rows = len(batch)
        levels = [batch.groups[:, level] for level in range(GROUP_LEVELS)]
        levels.append(np.zeros(rows, np.uint64))
        for level, values in enumerate(levels):
            groups, counts = np.unique(values, return_counts=True)
            known = (groups != 0) | (level == ALL_DOCUMENTS)
            frame = pl.DataFrame({"value": groups[known], "docs": counts[known]})
            self._parts.append(frame.with_columns(level=pl.lit(level)))

    def observation(self) -> pl.DataFrame:
        return GROUPS.schema.gather(self._parts)


class _TripleCounts(Observer):
    """Documents and occurrences of each trigram made of bigrams that recur."""

    def __init__(self, plan: Plan) -> None:
        self._lexicon = Lexicon.of(plan)
        self._counter = GramCounter()

    def see_tokens(self, batch: TokenBatch) -> None:
        pairs = pair_keys(batch.raw, batch.offsets)
        ids = self._lexicon.read(batch).ids[1]
        self._counter.add(self._lexicon.triples(batch, pairs, ids), batch.offsets)

    def observation(self) -> pl.DataFrame:
        return self._counter.frame()


MOST_WINDOWS = 200
"""Windows of a document that count: one huge document must not say what a corpus is like."""


class _Strangeness(Observer):
    """How strange text is, over all windows: positions by percent of unknown bigrams."""

    def __init__(self, plan: Plan) -> None:
        self._lexicon = Lexicon.of(plan)
        self._counts = np.zeros(101, np.int64)

    def see_tokens(self, batch: TokenBatch) -> None:
        after, _ = self._lexicon.read(batch).strangeness
        kernels.histogram(after, batch.offsets, MOST_WINDOWS, self._counts)

    def observation(self) -> pl.DataFrame:
        return pl.DataFrame({"percent": np.arange(101), "positions": self._counts})


_MEASURES = ("turns", "fit", "held", "wide")


def _group(batch: TokenBatch, plan: Plan) -> U64:
    """uint64[n]: group of each document at the plan's level; EMPTY where unknown."""
    level = int(plan.facts["level"])
    return np.zeros(len(batch), np.uint64) if level < 0 else batch.groups[:, level].copy()


class _Fits(Observer):
    """Per candidate: documents that turn strange behind it, excision, widest extension."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lexicon = Lexicon.of(plan)
        sizes = [len(plan.arrays[f"keys{n}"]) for n in range(1, LONGEST + 1)]
        self._last = [np.full(size, -1, np.int64) for size in sizes]
        self._sums = [np.zeros((len(_MEASURES), size), np.int64) for size in sizes]
        self._docs = 0

    def see_tokens(self, batch: TokenBatch) -> None:
        arrays, offsets = self._plan.arrays, batch.offsets
        grams = self._lexicon.read(batch)
        pairs = self._lexicon.index(2)
        for n in range(1, LONGEST + 1):
            ids = candidates(grams.ids[n - 1], arrays[f"open{n}"])
            rare = candidates(ids, arrays[f"rare{n}"])
            turned = grams.turned(n, self._plan)
            docs, fit, held, wide = self._sums[n - 1]
            kernels.tally(ids, turned, offsets, self._docs, docs, self._last[n - 1])
            kernels.excise(
                rare, batch.raw, grams.ids[0], offsets, n, pairs.slots, pairs.places,
                arrays["occ2"], arrays["occ1"], float(self._plan.facts["tokens"]), fit, held,
            )  # fmt: skip
            if n < LONGEST:
                kernels.widest(rare, grams.ids[n], arrays[f"occ{n + 1}"], offsets, wide)
        self._docs += len(batch)

    def observation(self) -> pl.DataFrame:
        parts = []
        for n, sums in enumerate(self._sums, start=1):
            seen = np.flatnonzero(sums.any(axis=0))
            columns = dict(zip(_MEASURES, sums[:, seen], strict=True))
            frame = pl.DataFrame({"key": self._plan.arrays[f"keys{n}"][seen], **columns})
            parts.append(frame.with_columns(length=pl.lit(n)))
        return FITS.schema.gather(parts)


class _Surroundings(Observer):
    """Neighbours and groups of each chosen candidate, and how often each."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lexicon = Lexicon.of(plan)
        self._last = np.full(len(plan.arrays["limit"]), -1, np.int64)
        self._parts: list[pl.DataFrame] = []
        self._docs = 0

    def see_tokens(self, batch: TokenBatch) -> None:
        group, draw = _group(batch, self._plan), batch.doc[:, 0].copy()
        grams = self._lexicon.read(batch)
        for n in range(1, LONGEST + 1):
            ids = selected(grams.ids[n - 1], self._plan.arrays[f"chosen{n}"])
            turned = grams.turned(n, self._plan)
            room = int(np.count_nonzero(ids != kernels.NO_ID)) * 4
            place, row = np.empty(room, np.uint32), np.empty(room, np.uint64)
            rows = kernels.neighbours(
                ids, batch.raw, turned, group, draw, self._plan.arrays["limit"], self._last,
                self._docs, batch.offsets, n, place, row,
            )  # fmt: skip
            columns = {"row": row[:rows], "place": place[:rows], "times": np.ones(rows, np.uint32)}
            self._parts.append(pl.DataFrame(columns))
        self._docs += len(batch)

    def observation(self) -> pl.DataFrame:
        return fold(self._parts, SURROUNDINGS.schema)


class _Members(Observer):
    """Documents that hold each finalist."""

    def __init__(self, plan: Plan) -> None:
        self._lexicon = Lexicon.of(plan)
        self._numbers = [plan.arrays[f"number{n}"] for n in range(1, LONGEST + 1)]
        self._parts: list[pl.DataFrame] = []

    def see_tokens(self, batch: TokenBatch) -> None:
        docs = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
        for ids, numbers in zip(self._lexicon.read(batch).ids, self._numbers, strict=True):
            at = np.flatnonzero(ids != kernels.NO_ID)
            doc = batch.doc[docs[at]]
            columns = {"cand": numbers[ids[at]], "doc_hi": doc[:, 0], "doc_lo": doc[:, 1]}
            self._parts.append(pl.DataFrame(columns).unique())

    def observation(self) -> pl.DataFrame:
        return MEMBERS.schema.gather(self._parts)


class _Excerpts(Observer):
    """The finalists as they stand in a few documents, with some text around them."""

    BEFORE, AFTER = 80, 160
    """Bytes of context."""

    def __init__(self, plan: Plan) -> None:
        self._lexicon = Lexicon.of(plan)
        self._numbers = [plan.arrays[f"number{n}"] for n in range(1, LONGEST + 1)]
        self._rows: list[tuple[int, int, int, str, str, str]] = []

    def see(self, batch: Batch) -> None:
        tokens = batch.tokens
        grams = self._lexicon.read(batch.view)
        for row in range(len(batch)):
            text = batch.documents.text[row].as_py().encode()
            for n, ids in enumerate(grams.ids, start=1):
                begin, end = tokens.offsets[row], tokens.offsets[row + 1]
                found, first = np.unique(ids[begin:end], return_index=True)
                for i, at in zip(found, first + begin, strict=True):
                    if i != kernels.NO_ID:
                        span = int(tokens.start[at]), int(tokens.end[at + n - 1])
                        self._keep(int(self._numbers[n - 1][i]), batch.doc[row], text, span)

    def _keep(self, cand: int, doc: U64, text: bytes, span: tuple[int, int]) -> None:
        start, end = span
        first, last = max(start - self.BEFORE, 0), end + self.AFTER
        pieces = (text[first:start], text[start:end], text[end:last])
        before, match, after = (piece.decode(errors="ignore") for piece in pieces)
        self._rows.append((cand, int(doc[0]), int(doc[1]), before, match, after))

    def observation(self) -> pl.DataFrame:
        return pl.DataFrame(self._rows, schema=dict(EXCERPTS.schema.columns), orient="row")


def candidates(ids: I32, chosen: npt.NDArray[np.bool_]) -> I32:
    """Those n-grams that are candidates; NO_ID for the others."""
    out = np.empty(len(ids), np.int32)
    kernels.keep(ids, chosen, out)
    return out


def selected(ids: I32, numbers: I32) -> I32:
    """Candidate number of each n-gram, NO_ID for those without one."""
    out = np.empty(len(ids), np.int32)
    kernels.renumber(ids, numbers, out)
    return out


TOKENS = Component("tokens1-counts", Input.TEXT, Schema({"key": pl.UInt64}, _COUNTS), _TokenCounts)
PAIRS = Component("tokens1-pairs", Input.TEXT, Schema({"key": pl.UInt64}, _COUNTS), _PairCounts)
GROUPS = Component(
    "groups1-counts",
    Input.TEXT,
    Schema({"level": pl.UInt8, "value": pl.UInt64}, {"docs": (pl.UInt64, Fold.SUM)}),
    _GroupCounts,
)
TRIPLES = Component(
    "tokens1-triples", Input.TOKENS, Schema({"key": pl.UInt64}, _COUNTS), _TripleCounts
)
STRANGENESS = Component(
    f"tokens1-strangeness-w{WINDOW}",
    Input.TOKENS,
    Schema({"percent": pl.UInt8}, {"positions": (pl.Int64, Fold.SUM)}),
    _Strangeness,
)
FITS = Component(
    f"tokens1-fits-w{WINDOW}",
    Input.TOKENS,
    Schema(
        {"length": pl.UInt8, "key": pl.UInt64},
        {
            "turns": (pl.Int64, Fold.SUM),
            "fit": (pl.Int64, Fold.SUM),
            "held": (pl.Int64, Fold.SUM),
            "wide": (pl.Int64, Fold.MAX),
        },
    ),
    _Fits,
)
SURROUNDINGS = Component(
    f"tokens1-surroundings-w{WINDOW}",
    Input.TOKENS,
    Schema({"row": pl.UInt64}, {"place": (pl.UInt32, Fold.MIN), "times": (pl.UInt32, Fold.SUM)}),
    _Surroundings,
)
MEMBERS = Component(
    "tokens1-members",
    Input.TOKENS,
    Schema({"cand": pl.UInt32, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64}),
    _Members,
)
EXCERPTS = Component(
    "tokens1-excerpts",
    Input.WANTED,
    Schema(
        {"cand": pl.UInt32, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64},
        dict.fromkeys(("before", "match", "after"), (pl.String, Fold.MIN)),
    ),
    _Excerpts,
)
