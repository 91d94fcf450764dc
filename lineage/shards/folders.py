"""Whether a folder ``name=value`` says the same as the column that it replaces for some readers.

Polars and DuckDB, for instance, take the folder's value for every row of the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lineage.shards.raw import as_bytes

_NULL = "__HIVE_DEFAULT_PARTITION__"
"""What Hive layouts write for a null."""


@dataclass(frozen=True)
class Place:
    """A row whose value is not the folder's: its number in the batch, and its text."""

    row: int
    text: str


def replaced(column: pa.Array, value: str) -> Place | None:
    """First row of a column that says something else than ``value``."""
    if not len(column):
        return None
    try:
        texts = as_bytes(column)
        if not pa.types.is_large_binary(texts.type):
            texts = texts.cast(pa.large_string()).cast(pa.large_binary())
    except pa.ArrowException:  # lists and objects: no folder can say the same
        return Place(0, str(column[0]))
    for one in pc.unique(texts):
        text = (one.as_py() or b"").decode(errors="replace")
        if not _alike(text, value):
            return Place(pc.index(texts, one).as_py() if one.is_valid else _null_at(texts), text)
    return None


def _null_at(array: pa.Array) -> int:
    return int(pc.index(array.is_null(), True).as_py())


def _alike(text: str, value: str) -> bool:
    if text.casefold() == value.casefold() or (not text and value == _NULL):
        return True
    try:
        return float(text) == float(value)
    except ValueError:
        return False
