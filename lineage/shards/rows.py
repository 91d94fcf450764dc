"""Batches: made of rows or of columns, and small ones merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage.errors import ReadingError
from lineage.model import Reason, Remark, Role
from lineage.shards.arrays import STRING, Int64, byte_lengths, string_array, total_bytes
from lineage.shards.batch import DocumentBatch, Reading
from lineage.shards.compose import Column, Composed, compose
from lineage.shards.record import Row
from lineage.shards.roles import Slot

BATCH_BYTES = 1 << 20
"""Batches smaller than this are merged with the next."""

MAX_FIELDS = 1000
OTHER_FIELDS = "(other fields)"
"""Bytes of fields beyond the first thousand are counted together: names cost memory too."""


@dataclass(frozen=True)
class Numbered:
    """A row with its place: record number, byte offset (-1 for none), and which reading it is."""

    record: int
    offset: int
    reading: Reading
    row: Row


@dataclass(frozen=True)
class Places:
    """Where the rows of a batch come from: record int64[n], offset int64[n], reading uint8[n]."""

    record: Int64
    offset: Int64
    reading: npt.NDArray[np.uint8]

    @classmethod
    def of_documents(cls, first: int, offset: Int64) -> Places:
        """Documents numbered on from ``first``."""
        record = np.arange(first, first + len(offset), dtype=np.int64)
        return cls(record, offset, np.zeros(len(offset), dtype=np.uint8))


def batch_of_rows(
    rows: Sequence[Numbered], records: int, remarks: Sequence[Remark] = ()
) -> DocumentBatch:
    """Batch of rows in their order."""
    slots: dict[tuple[Slot, bool], list[str | None]] = {}
    for number, numbered in enumerate(rows):
        for slot, (text, is_string) in numbered.row.claimed.items():
            column = slots.setdefault((slot, is_string), [None] * len(rows))
            column[number] = text
    claimed = [Column(slot, string_array(v), is_string) for (slot, is_string), v in slots.items()]
    other = string_array([numbered.row.other for numbered in rows])
    composed = compose(claimed, [("", other)] if other.null_count < len(rows) else [], len(rows))
    # The strings without a role come joined; their bytes by path were counted in the rows.
    fields = {key: size for key, size in composed.fields.items() if key[0]}
    for numbered in rows:
        add_fields(fields, numbered.row.fields)
    composed.fields = fields
    places = Places(
        np.array([numbered.record for numbered in rows], dtype=np.int64),
        np.array([numbered.offset for numbered in rows], dtype=np.int64),
        np.array([numbered.reading for numbered in rows], dtype=np.uint8),
    )
    return batch_of_columns(composed, places, records, remarks)


def batch_of_columns(
    composed: Composed, places: Places, records: int, remarks: Sequence[Remark] = ()
) -> DocumentBatch:
    """Batch of composed columns; documents without text get their remark here."""
    is_document = places.reading == Reading.DOCUMENT
    silent = [
        Remark(int(places.record[i]), int(places.offset[i]), Reason.NO_TEXT, "no text", False)
        for i in np.flatnonzero((byte_lengths(composed.text) == 0) & is_document)
    ]
    every = sorted([*remarks, *silent], key=lambda remark: remark.record) if silent else remarks
    return DocumentBatch(
        record=places.record,
        reading=places.reading,
        text=composed.text,
        leaves=composed.leaves,
        roles=composed.roles,
        records=records,
        remarks=tuple(every),
        fields=composed.fields,
        offset=places.offset,
    )


def add_fields(total: dict[tuple[str, str], int], more: dict[tuple[str, str], int]) -> None:
    """Add byte counts of fields, within the bound on their number."""
    for (path, role), size in more.items():
        known = (path, role) in total or len(total) < MAX_FIELDS
        key = (path if known else OTHER_FIELDS, role)
        total[key] = total.get(key, 0) + size


def merged(batches: Iterable[DocumentBatch]) -> Iterator[DocumentBatch]:
    """The same rows in batches that are not small."""
    waiting: list[DocumentBatch] = []
    size = 0
    try:
        for batch in batches:
            waiting.append(batch)
            size += total_bytes(batch.text) + total_bytes(batch.leaves)
            if size >= BATCH_BYTES:
                yield merge(waiting)
                waiting, size = [], 0
    except ReadingError:
        # Damage costs what comes after it, not what waits here.
        if waiting:
            yield merge(waiting)
        raise
    if waiting:
        yield merge(waiting)


def merge(batches: Sequence[DocumentBatch]) -> DocumentBatch:
    """One batch of several, in order."""
    if len(batches) == 1:
        return batches[0]
    roles = {
        role: pa.concat_arrays([b.roles.get(role, pa.nulls(len(b), STRING)) for b in batches])
        for role in Role
        if any(role in b.roles for b in batches)
    }
    fields: dict[tuple[str, str], int] = {}
    for batch in batches:
        add_fields(fields, batch.fields)
    return DocumentBatch(
        record=np.concatenate([batch.record for batch in batches]),
        reading=np.concatenate([batch.reading for batch in batches]),
        text=pa.concat_arrays([batch.text for batch in batches]),
        leaves=pa.concat_arrays([batch.leaves for batch in batches]),
        roles=roles,
        records=sum(batch.records for batch in batches),
        remarks=tuple(remark for batch in batches for remark in batch.remarks),
        fields=fields,
        offset=np.concatenate([b.offset for b in batches if b.offset is not None]),
    )
