"""One text for a number, whichever reader met it.

Integers are written in decimals. Floats without fraction below 2**53 are written as integers,
so that a column of mixed numbers reads the same through any type; others as Python's ``repr``.
"""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.shards.arrays import STRING, string_array

EXACT = 2.0**53
"""Floats below have every integer; from here on a float cannot tell what was written."""

NUMBER_BYTES = 8
"""What an unread number counts in coverage; a boolean counts one byte."""


def float_text(value: float) -> str:
    """Canonical text of a float."""
    if math.isfinite(value):
        return str(int(value)) if abs(value) < EXACT and value == int(value) else repr(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124


def number_texts(array: pa.Array) -> pa.LargeStringArray:
    """Canonical texts of an Arrow array of numbers, booleans, decimals, dates or times."""
    if not pa.types.is_floating(array.type):
        return array.cast(STRING)
    values = array.cast(pa.float64())
    plain = pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False)
    if bool(np.all((np.abs(plain) < EXACT) & (plain == np.trunc(plain)))):
        return values.cast(pa.int64()).cast(STRING)
    return string_array([None if v is None else float_text(v) for v in values.to_pylist()])


def unread_bytes(array: pa.Array) -> int:
    """What values that are not text count in coverage."""
    if pa.types.is_null(array.type):
        return 0
    if pa.types.is_large_binary(array.type) or pa.types.is_binary(array.type):
        return int(pc.sum(pc.binary_length(array)).as_py() or 0)
    width = 1 if pa.types.is_boolean(array.type) else NUMBER_BYTES
    return width * (len(array) - int(array.null_count))
