"""Vectors of tokens: alike where the company is, also for tokens that are nobody's company."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from scanners.triggers import company
from scanners.triggers.company import known_tokens, vectors_of


def counts(df: list[int]) -> pl.DataFrame:
    """Tokens 10, 11 ... that stand in so many pieces."""
    return pl.DataFrame({"key": np.arange(10, 10 + len(df), dtype=np.uint64), "df": df})


def test_equally_frequent_tokens_are_all_in_or_all_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company, "ANCHORS", 2)
    monkeypatch.setattr(company, "KNOWN", 5)
    table = known_tokens(counts([3, 9, 5, 7, 5, 1, 3]))
    # 9 and 7 are anchors; of 3, two are as frequent, and six would be too many.
    assert table["key"].to_list() == [11, 12, 13, 14]
    assert table["anchor"].to_list() == [0, -1, 1, -1]


def test_of_a_small_vocabulary_all_are_anchors() -> None:
    table = known_tokens(counts([2, 1, 2]))
    assert table["anchor"].to_list() == [0, 1, 2]
    assert len(known_tokens(counts([]))) == 0


def cosine(x: npt.NDArray[np.int32], y: npt.NDArray[np.int32]) -> float:
    first, second = x.astype(float), y.astype(float)
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))


def test_words_of_one_language_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two languages of ten anchors each; tokens 20 and 21 stand among those of one, of the other.

    Twice as much is written in the first.
    """
    monkeypatch.setattr(company, "DIMENSIONS", 2)
    draw = np.random.default_rng(1)
    table = draw.poisson(0.2, (22, 20))
    table[:10, :10] += draw.poisson(40, (10, 10))
    table[10:20, 10:] += draw.poisson(20, (10, 10))
    table[20, :10] += draw.poisson(8, 10)
    table[21, 10:] += draw.poisson(8, 10)
    table[:20] = table[:20] + table[:20].T
    pair = np.flatnonzero(table)
    anchors = np.array([*range(20), -1, -1], np.int32)
    rows = pl.DataFrame({"pair": pair, "times": table.ravel()[pair]})
    vectors = vectors_of(rows, anchors)
    assert min(cosine(vectors[20], vectors[k]) for k in range(10)) > 0.7
    assert min(cosine(vectors[21], vectors[k]) for k in range(10, 20)) > 0.7
    assert max(abs(cosine(vectors[20], vectors[k])) for k in range(10, 20)) < 0.3
    assert abs(cosine(vectors[20], vectors[21])) < 0.3


def test_nothing_stands_near_anything() -> None:
    nothing = pl.DataFrame({"pair": [], "times": []}, schema={"pair": pl.UInt32, "times": pl.Int64})
    assert not vectors_of(nothing, np.array([0, -1, 1], np.int32)).any()
