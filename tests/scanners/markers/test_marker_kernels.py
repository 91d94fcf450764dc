"""The kernels against plain Python."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.fingerprint.code_points import FOLDED_BITS, Kind, load
from scanners.markers import kernels, runs
from scanners.markers.runs import Runs, describe, key_of, read_key

TEXTS = st.lists(st.text("ab1_ .,-\n'｡※ꙮ語\u200b😀", max_size=30), max_size=6)


def plain_runs(text: str) -> list[tuple[int, int]]:
    out, at = [], 0
    for char, group in groupby(text):
        length = len(list(group))
        kind = int(load()[ord(char)]) >> FOLDED_BITS
        symbol = kind in (Kind.OTHER, Kind.APOSTROPHE, Kind.IGNORABLE)
        least = (2 if symbol else 5) if char.isascii() else (1 if symbol else 3)
        if kind != Kind.SPACE and length >= least:
            out.append((key_of(char, length), at))
        at += length * len(char.encode())
    return out


@settings(deadline=None)
@given(TEXTS, st.integers(0, 3))
def test_runs_are_those_of_plain_python(texts: list[str], skipped: int) -> None:
    column = pa.array(texts, pa.large_string())[skipped:]
    found = Runs.of(column)
    expected = [(row, *run) for row, text in enumerate(texts[skipped:]) for run in plain_runs(text)]
    assert list(zip(found.row, found.key, found.start, strict=True)) == expected


def test_a_key_tells_its_run() -> None:
    assert read_key(key_of("｡", 10)) == ("｡", 10)
    assert describe(key_of("※", 7)) == "U+203B REFERENCE MARK x 7"
    assert runs.LENGTH_BITS == kernels.LENGTH_BITS
    assert read_key(key_of("-", 1 << 30))[1] == kernels.LONGEST


def plain_echo(tokens: list[int]) -> int:
    """The longest stretch that comes again without overlapping itself."""
    best = 0
    for first in range(len(tokens)):
        for again in range(first + 1, len(tokens)):
            size = 0
            while (
                first + size < again
                and again + size < len(tokens)
                and tokens[first + size] == tokens[again + size]
            ):
                size += 1
            best = max(best, size)
    return best if best >= kernels.GRAM else 0


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 1 << 40), max_size=30, unique=True), max_size=5))
def test_documents_said_twice_echo_whole(documents: list[list[int]]) -> None:
    tokens = [token for document in documents for token in (*document, 1 << 50, *document)]
    offsets = np.cumsum([0, *(2 * len(document) + 1 for document in documents)])
    found = kernels.echoes(np.array(tokens, np.uint64), offsets.astype(np.int64))
    expected = [[0, len(d) + 1, len(d)] if len(d) >= kernels.GRAM else [0, 0, 0] for d in documents]
    assert found.tolist() == expected


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(1, 3), max_size=40))
def test_an_echo_is_there_and_no_longer_than_the_longest(tokens: list[int]) -> None:
    offsets = np.array([0, len(tokens)], np.int64)
    [[begin, again, length]] = kernels.echoes(np.array(tokens, np.uint64), offsets).tolist()
    assert tokens[begin : begin + length] == tokens[again : again + length]
    assert begin + length <= again + (length == 0)
    assert length <= plain_echo(tokens)
