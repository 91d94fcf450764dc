"""Parquet, a few rows at a time; columns of any type through ``columns.py``."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lineage.errors import ReadingError
from lineage.model import CONTENT_ROLES, Reason, Remark
from lineage.shards.arrays import Int64, Mask, byte_lengths
from lineage.shards.batch import DocumentBatch, Reading
from lineage.shards.columns import flatten
from lineage.shards.compose import UNREAD, Composed, compose
from lineage.shards.folders import replaced
from lineage.shards.locate import folder_values
from lineage.shards.open import is_of_machine
from lineage.shards.raw import Decoder, as_bytes
from lineage.shards.recipe import ReadingRecipe
from lineage.shards.record import Row, row_of
from lineage.shards.roles import Roles
from lineage.shards.rows import Numbered, Places, add_fields, batch_of_columns, batch_of_rows
from lineage.shards.strict import excerpts
from lineage.shards.widest import bounded_rows

_LOG = logging.getLogger(__name__)
_BATCH_BYTES = 4 << 20
_MOST_ROWS = 16384
_BROKEN = (pa.ArrowException, OSError, ValueError)
"""What Arrow raises on damaged files; ValueError for metadata that makes no sense."""


class ParquetRows:
    """Rows of one file."""

    def __init__(self, file: Path, recipe: ReadingRecipe) -> None:
        """Read the footer. ReadingError where there is none that makes sense."""
        self._path = file
        self._roles = Roles(recipe.roles)
        self._limit = recipe.limits.record_bytes
        self._records = 0
        try:
            self._file = pq.ParquetFile(file)
            names = self._file.schema_arrow.names
        except _BROKEN as error:
            if is_of_machine(error):
                raise
            raise ReadingError(f"{file} is not a parquet file, or is damaged: {error}") from error
        self._repeated = sorted(name for name, n in Counter(names).items() if n > 1)
        folders = folder_values(file)
        self._folders = {name: folders[name] for name in names if name in folders}

    def batches(self) -> Iterator[DocumentBatch]:
        """Iterate once; ReadingError where the file is damaged in the middle."""
        try:
            for group in self._groups():
                for part in _slices(group):
                    batch = self._batch(part)
                    self._records += batch.records
                    yield batch
        except _BROKEN as error:
            if is_of_machine(error):
                raise
            detail = f"damaged after record {self._records}: {error}"
            raise ReadingError(detail) from error
        finally:
            self._file.close()

    def _groups(self) -> Iterator[pa.RecordBatch]:
        """Rows by row group, for a damaged group must not cost the one before it."""
        most = _rows_a_batch(self._file.metadata)
        for number in range(self._file.num_row_groups):
            rows = bounded_rows(self._path, self._file.metadata, number, most)
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
        other = self._compose(first, arrays, len(group)) if self._repeated else composed
        if composed is None or other is None:
            return self._by_rows(names, arrays)
        if int(byte_lengths(composed.text).max(initial=0)) > self._limit:
            return self._by_rows(names, arrays)
        remarks = self._folder_remarks(last, arrays)
        offset = np.full(len(group), -1, dtype=np.int64)
        places = Places.of_documents(self._records, offset)
        if not self._repeated:
            return batch_of_columns(composed, places, len(group), remarks)
        if self._records == 0:
            remarks.append(_repeated_remark(self._repeated, *_first_difference(composed, other)))
        return _with_other(composed, other, places.record, remarks)

    def _compose(
        self, columns: dict[str, int], arrays: list[pa.Array], rows: int
    ) -> Composed | None:
        """Columns of a batch; None where only a reading row by row does them justice."""
        chosen = [arrays[i] for i in columns.values()]
        try:
            flat = flatten(list(columns), chosen, self._roles)
            composed = compose(flat.claimed, flat.others, rows)
        except pa.ArrowException:
            _LOG.debug("a batch is read row by row", exc_info=True)
            return None
        if flat.broken:
            return None
        unread = {(path, UNREAD): size for path, size in flat.unread.items() if size}
        add_fields(composed.fields, unread)
        return composed

    def _folder_remarks(self, columns: dict[str, int], arrays: list[pa.Array]) -> list[Remark]:
        """A folder named ``text=...`` replaces the column of that name in some readers.

        One remark a shard, at the first row that differs; with readings if documents change.
        """
        remarks = []
        for name, value in list(self._folders.items()):
            place = replaced(arrays[columns[name]], value)
            if place is None:
                continue
            del self._folders[name]
            detail = f"folder {name}={value} replaces the column {name} in some readers"[:200]
            readings = (("column", _excerpt(place.text)), ("folder", _excerpt(value)))
            number = self._records + place.row
            shown = readings if self._is_content(name) else ()
            remarks.append(Remark(number, -1, Reason.DUPLICATE_KEY, detail, False, shown))
        return remarks

    def _is_content(self, name: str) -> bool:
        slot, _ = self._roles.slot((name,))
        return self._roles.is_chat((name,)) or (slot is not None and slot.role in CONTENT_ROLES)

    def _by_rows(self, names: list[str], arrays: list[pa.Array]) -> DocumentBatch:
        """Record by record, for strings that are not UTF-8 or too long."""
        objects = [as_bytes(array).to_pylist() for array in arrays]
        kinds = [array.type for array in arrays]
        rows: list[Numbered] = []
        remarks = self._folder_remarks({name: i for i, name in enumerate(names)}, arrays)
        for number, values in enumerate(zip(*objects, strict=True), start=self._records):
            decoder = Decoder(self._roles)
            decoded = map(decoder.decode, values, kinds, [(name,) for name in names])
            cells = list(zip(names, decoded, strict=True))
            row = row_of(dict(cells), self._roles)
            reason = Reason.INVALID_UTF8 if decoder.replaced else self._too_large(row)
            reading = Reading.SALVAGED if reason else Reading.DOCUMENT
            if reason:
                remarks.append(Remark(number, -1, reason, "in a string column", True))
            rows.append(Numbered(number, -1, reading, row))
            if self._repeated:
                first = row_of(dict(reversed(cells)), self._roles)
                if number == 0:
                    remarks.append(_repeated_remark(self._repeated, 0, row.summary, first.summary))
                if not first.like(row):
                    rows.append(Numbered(number, -1, Reading.OTHER, first))
        remarks.sort(key=lambda remark: remark.record)
        return batch_of_rows(rows, len(arrays[0]), remarks)

    def _too_large(self, row: Row) -> Reason | None:
        size = sum(len(text) for text, _ in row.claimed.values()) + len(row.other or "")
        return Reason.TOO_LARGE if size > self._limit else None


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


def _first_difference(last: Composed, first: Composed) -> tuple[int, str, str]:
    """Row, and what both readings of it say; the first row where none differs."""
    row = int(np.argmax(_differing(last, first)))
    both = [f"{c.text[row].as_py()}\n{c.leaves[row].as_py()}" for c in (last, first)]
    return row, both[0], both[1]


def _repeated_remark(names: list[str], row: int, last: str, first: str) -> Remark:
    """One remark a shard: it is the schema that is irregular, in the same way for every row."""
    detail = f"columns {', '.join(names)} occur twice"[:200]
    return Remark(row, -1, Reason.DUPLICATE_KEY, detail, False, excerpts(last, first))


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
