"""JSON, one object a line: blocks through Arrow's parser, what it refuses through a strict one."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from lineage.model import Reason, Remark
from lineage.shards.arrays import Int64, is_utf8
from lineage.shards.batch import DocumentBatch, Reading
from lineage.shards.columns import flatten
from lineage.shards.compose import compose
from lineage.shards.lines import BLOCK, Block, LineBlocks, Oversized
from lineage.shards.numbers import EXACT
from lineage.shards.open import Source
from lineage.shards.recipe import ReadingRecipe
from lineage.shards.record import unparsed_row
from lineage.shards.roles import Roles
from lineage.shards.rows import Numbered, Places, add_fields, batch_of_columns, batch_of_rows
from lineage.shards.schema import Shape
from lineage.shards.strict import BOM, StrictJson

_LOG = logging.getLogger(__name__)

_SMALLEST = 64 << 10
"""A refused block is tried again in quarters, down to this size, so that one bad record does not
send two megabytes through the strict reader."""

_NEWLINE, _RETURN, _OPEN, _CLOSE = b"\n\r{}"
_BLANK = b" \t\r"


def read_jsonl(source: Source, recipe: ReadingRecipe) -> Iterator[DocumentBatch]:
    """Batches of a stream, in order; bytes that are no document are quarantined in them."""
    yield from JsonLines(source, recipe).batches()


class JsonLines:
    """Reads one stream."""

    def __init__(
        self, source: Source, recipe: ReadingRecipe, *, fast: bool = True, smallest: int = _SMALLEST
    ) -> None:
        """``fast`` false reads all strictly; the batches hold the same rows."""
        self._source = source
        self._limits = recipe.limits
        self._roles = Roles(recipe.roles)
        self._strict = StrictJson(self._roles, recipe.limits)
        self._fast = fast
        self._shape = Shape()
        self._smallest = self._step = smallest
        self.parsed_fast = 0
        self._records = 0

    def batches(self) -> Iterator[DocumentBatch]:
        """Iterate once."""
        for block in LineBlocks(self._source, self._limits.record_bytes):
            if isinstance(block, Oversized):
                yield self._oversized(block)
            else:
                yield from self._block(block)

    def _oversized(self, piece: Oversized) -> DocumentBatch:
        remarks = []
        if piece.first:
            detail = f"longer than {self._limits.record_bytes} bytes"
            remarks = [Remark(self._records, piece.offset, Reason.TOO_LARGE, detail, True)]
            self._records += 1
        row = unparsed_row(piece.data.decode(errors="replace"))
        numbered = Numbered(self._records - 1, piece.offset, Reading.SALVAGED, row)
        return batch_of_rows([numbered], len(remarks), remarks)

    def _block(self, block: Block) -> Iterator[DocumentBatch]:
        at = 0
        while at < block.size:
            end = _cut(block, at, self._step)
            ended = block.ended or end < block.size
            with memoryview(block.data)[at:end] as data:
                # Arrow's parser takes a NUL for the end of its input.
                doubtful = not self._fast or block.data.find(0, at, end) >= 0
                batch = None if doubtful else self._arrow(data, block.offset + at, ended)
                if batch is not None:
                    self._step = min(self._step * 2, BLOCK)
                    self.parsed_fast += batch.records
                elif self._step > self._smallest and self._shape.schema is not None:
                    self._step = max(self._step // 4, self._smallest)
                    continue
                else:
                    batch = self._strictly(bytes(data), block.offset + at, ended)
            at = end
            self._records += batch.records
            yield batch

    def _strictly(self, data: bytes, offset: int, ended: bool) -> DocumentBatch:
        rows: list[Numbered] = []
        remarks: list[Remark] = []
        number = self._records
        lines = data.split(b"\n")
        for index, line in enumerate(lines):
            # A byte order mark alone is no record either.
            if line.strip(_BLANK).removeprefix(BOM).strip(_BLANK):
                complete = ended or index + 1 < len(lines)
                read = self._strict.read(line.strip(_BLANK), number, offset, ended=complete)
                rows += read.rows
                remarks += read.remarks
                if read.value is not None:
                    self._shape.learn(read.value)
                number += 1
            offset += len(line) + 1
        return batch_of_rows(rows, number - self._records, remarks)

    def _arrow(self, data: memoryview, offset: int, ended: bool) -> DocumentBatch | None:
        """Batch of a block that Arrow reads as the strict reader would; None where in doubt."""
        schema = self._shape.schema
        starts = _line_starts(data, ended, self._limits.record_bytes)
        if schema is None or starts is None or not is_utf8(data):
            return None
        table = _parse(data, schema)
        if table is None or len(table) != len(starts):
            return None
        try:
            return self._composed(table, starts + offset)
        except pa.ArrowException:
            # Whatever Arrow trips over in its own arrays, the strict reader does not meet.
            _LOG.debug("a block is read strictly", exc_info=True)
            return None

    def _composed(self, table: pa.Table, starts: Int64) -> DocumentBatch | None:
        arrays = [column.chunk(0) for column in table.columns]
        if not all(_exact_floats(array) for array in arrays):
            return None
        flat = flatten(table.schema.names, arrays, self._roles)
        composed = compose(flat.claimed, flat.others, len(starts))
        add_fields(composed.fields, {(path, "unread"): n for path, n in flat.unread.items() if n})
        places = Places.of_documents(self._records, starts)
        return batch_of_columns(composed, places, len(starts))


def _cut(block: Block, at: int, step: int) -> int:
    """End of the last line that ends within ``step`` bytes, or of the first line if longer."""
    if block.size - at <= step:
        return block.size
    end = block.data.rfind(b"\n", at, at + step) + 1
    if not end:
        end = block.data.find(b"\n", at + step, block.size) + 1
    return end or block.size


def _line_starts(data: memoryview, ended: bool, limit: int) -> npt.NDArray[np.int64] | None:
    """Start of each line, where each is one ``{...}`` that may be one value; else None.

    With ``rows == lines`` after parsing this makes one value a line certain: inside a value,
    ``}`` newline ``{`` is never valid JSON, so that no value can reach over a line's end.
    """
    array = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(array == _NEWLINE)
    if not ended:
        ends = np.append(ends, len(array))
    if not len(ends):
        return None
    starts = np.concatenate(([0], ends[:-1] + 1))
    last = array[ends - 1]
    if (returns := last == _RETURN).any():
        last = array[np.maximum(ends - 1 - returns, 0)]
    whole = (array[starts] == _OPEN).all() and (last == _CLOSE).all()
    return starts if whole and (ends - starts).max() <= limit else None


def _parse(data: memoryview, schema: pa.Schema) -> pa.Table | None:
    try:
        return pj.read_json(
            pa.py_buffer(data),
            read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pj.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="error"
            ),
        )
    except pa.ArrowException:
        return None


def _exact_floats(array: pa.Array) -> bool:
    """Whether no float may differ from what was written: huge, infinite, or not a number."""
    kind = array.type
    if pa.types.is_struct(kind):
        return all(_exact_floats(array.field(i)) for i in range(kind.num_fields))
    if pa.types.is_list(kind):
        return _exact_floats(array.values)
    if not pa.types.is_floating(kind):
        return True
    values = pc.fill_null(array, 0.0).to_numpy(zero_copy_only=False)
    return bool((np.abs(values) < EXACT).all())
