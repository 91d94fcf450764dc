"""CSV and TSV, as Python's ``csv`` reads them; the first row names the columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator

import numpy as np

from lineage.model import Reason, Remark
from lineage.shards.arrays import string_array
from lineage.shards.batch import DocumentBatch, Reading
from lineage.shards.columns import flatten
from lineage.shards.compose import compose
from lineage.shards.lines import LineBlocks, Oversized
from lineage.shards.open import Source
from lineage.shards.recipe import ReadingRecipe
from lineage.shards.record import Row, row_of, unparsed_row
from lineage.shards.roles import Roles
from lineage.shards.rows import Numbered, Places, batch_of_columns, batch_of_rows
from lineage.shards.strict import BOM, excerpts

_BATCH_BYTES = 1 << 20
_OTHER_DELIMITERS = "\t;|"
_LARGEST_FIELD = (1 << 31) - 1


def read_csv(source: Source, recipe: ReadingRecipe) -> Iterator[DocumentBatch]:
    """Batches of rows with commas; with tabs, ``;`` or ``|`` if the first line has no comma."""
    yield from _CsvRows(source, recipe, "").batches()


def read_tsv(source: Source, recipe: ReadingRecipe) -> Iterator[DocumentBatch]:
    """Batches of rows with tabs."""
    yield from _CsvRows(source, recipe, "\t").batches()


class _Lines:
    """Lines of the stream for ``csv.reader``, with what it took for the current record.

    Bytes that are not UTF-8 become lone surrogates, so that quotes and delimiters stay in place.
    """

    def __init__(self, source: Source, limit: int) -> None:
        self._blocks = iter(LineBlocks(source, limit))
        self._lines: Iterator[bytes] = iter(())
        self._limit = limit
        self._ahead: bytes | None = None
        self._next_offset = 0
        self.oversized: Oversized | None = None
        self.finished = False
        self.begin()

    def begin(self) -> None:
        """A new record starts with the next line."""
        self.offset = self._next_offset
        self.raw: list[str] = []
        self.bytes = 0
        self.invalid = self.too_large = False

    def peek(self) -> str:
        """First line, which ``next`` will give again; empty if there is none."""
        self._ahead = self._line()
        if self._ahead and self._ahead.startswith(BOM):
            self._ahead = self._ahead[len(BOM) :]
            self._next_offset = self.offset = len(BOM)
        return (self._ahead or b"").decode(errors="replace")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Next line; stops within a record that grows too large, as if the file ended there."""
        if self.bytes > self._limit:
            self.too_large = True
            raise StopIteration
        line, self._ahead = self._ahead or self._line(), None
        if line is None:
            raise StopIteration
        self.bytes += len(line)
        self._next_offset += len(line)
        try:
            text = line.decode()
        except UnicodeDecodeError:
            self.invalid = True
            text = line.decode(errors="surrogateescape")
        self.raw.append(text)
        return text

    def _line(self) -> bytes | None:
        while (line := next(self._lines, None)) is None:
            if self.oversized is not None:
                return None
            block = next(self._blocks, None)
            if block is None:
                self.finished = True
                return None
            if isinstance(block, Oversized):
                self.oversized = block
                self._next_offset = block.offset + len(block.data)
                return None
            self._next_offset = block.offset
            self._lines = iter(bytes(block.data[: block.size]).splitlines(keepends=True))
        return line


class _CsvRows:
    """Reads one stream; holds the rows of the batch that is being filled."""

    def __init__(self, source: Source, recipe: ReadingRecipe, delimiter: str) -> None:
        self._limit = recipe.limits.record_bytes
        self._lines = _Lines(source, self._limit)
        self._delimiter = delimiter
        self._roles = Roles(recipe.roles)
        self._names: list[str] = []
        self._repeated: list[str] = []
        self._told = False
        self._records = self._given = 0
        self._clean: list[tuple[int, int, list[str]]] = []
        self._rows: list[Numbered] = []
        self._remarks: list[Remark] = []

    def batches(self) -> Iterator[DocumentBatch]:
        """Iterate once."""
        # The module's default limit of 128 KiB a field is a global of the process.
        csv.field_size_limit(_LARGEST_FIELD)
        first = self._lines.peek()
        reader = csv.reader(self._lines, delimiter=self._delimiter or _delimiter(first))
        if self._lines.offset:
            detail = "starts with a byte order mark"
            self._remarks.append(Remark(0, 0, Reason.BOM, detail, False))
        size = 0
        while not self._lines.finished:
            self._lines.begin()
            self._next(reader)
            size += self._lines.bytes
            if size >= _BATCH_BYTES or self._lines.oversized:
                yield from self._batch()
                size = 0
        yield from self._batch()

    def _batch(self) -> Iterator[DocumentBatch]:
        if self._lines.oversized is not None:
            self._oversized(self._lines.oversized)
            self._lines.oversized = None
        records = self._records - self._given
        if self._clean and not self._rows:
            yield self._columns(records)
        elif self._rows or self._remarks:
            rows = self._rows + [
                Numbered(number, offset, Reading.DOCUMENT, self._row(cells))
                for number, offset, cells in self._clean
            ]
            rows.sort(key=lambda numbered: numbered.record)
            yield batch_of_rows(rows, records, self._remarks)
        self._clean, self._rows, self._remarks, self._given = [], [], [], self._records

    def _columns(self, records: int) -> DocumentBatch:
        """Batch of clean rows only, column by column: as by rows, and several times faster."""
        offsets = np.array([offset for _, offset, _ in self._clean], dtype=np.int64)
        cells = zip(*(cells for _, _, cells in self._clean), strict=True)
        flat = flatten(self._names, [string_array(column) for column in cells], self._roles)
        composed = compose(flat.claimed, flat.others, records)
        places = Places.of_documents(self._given, offsets)
        return batch_of_columns(composed, places, records, self._remarks)

    def _next(self, reader: Iterator[list[str]]) -> None:
        lines = self._lines
        try:
            cells = next(reader, None)
        except csv.Error as error:
            self._quarantine(Reason.MALFORMED, str(error))
            return
        if lines.too_large or (lines.oversized and lines.bytes):
            self._quarantine(Reason.TOO_LARGE, f"longer than {self._limit} bytes, or unclosed")
        elif lines.finished and lines.bytes:
            self._quarantine(Reason.TRUNCATED, "the file ends inside quotes")
        elif cells and not self._names:
            self._header(cells)
        elif cells:
            self._record(cells)

    def _header(self, cells: list[str]) -> None:
        self._names = [_readable(cell) for cell in cells]
        self._repeated = sorted(name for name, n in Counter(self._names).items() if n > 1)

    def _record(self, cells: list[str]) -> None:
        if len(cells) != len(self._names):
            detail = f"{len(cells)} cells under {len(self._names)} names"
            self._quarantine(Reason.RAGGED, detail, "\n".join(filter(None, cells)))
            return
        if self._lines.bytes > self._limit:
            self._quarantine(Reason.TOO_LARGE, f"longer than {self._limit} bytes")
            return
        if self._lines.invalid:
            self._remark(Reason.INVALID_UTF8, "bytes that are not UTF-8", quarantined=True)
            self._readings(Reading.SALVAGED, [_readable(cell) for cell in cells])
        elif self._repeated:
            self._readings(Reading.DOCUMENT, cells)
        else:
            self._clean.append((self._records, self._lines.offset, cells))
        self._records += 1

    def _row(self, cells: list[str]) -> Row:
        return row_of(dict(zip(self._names, cells, strict=True)), self._roles)

    def _readings(self, reading: Reading, cells: list[str]) -> None:
        """The row, and what those read who keep the first of equal names."""
        row = self._row(cells)
        self._add(reading, row)
        if not self._repeated:
            return
        pairs = zip(reversed(self._names), reversed(cells), strict=True)
        other = row_of(dict(pairs), self._roles)
        if not other.like(row):
            self._add(Reading.OTHER, other)
        if not self._told:
            self._told = True
            detail = f"columns {', '.join(self._repeated)} occur twice"[:200]
            readings = excerpts(row.summary, other.summary)
            self._remark(Reason.DUPLICATE_KEY, detail, quarantined=False, readings=readings)

    def _quarantine(self, reason: Reason, detail: str, text: str | None = None) -> None:
        self._remark(reason, detail, quarantined=True)
        text = "".join(self._lines.raw) if text is None else text
        self._add(Reading.SALVAGED, unparsed_row(_readable(text)))
        self._records += 1

    def _oversized(self, piece: Oversized) -> None:
        if piece.first:
            detail = f"longer than {self._limit} bytes"
            remark = Remark(self._records, piece.offset, Reason.TOO_LARGE, detail, True)
            self._remarks.append(remark)
            self._records += 1
        row = unparsed_row(piece.data.decode(errors="replace"))
        number = self._records - 1
        self._rows.append(Numbered(number, piece.offset, Reading.SALVAGED, row))

    def _add(self, reading: Reading, row: Row) -> None:
        self._rows.append(Numbered(self._records, self._lines.offset, reading, row))

    def _remark(
        self,
        reason: Reason,
        detail: str,
        *,
        quarantined: bool,
        readings: tuple[tuple[str, str], ...] = (),
    ) -> None:
        offset = self._lines.offset
        self._remarks.append(Remark(self._records, offset, reason, detail, quarantined, readings))


def _delimiter(header: str) -> str:
    if "," in header:
        return ","
    return max(_OTHER_DELIMITERS, key=header.count) if header else ","


def _readable(text: str) -> str:
    """Text with U+FFFD for bytes that were not UTF-8."""
    return (
        text if text.isascii() else text.encode(errors="surrogateescape").decode(errors="replace")
    )
