"""What a reader yields: documents of one shard as Arrow columns, with what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage.model import Remark, Role


class Reading(IntEnum):
    """Which reading of a record a row holds."""

    DOCUMENT = 0
    """What a last-wins JSON reader (most trainers) sees."""
    OTHER = 1
    """Another reader's view of a record that is also a document (first of duplicate keys)."""
    SALVAGED = 2
    """Text of a quarantined record, in a reading that a lenient trainer would accept."""


@dataclass(frozen=True)
class DocumentBatch:
    """Rows of one shard, n of them; a record gives one row, or more where readers differ.

    record   int64[n]: 0-based record number in the shard (quarantined records count too)
    reading  uint8[n]: values of ``Reading``; documents are the rows with 0
    text     large_string[n], no nulls: the text roles joined by one newline
    leaves   large_string[n], no nulls: all other string leaves joined by newlines
    roles    role -> large_string[n], null where absent or empty; only roles of this batch
    records  how many records of the shard this batch accounts for
    remarks  irregular records met in this batch
    fields   (field path, role name or ``leaf`` or ``unread``) -> bytes, over all rows
    offset   int64[n]: byte offset of the record in the decompressed stream; -1 for none
    """

    record: npt.NDArray[np.int64]
    reading: npt.NDArray[np.uint8]
    text: pa.LargeStringArray
    leaves: pa.LargeStringArray
    roles: dict[Role, pa.LargeStringArray]
    records: int
    remarks: tuple[Remark, ...] = ()
    fields: dict[tuple[str, str], int] = field(default_factory=dict)
    offset: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.record)
