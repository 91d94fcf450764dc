"""Small operations on string columns, all vectorised; "absent" is null, and so is empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

STRING = pa.large_string()
NEWLINE = pa.scalar("\n", STRING)
_NULL = pa.scalar(None, STRING)

Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def byte_lengths(strings: pa.LargeStringArray) -> Int64:
    """int64[n]: UTF-8 lengths; undefined for nulls."""
    offsets = _offsets(strings)
    return offsets[1:] - offsets[:-1]


def _offsets(strings: pa.LargeStringArray) -> Int64:
    buffer = strings.buffers()[1]
    if not buffer:
        return np.zeros(1, dtype=np.int64)
    offsets = np.frombuffer(buffer, dtype=np.int64)
    return offsets[strings.offset : strings.offset + len(strings) + 1]


def total_bytes(strings: pa.LargeStringArray) -> int:
    """Sum of the UTF-8 lengths."""
    if strings.null_count:
        return int(pc.sum(pc.binary_length(strings)).as_py() or 0)
    offsets = _offsets(strings)
    return int(offsets[-1] - offsets[0])


def present(strings: pa.LargeStringArray) -> Mask:
    """bool[n]: where a value is neither null nor empty."""
    lengths = byte_lengths(strings)
    if strings.null_count == 0:
        return lengths > 0
    return np.asarray(strings.is_valid()) & (lengths > 0)


def empties_to_null(strings: pa.LargeStringArray) -> pa.LargeStringArray:
    """The same with null for empty strings."""
    if strings.null_count == 0 and byte_lengths(strings).all():
        return strings
    mask = present(strings)
    full = np.count_nonzero(mask) == len(strings) - strings.null_count
    return strings if full else keep(strings, mask)


def keep(strings: pa.LargeStringArray, mask: Mask) -> pa.LargeStringArray:
    """The same with null where ``mask`` is false."""
    return pc.if_else(pa.array(mask), strings, _NULL)


def coalesce(arrays: Sequence[pa.LargeStringArray]) -> pa.LargeStringArray:
    """First non-null value of each row."""
    return arrays[0] if len(arrays) == 1 else pc.coalesce(*arrays)


def join_columns(arrays: Sequence[pa.LargeStringArray], rows: int) -> pa.LargeStringArray:
    """Values of each row joined by newlines; nulls are left out; empty, not null, for none."""
    if not arrays:
        return pa.array([""] * rows, STRING)
    if len(arrays) == 1:
        return arrays[0].fill_null("") if arrays[0].null_count else arrays[0]
    joined = pc.binary_join_element_wise(*arrays, NEWLINE, null_handling="skip")
    return joined if len(joined) == rows else _with_empty_rows(joined, arrays)


def _with_empty_rows(
    joined: pa.LargeStringArray, arrays: Sequence[pa.LargeStringArray]
) -> pa.LargeStringArray:
    """Put back the rows without any value, which Arrow (26 and before) leaves out when joining."""
    any_value = np.zeros(len(arrays[0]), dtype=np.bool_)
    for array in arrays:
        any_value |= np.asarray(array.is_valid())
    kept = np.concatenate(([0], np.cumsum(any_value, dtype=np.int64)))
    offsets = pa.py_buffer(_offsets(joined)[kept])
    return pa.LargeStringArray.from_buffers(len(any_value), offsets, joined.buffers()[2])


def join_present(arrays: Sequence[pa.LargeStringArray], rows: int) -> pa.LargeStringArray:
    """As ``join_columns``, but null for rows without any value."""
    if len(arrays) == 1:
        return arrays[0]
    return empties_to_null(join_columns(arrays, rows))


def join_lists(values: pa.LargeStringArray, offsets: Int64) -> pa.LargeStringArray:
    """Join ``values[offsets[i]:offsets[i + 1]]`` by newlines, for each i; null for no value."""
    if values.null_count:
        valid = np.asarray(values.is_valid())
        kept = np.concatenate(([0], np.cumsum(valid, dtype=np.int64)))
        offsets, values = kept[offsets], values.drop_null()
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), values)
    return keep(pc.binary_join(lists, NEWLINE), np.diff(offsets) > 0)


def is_utf8(data: memoryview | bytes) -> bool:
    """Whether bytes are valid UTF-8, checked by Arrow without the interpreter's lock."""
    ends = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def string_array(values: Sequence[Any]) -> pa.LargeStringArray:
    """large_string[n] of Python strings and None."""
    return pa.array(values, STRING)
