"""The company that common tokens keep: what makes a language, or a subject, hang together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import TokenBatch
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers import company_kernels, kernels
from scanners.triggers.grams import indexed
from scanners.triggers.kernels import U8

COMMON = 1024
"""Most frequent tokens whose company is counted."""

SPAN = 10
"""Tokens behind a token that are its company."""

DIMENSIONS = 16
"""Of the vectors that stand for common tokens."""

DOCUMENTS = 200_000
"""Documents whose company is counted; of more, these are drawn by their identities."""

WIDTH, LEAST = 30, 8
"""Tokens before and behind a place that are compared; common tokens among them to tell."""

MOST_PLACES = 200
"""Places of a document that count: one huge document must not say what a corpus is like."""

_SCALE = 1000


class _Company(Observer):
    """How often common tokens stand near each other. The plan tells ``common`` keys uint64[c],
    sorted, and the ``limit`` (uint64[1]) up to which documents are drawn."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._index = indexed(plan, "common")
        self._size = len(plan.arrays["common"])
        self._counts = np.zeros(self._size * self._size, np.int64)

    def see_tokens(self, batch: TokenBatch) -> None:
        chosen = batch.doc[:, 0] <= self._plan.arrays["limit"][0]
        ids = self._index.find(batch.raw)
        company_kernels.company(ids, chosen, batch.offsets, SPAN, self._size, self._counts)

    def observation(self) -> pl.DataFrame:
        pair = np.flatnonzero(self._counts)
        return pl.DataFrame({"pair": pair, "times": self._counts[pair]})


class _Coherence(Observer):
    """How alike text is before and behind a place: places by likeness."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._counts = np.zeros(201, np.int64)

    def see_tokens(self, batch: TokenBatch) -> None:
        kernels.histogram(likeness(batch, self._plan), batch.offsets, MOST_PLACES, self._counts)

    def observation(self) -> pl.DataFrame:
        return pl.DataFrame({"likeness": np.arange(201), "places": self._counts})


def likeness(batch: TokenBatch, plan: Plan) -> U8:
    """uint8[t]: likeness of the text before and behind each place (0 to 200; 255 unknown).

    The plan tells ``common`` and their ``vectors`` int32[c, d].
    """
    out = np.empty(len(batch.raw), np.uint8)
    ids = indexed(plan, "common").find(batch.raw)
    company_kernels.coherence(ids, plan.arrays["vectors"], batch.offsets, WIDTH, LEAST, out)
    return out


def common_tokens(counts: pl.DataFrame) -> npt.NDArray[np.uint64]:
    """Keys of the most frequent tokens, sorted; at most ``COMMON``.

    Tokens that are equally frequent are all in or all out: their keys differ from store to store.
    """
    frequent = counts["df"].top_k(COMMON + 1).to_numpy()
    least = int(frequent.min()) + 1 if len(frequent) > COMMON else 1
    return counts.filter(pl.col("df") >= least)["key"].sort().to_numpy()


def vectors_of(observed: pl.DataFrame, size: int) -> npt.NDArray[np.int32]:
    """int32[size, DIMENSIONS]: one vector a common token, alike for tokens of like company.

    Positive pointwise mutual information, factored (Levy and Goldberg 2014). Rounded, so that
    later arithmetic is exact.
    """
    counts = np.zeros((size, size))
    counts.flat[observed["pair"].to_numpy()] = observed["times"].to_numpy()
    counts += counts.T
    total, beside = counts.sum(), counts.sum(axis=0)
    vectors = np.zeros((size, DIMENSIONS), np.int32)
    if total == 0:
        return vectors
    expected = np.outer(beside, beside) / total
    information = np.log((counts + 0.5) / (expected + 0.5)).clip(0)
    values, axes = np.linalg.eigh(information)
    best = np.argsort(-values, kind="stable")[:DIMENSIONS]
    found = axes[:, best] * np.sqrt(values[best].clip(0))
    vectors[:, : len(best)] = np.rint(_SCALE * found)
    return vectors


COMPANY = Component(
    f"tokens2-company-{COMMON}-{SPAN}",
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
