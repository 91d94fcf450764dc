"""How many rows of a parquet row group may be decoded at once, whatever its metadata promises.

A dictionary page holds a value once, however many rows repeat it: the sizes in the footer say
nothing of what the rows come to. So the dictionaries are looked at before the rows are read.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

DECODED_BYTES = 128 << 20
"""Bound on the strings of one decoded batch, if all its rows held the widest values."""

_DELTA_WIDTH = 1 << 20
"""Values that are written as changes to the one before count as no wider than this."""


def bounded_rows(file: Path, metadata: pq.FileMetaData, group: int, rows: int) -> int:
    """``rows``, or as many fewer (at least one) as keep a batch of a row group in bounds.

    Raises what Arrow raises on damaged files.
    """
    _first_row(file, group)
    chunks = _repeating(metadata.row_group(group))
    if not chunks:
        return rows
    total = max(1, metadata.row_group(group).num_rows)
    most: int = max(-(-chunk.num_values // total) for chunk in chunks)
    width: int = sum(chunk.total_uncompressed_size for chunk in chunks)
    if rows * most * width > DECODED_BYTES:
        width = _widest(file, chunks, group)
    return max(1, min(rows, DECODED_BYTES // max(1, most * width)))


def _first_row(file: Path, group: int) -> None:
    """Read one row: Arrow ends the process where Python asks for metadata of column chunks that
    contradict themselves; its reader raises an error instead."""
    with pq.ParquetFile(file, buffer_size=1 << 16, pre_buffer=False) as opened:
        next(opened.iter_batches(1, row_groups=[group], use_threads=False), None)


def _repeating(group: pq.RowGroupMetaData) -> list[pq.ColumnChunkMetaData]:
    """Column chunks of strings whose encoding lets few bytes stand for many."""
    chunks = [group.column(i) for i in range(group.num_columns)]
    return [c for c in chunks if c.physical_type == "BYTE_ARRAY" and (_listed(c) or _delta(c))]


def _listed(chunk: pq.ColumnChunkMetaData) -> bool:
    # Not ``has_dictionary_page``: a footer may leave that out, and readers find the page.
    return any("DICTIONARY" in encoding for encoding in chunk.encodings) or bool(
        chunk.has_dictionary_page
    )


def _delta(chunk: pq.ColumnChunkMetaData) -> bool:
    return "DELTA_BYTE_ARRAY" in chunk.encodings


def _widest(file: Path, chunks: list[pq.ColumnChunkMetaData], group: int) -> int:
    """Bytes of the widest values of all chunks together."""
    delta: int = sum(min(c.total_uncompressed_size, _DELTA_WIDTH) for c in chunks if _delta(c))
    names = [chunk.path_in_schema for chunk in chunks if _listed(chunk)]
    if not names:
        return delta
    opened = pq.ParquetFile(file, read_dictionary=names, buffer_size=1 << 16, pre_buffer=False)
    with opened:
        # One row brings the whole dictionary of its chunk with it.
        first = next(opened.iter_batches(1, row_groups=[group], columns=names, use_threads=False))
    return delta + sum(map(_width, first.columns))


def _width(array: pa.Array) -> int:
    """Bytes of the widest values in the dictionaries of a column, nested ones included."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return int(pc.max(pc.binary_length(array.dictionary)).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(_width(array.field(i)) for i in range(kind.num_fields))
    if pa.types.is_map(kind):
        return _width(array.keys) + _width(array.items)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _width(array.values)
    return 0
