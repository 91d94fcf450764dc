"""Where finalists stand: their documents, and a few of these with the text around them."""

from __future__ import annotations

import numpy as np
import polars as pl

from lineage.fingerprint.batch import Batch, TokenBatch
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers import kernels
from scanners.triggers.counts import LONGEST
from scanners.triggers.homes import away
from scanners.triggers.kernels import U64
from scanners.triggers.lexicon import Lexicon, numbered
from scanners.triggers.sources import source_numbers


class _Members(Observer):
    """Documents that hold each finalist; away from its homes, if the plan tells any."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lexicon = Lexicon.of(plan)
        self._numbers = [plan.arrays[f"number{n}"] for n in range(1, LONGEST + 1)]
        self._parts: list[pl.DataFrame] = []

    def see_tokens(self, batch: TokenBatch) -> None:
        docs = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
        source = source_numbers(batch, self._plan)
        for ids, numbers in zip(self._lexicon.read(batch).ids, self._numbers, strict=True):
            found = away(numbered(ids, numbers), source, batch, self._plan, "number")
            at = np.flatnonzero(found != kernels.NO_ID)
            doc = batch.doc[docs[at]]
            columns = {"cand": found[at], "doc_hi": doc[:, 0], "doc_lo": doc[:, 1]}
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


MEMBERS = Component(
    "tokens3-members",
    Input.TOKENS,
    Schema({"cand": pl.UInt32, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64}),
    _Members,
)
EXCERPTS = Component(
    "tokens2-excerpts",
    Input.WANTED,
    Schema(
        {"cand": pl.UInt32, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64},
        dict.fromkeys(("before", "match", "after"), (pl.String, Fold.MIN)),
    ),
    _Excerpts,
)
