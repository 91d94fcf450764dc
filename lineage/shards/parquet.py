"""Parquet, a few rows at a time; columns of any type through ``columns.py``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lineage.errors import ReadingError
from lineage.model import Reason, Remark
from lineage.shards.arrays import Int64, Mask, byte_lengths
from lineage.shards.batch import DocumentBatch, Reading
from lineage.shards.columns import flatten
from lineage.shards.compose import UNREAD, Composed, compose
from lineage.shards.recipe import ReadingRecipe
from lineage.shards.record import Row, row_of
from lineage.shards.roles import Roles
from lineage.shards.rows import Numbered, Places, add_fields, batch_of_columns, batch_of_rows
from lineage.shards.strict import excerpts

_BATCH_BYTES = 4 << 20
_MOST_ROWS = 16384
_BROKEN = (pa.ArrowException, OSError, ValueError)
"""What Arrow raises on damaged files; ValueError for metadata that makes no sense."""


class ParquetRows:
    """Rows of one file."""

    def __init__(self, file: Path, recipe: ReadingRecipe) -> None:
        """Read the footer. ReadingError where there is none that makes sense."""
        self._roles = Roles(recipe.roles)
        self._limit = recipe.limits.record_bytes
        self._records = 0
        try:
            self._file = pq.ParquetFile(file)
            names = self._file.schema_arrow.names
        except _BROKEN as error:
            raise ReadingError(f"{file} is not a parquet file, or is damaged: {error}") from error
        self._repeated = sorted(name for name, n in Counter(names).items() if n > 1)
        self._folders = [
            (name, value)
            for name, value in re.findall(r"([^/=]+)=([^/]*)/", file.as_posix())
            if name in names
        ]

    def batches(self) -> Iterator[DocumentBatch]:
        """Iterate once; ReadingError where the file is damaged in the middle."""
        try:
            for group in self._groups():
                for part in _slices(group):
                    batch = self._batch(part)
                    self._records += batch.records
                    yield batch
        except _BROKEN as error:
            detail = f"damaged after record {self._records}: {error}"
            raise ReadingError(detail) from error
        finally:
            self._file.close()

    def _groups(self) -> Iterator[pa.RecordBatch]:
        """Rows by row group, for a damaged group must not cost the one before it."""
        rows = _rows_a_batch(self._file.metadata)
        for number in range(self._file.num_row_groups):
            yield from self._file.iter_batches(rows, row_groups=[number], use_threads=False)

    def _batch(self, group: pa.RecordBatch) -> DocumentBatch:
        names, arrays = group.schema.names, list(group.columns)
        last = {name: i for i, name in enumerate(names)}
        first = {name: len(names) - 1 - i for i, name in enumerate(reversed(names))}
        try:
            for array in arrays:
                array.validate(full=True)
        except pa.ArrowInvalid:
            return self._by_rows(names, arrays)
        composed = self._compose(last, arrays, len(group))
        if int(byte_lengths(composed.text).max(initial=0)) > self._limit:
            return self._by_rows(names, arrays)
        remarks = self._folder_remarks(composed)
        offset = np.full(len(group), -1, dtype=np.int64)
        places = Places.of_documents(self._records, offset)
        if not self._repeated:
            return batch_of_columns(composed, places, len(group), remarks)
        other = self._compose(first, arrays, len(group))
        if self._records == 0:
            remarks += _repeated_remark(self._repeated, composed, other)
        return _with_other(composed, other, places.record, remarks)

    def _compose(self, columns: dict[str, int], arrays: list[pa.Array], rows: int) -> Composed:
        chosen = [arrays[i] for i in columns.values()]
        flat = flatten(list(columns), chosen, self._roles)
        composed = compose(flat.claimed, flat.others, rows)
        unread = {(path, UNREAD): size for path, size in flat.unread.items() if size}
        add_fields(composed.fields, unread)
        return composed

    def _folder_remarks(self, composed: Composed) -> list[Remark]:
        """A folder named ``text=...`` replaces the column of that name in some readers."""
        if self._records or not self._folders:
            return []
        name, value = self._folders[-1]
        column = _excerpt(composed.text[0].as_py()) if len(composed.text) else ""
        detail = f"folder {name}={value} replaces the column {name} in some readers"[:200]
        readings = (("column", column), ("folder", _excerpt(value)))
        return [Remark(0, -1, Reason.DUPLICATE_KEY, detail, False, readings)]

    def _by_rows(self, names: list[str], arrays: list[pa.Array]) -> DocumentBatch:
        """Record by record, for strings that are not UTF-8 or too long."""
        objects = [_as_bytes(array).to_pylist() for array in arrays]
        rows: list[Numbered] = []
        remarks: list[Remark] = []
        for i, values in enumerate(zip(*objects, strict=True)):
            decoder = _Decoder()
            row = row_of(decoder.decode(dict(zip(names, values, strict=True))), self._roles)
            number = self._records + i
            reason = Reason.INVALID_UTF8 if decoder.replaced else self._too_large(row)
            reading = Reading.SALVAGED if reason else Reading.DOCUMENT
            if reason:
                remarks.append(Remark(number, -1, reason, "in a string column", True))
            rows.append(Numbered(number, -1, reading, row))
        return batch_of_rows(rows, len(rows), remarks)

    def _too_large(self, row: Row) -> Reason | None:
        size = sum(len(text) for text, _ in row.claimed.values()) + len(row.other or "")
        return Reason.TOO_LARGE if size > self._limit else None


class _Decoder:
    """Bytes of a row's values as text; remembers whether any were not UTF-8."""

    def __init__(self) -> None:
        self.replaced = False

    def decode(self, value: Any) -> Any:
        """The value with ``str`` for bytes, at any depth."""
        if isinstance(value, bytes):
            try:
                return value.decode()
            except UnicodeDecodeError:
                self.replaced = True
                return value.decode(errors="replace")
        if isinstance(value, dict):
            return {key: self.decode(item) for key, item in value.items()}
        return [self.decode(item) for item in value] if isinstance(value, list | tuple) else value


def _as_bytes(array: pa.Array) -> pa.Array:
    """The same with binary for strings, which Arrow would refuse to decode."""
    return array.cast(_binary_type(array.type)) if _has_strings(array.type) else array


def _has_strings(kind: pa.DataType) -> bool:
    if pa.types.is_nested(kind):
        return any(_has_strings(kind.field(i).type) for i in range(kind.num_fields))
    return bool(pa.types.is_dictionary(kind) or _is_string(kind))


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _binary_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_binary_type(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(_binary_type(kind.key_type), _binary_type(kind.item_type))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.large_list(_binary_type(kind.value_type))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_binary_type(kind.value_type), kind.list_size)
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.large_binary() if _is_string(kind) else kind


def _rows_a_batch(metadata: pq.FileMetaData) -> int:
    size: int = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    each = max(1, size // max(1, int(metadata.num_rows)))
    return max(1, min(_MOST_ROWS, _BATCH_BYTES // each))


def _slices(group: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Parts of about the size of a batch; dictionaries unfold to more than metadata says."""
    parts = max(1, group.nbytes // (2 * _BATCH_BYTES))
    step = max(1, -(-len(group) // parts))
    for start in range(0, len(group), step):
        yield group.slice(start, step)


def _excerpt(text: str) -> str:
    return text[:200]


def _repeated_remark(names: list[str], last: Composed, first: Composed) -> list[Remark]:
    """One remark a shard: it is the schema that is irregular, in the same way for every row."""
    differing = np.flatnonzero(_differing(last, first))
    row = int(differing[0]) if len(differing) else 0
    pair = [f"{c.text[row].as_py()}\n{c.leaves[row].as_py()}" for c in (last, first)]
    detail = f"columns {', '.join(names)} occur twice"[:200]
    return [Remark(row, -1, Reason.DUPLICATE_KEY, detail, False, excerpts(pair[0], pair[1]))]


def _differing(last: Composed, first: Composed) -> Mask:
    text = pc.not_equal(last.text, first.text)
    leaves = pc.not_equal(last.leaves, first.leaves)
    different: Mask = np.asarray(text) | np.asarray(leaves)
    return different


def _with_other(
    last: Composed, first: Composed, number: Int64, remarks: list[Remark]
) -> DocumentBatch:
    """Documents, each followed by its other reading where that differs."""
    rows = np.flatnonzero(_differing(last, first))
    order = np.argsort(np.concatenate([np.arange(len(number)), rows]), kind="stable")
    nulls = {role: pa.nulls(len(number), last.text.type) for role in {*last.roles, *first.roles}}

    def both(a: pa.Array, b: pa.Array) -> pa.Array:
        return pa.concat_arrays([a, b.take(pa.array(rows))]).take(pa.array(order))

    composed = Composed(
        both(last.text, first.text),
        both(last.leaves, first.leaves),
        {
            role: both(last.roles.get(role, null), first.roles.get(role, null))
            for role, null in sorted(nulls.items())
        },
        last.fields,
    )
    records = np.concatenate([number, number[rows]])[order]
    reading = np.where(order < len(number), Reading.DOCUMENT, Reading.OTHER).astype(np.uint8)
    offset = np.full(len(order), -1, dtype=np.int64)
    return batch_of_columns(composed, Places(records, offset, reading), len(number), remarks)
