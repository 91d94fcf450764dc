"""The company that tokens keep: what makes a language, or a subject, hang together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import TokenBatch
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers import company_kernels, effect_kernels
from scanners.triggers.grams import indexed
from scanners.triggers.kernels import U8

ANCHORS, KNOWN = 1024, 8192
"""Most frequent tokens that are company; most frequent tokens whose company is counted: also the
words of languages of which a corpus has little."""

SPAN = 10
"""Tokens before and behind a token that are its company."""

DIMENSIONS = 16
"""Of the vectors that stand for known tokens."""

DOCUMENTS = 200_000
"""Documents whose company is counted; of more, these are drawn by their identities."""

WIDTH, LEAST = 30, 8
"""Tokens before and behind a place that are compared; known tokens among them to tell."""

MOST_PLACES = 200
"""Places of a document that count: one huge document must not say what a corpus is like."""

_SCALE = 1000
_LEAST_VALUE = 1e-6


class _Company(Observer):
    """How often anchors stand near known tokens. The plan tells ``known`` keys uint64[k], sorted,
    ``anchors`` int32[k], which of them they are, and the ``limit`` (uint64[1]) up to which
    documents are drawn."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._index = indexed(plan, "known")
        self._anchors = plan.arrays["anchors"]
        self._columns = int(self._anchors.max(initial=-1)) + 1
        self._counts = np.zeros(len(self._anchors) * self._columns, np.int32)

    def see_tokens(self, batch: TokenBatch) -> None:
        chosen = batch.doc[:, 0] <= self._plan.arrays["limit"][0]
        ids = self._index.find(batch.raw)
        table = (SPAN, self._columns, self._counts)
        company_kernels.company(ids, self._anchors, chosen, batch.offsets, *table)

    def observation(self) -> pl.DataFrame:
        pair = np.flatnonzero(self._counts)
        return pl.DataFrame({"pair": pair, "times": self._counts[pair]})


class _Coherence(Observer):
    """How alike text is before and behind a place: places by likeness."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._counts = np.zeros(201, np.int64)

    def see_tokens(self, batch: TokenBatch) -> None:
        effect_kernels.histogram(
            likeness(batch, self._plan), batch.offsets, MOST_PLACES, self._counts
        )

    def observation(self) -> pl.DataFrame:
        return pl.DataFrame({"likeness": np.arange(201), "places": self._counts})


def likeness(batch: TokenBatch, plan: Plan) -> U8:
    """uint8[t]: likeness of the text before and behind each place (0 to 200; 255 unknown).

    The plan tells ``known`` and their ``vectors`` int32[k, d].
    """
    out = np.empty(len(batch.raw), np.uint8)
    ids = indexed(plan, "known").find(batch.raw)
    company_kernels.coherence(ids, plan.arrays["vectors"], batch.offsets, WIDTH, LEAST, out)
    return out


def known_tokens(counts: pl.DataFrame) -> pl.DataFrame:
    """Keys of the most frequent tokens, sorted, at most ``KNOWN``; ``anchor`` numbers those of
    them that are company, -1 for the others.

    Tokens that are equally frequent are all in or all out: their keys differ from store to store.
    """
    known = counts.filter(pl.col("df") >= _least(counts, KNOWN)).sort("key")
    is_anchor = pl.col("df") >= _least(counts, ANCHORS)
    number = pl.when(is_anchor).then(is_anchor.cum_sum().cast(pl.Int32) - 1).otherwise(-1)
    return known.select("key", anchor=number.cast(pl.Int32))


def _least(counts: pl.DataFrame, most: int) -> int:
    """Frequency from which on at most so many tokens are as frequent."""
    frequent = counts["df"].top_k(most + 1)
    return int(frequent.to_numpy().min()) + 1 if len(frequent) > most else 1


def vectors_of(company: pl.DataFrame, anchors: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """int32[k, DIMENSIONS]: one vector a known token, alike for tokens of like company.

    Positive pointwise mutual information of anchors, factored (Levy and Goldberg 2014); other
    tokens are folded in by theirs with the anchors. Rounded, so that later arithmetic is exact.
    """
    rows = np.flatnonzero(anchors >= 0)
    counts = np.zeros((len(anchors), len(rows)), np.float32)
    counts.flat[company["pair"].to_numpy()] = company["times"].to_numpy()
    share = counts[rows].sum(axis=0, dtype=np.float64)
    vectors = np.zeros((len(anchors), DIMENSIONS), np.int32)
    if share.sum() == 0:
        return vectors
    seen = counts.sum(axis=1, dtype=np.float64)
    expected = np.outer(seen, share / share.sum()).astype(np.float32)
    information = np.log((counts + 0.5) / (expected + 0.5)).clip(0)
    values, axes = np.linalg.eigh(information[rows].astype(np.float64))
    best = np.argsort(-values, kind="stable")[:DIMENSIONS]
    best = best[values[best] > _LEAST_VALUE]
    found = information @ (axes[:, best] / np.sqrt(values[best]))
    vectors[:, : len(best)] = np.rint(_SCALE * found)
    return vectors


COMPANY = Component(
    f"tokens2-company-{ANCHORS}-{KNOWN}-{SPAN}",
    Input.TOKENS,
    Schema({"pair": pl.UInt32}, {"times": (pl.Int64, Fold.SUM)}),
    _Company,
)
COHERENCE = Component(
    f"tokens2-coherence-w{WIDTH}",
    Input.TOKENS,
    Schema({"likeness": pl.UInt8}, {"places": (pl.Int64, Fold.SUM)}),
    _Coherence,
)
