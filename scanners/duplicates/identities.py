"""Document identities as pairs of 64-bit integers: look-up in a sorted table, and their hex."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.model import identity_name

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]


def table_of(frame: pl.DataFrame) -> U64:
    """Distinct identities of columns ``doc_hi`` and ``doc_lo`` as uint64[m, 2], rows sorted."""
    distinct = frame.select("doc_hi", "doc_lo").unique().sort("doc_hi", "doc_lo")
    return np.ascontiguousarray(distinct.to_numpy().astype(np.uint64, copy=False).reshape(-1, 2))


def positions(table: U64, sought: U64) -> I64:
    """Row of each of ``sought`` uint64[n, 2] in ``table`` uint64[m, 2] (rows sorted), or -1."""
    found = np.full(len(sought), -1, dtype=np.int64)
    if len(table) == 0 or len(sought) == 0:
        return found
    high = np.ascontiguousarray(table[:, 0])
    at = np.searchsorted(high, sought[:, 0], side="left")
    end = np.searchsorted(high, sought[:, 0], side="right")
    while (open_ := (found < 0) & (at < end)).any():
        rows = np.flatnonzero(open_)
        hit = table[at[rows], 1] == sought[rows, 1]
        found[rows[hit]] = at[rows[hit]]
        at[rows] += 1
    return found


def hexes(table: U64) -> list[str]:
    """Identities as 32 hex digits each."""
    return [identity_name(high, low) for high, low in table.tolist()]
