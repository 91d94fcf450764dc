"""Plain text: a document a file, or a document a line."""

from __future__ import annotations

from collections.abc import Iterator

from lineage.model import Reason, Remark, Role
from lineage.shards.batch import DocumentBatch, Reading
from lineage.shards.lines import LineBlocks, Oversized, pieces
from lineage.shards.open import Source
from lineage.shards.recipe import ReadingRecipe
from lineage.shards.record import Row
from lineage.shards.roles import Slot
from lineage.shards.rows import Numbered, batch_of_rows
from lineage.shards.strict import BOM

_CHUNK = 1 << 20
_SLOT = Slot(Role.TEXT, 0, 0, "(text)")


def read_text(source: Source, recipe: ReadingRecipe) -> Iterator[DocumentBatch]:
    """Batches of a stream of text. An empty file holds no record; blank lines are none either."""
    limit = recipe.limits.record_bytes
    yield from _lines(source, limit) if recipe.lines else _whole(source, limit)


def _whole(source: Source, limit: int) -> Iterator[DocumentBatch]:
    held, rest = _read_to(source, limit + 1)
    if not held:
        return
    if len(held) <= limit:
        rows, remarks = _record(held, 0, 0)
        yield batch_of_rows(rows, 1, remarks)
        return
    detail = f"longer than {limit} bytes"
    remarks = [Remark(0, 0, Reason.TOO_LARGE, detail, True)]
    records = 1
    for stretch in (held, *rest):
        for piece in pieces(stretch):
            salvaged = Numbered(0, 0, Reading.SALVAGED, _row(piece.decode(errors="replace")))
            yield batch_of_rows([salvaged], records, remarks)
            records, remarks = 0, []


def _read_to(source: Source, size: int) -> tuple[bytes, Iterator[bytes]]:
    """First bytes of a stream, at least ``size`` of them if it has as many, and the rest."""
    chunks = _chunks(source)
    held: list[bytes] = []
    count = 0
    for chunk in chunks:
        held.append(chunk)
        count += len(chunk)
        if count >= size:
            break
    return b"".join(held), chunks


def _chunks(source: Source) -> Iterator[bytes]:
    buffer = bytearray(_CHUNK)
    with memoryview(buffer) as view:
        while count := source.readinto(view):
            yield bytes(view[:count])


def _lines(source: Source, limit: int) -> Iterator[DocumentBatch]:
    number = 0
    for block in LineBlocks(source, limit):
        rows: list[Numbered] = []
        remarks: list[Remark] = []
        before = number
        if isinstance(block, Oversized):
            if block.first:
                detail = f"longer than {limit} bytes"
                remarks.append(Remark(number, block.offset, Reason.TOO_LARGE, detail, True))
                number += 1
            row = _row(block.data.decode(errors="replace"))
            rows.append(Numbered(number - 1, block.offset, Reading.SALVAGED, row))
        else:
            offset = block.offset
            for line in bytes(block.data[: block.size]).split(b"\n"):
                if line.strip():
                    more, irregular = _record(line.removesuffix(b"\r"), number, offset, limit)
                    rows += more
                    remarks += irregular
                    number += 1
                offset += len(line) + 1
        yield batch_of_rows(rows, number - before, remarks)


def _record(
    data: bytes, number: int, offset: int, limit: int | None = None
) -> tuple[list[Numbered], list[Remark]]:
    remarks: list[Remark] = []
    if limit is not None and len(data) > limit:
        remarks.append(Remark(number, offset, Reason.TOO_LARGE, f"longer than {limit} bytes", True))
        texts = [piece.decode(errors="replace") for piece in pieces(data)]
        return [Numbered(number, offset, Reading.SALVAGED, _row(text)) for text in texts], remarks
    if data.startswith(BOM):
        data = data[len(BOM) :]
        detail = "starts with a byte order mark"
        remarks.append(Remark(number, offset, Reason.BOM, detail, False))
    try:
        text, reading = data.decode(), Reading.DOCUMENT
    except UnicodeDecodeError as error:
        text, reading = data.decode(errors="replace"), Reading.SALVAGED
        detail = f"{error.reason} at byte {error.start}"
        remarks.append(Remark(number, offset, Reason.INVALID_UTF8, detail, True))
    return [Numbered(number, offset, reading, _row(text))], remarks


def _row(text: str) -> Row:
    return Row({_SLOT: (text, True)} if text else {})
