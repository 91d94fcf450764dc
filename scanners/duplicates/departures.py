"""Where documents of one beginning part."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

U64 = npt.NDArray[np.uint64]

LEAST = 20
"""Tokens that a beginning has in common with another, and that follow it."""
HELD = 256
"""Tokens of a document that are compared."""
STEPS = 2
"""Tokens at the parting that may be what the document leaves at."""
FOLLOWING = 32
"""Tokens behind the parting that are looked for in the other document."""


SCHEMA = {
    "key": pl.UInt64,
    "doc_hi": pl.UInt64,
    "doc_lo": pl.UInt64,
    "token": pl.UInt64,
    "at": pl.UInt32,
    "source": pl.UInt64,
}
"""Columns of a table of departures."""


class Departure(NamedTuple):
    """A document leaves a beginning: its key, the document, the token and its position."""

    key: int
    doc_hi: int
    doc_lo: int
    token: int
    at: int
    source: int


def departures(heads: pl.DataFrame) -> list[Departure]:
    """Departures of all documents with heads, in order of key and document."""
    found: list[Departure] = []
    rows = heads.select("key", "doc_hi", "doc_lo", "head", "source").sort("key", "head")
    for part in rows.partition_by("key", maintain_order=True):
        if part.height > 1:
            found += _of_one_beginning(part)
    return sorted(found)


def _of_one_beginning(part: pl.DataFrame) -> Iterator[Departure]:
    """Sorted by bytes, documents that have most in common are neighbours."""
    heads = [np.frombuffer(head, "<u8") for head in part["head"].to_list()]
    common = [_common(one, other) for one, other in pairwise(heads)]
    for at, (key, high, low, _, source) in enumerate(part.iter_rows()):
        before, behind = common[at - 1] if at else 0, common[at] if at < len(common) else 0
        other, shared = (at - 1, before) if before >= behind else (at + 1, behind)
        own = heads[at]
        if shared < LEAST or len(own) < shared + LEAST:
            continue
        following = own[shared : shared + FOLLOWING]
        again = np.isin(following, heads[other][shared:])
        if 2 * np.count_nonzero(again) < len(following):
            # A beginning that was cut inside of a word ends in a word of its own.
            for step in range(STEPS):
                yield Departure(key, high, low, int(own[shared + step]), shared + step, source)


def _common(one: U64, other: U64) -> int:
    """Tokens that two heads begin with alike."""
    size = min(len(one), len(other))
    differ = np.flatnonzero(one[:size] != other[:size])
    return int(differ[0]) if len(differ) else size
