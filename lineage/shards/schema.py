"""The shape of records, learnt from records that were read strictly, as an Arrow schema."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lineage.shards.arrays import STRING
from lineage.shards.record import Number

MAX_LEAVES = 256
"""Wider shapes are keys that carry data; they are read strictly, record by record."""

MAX_DEPTH = 12
"""Deeper shapes are read strictly; ``record.MAX_PATH`` must not be smaller."""

_INT64 = range(-(1 << 63), 1 << 63)


class Shape:
    """A growing schema. Where records disagree the latest wins: shards change in the middle."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._fields: dict[str, Any] = {}
        self._changed = True
        self._schema: pa.Schema | None = None
        self._leaves = 0

    def learn(self, record: dict[str, Any]) -> None:
        """Take in the fields of one clean record."""
        if self._leaves <= MAX_LEAVES:
            self._merge(self._fields, record, 1)

    @property
    def schema(self) -> pa.Schema | None:
        """Schema of all that was learnt; None where there is none that would help."""
        if self._changed:
            fields = [pa.field(name, _type(kind)) for name, kind in sorted(self._fields.items())]
            usable = fields and self._leaves <= MAX_LEAVES
            self._schema = pa.schema(fields) if usable else None
            self._changed = False
        return self._schema

    def _merge(self, fields: dict[str, Any], record: dict[str, Any], depth: int) -> None:
        for key, value in record.items():
            if self._leaves > MAX_LEAVES:
                return
            known = fields.get(key)
            if key not in fields:
                self._leaves += 1
            kind = self._kind(known, value, depth)
            if key not in fields or kind != known:
                self._changed = True
            fields[key] = kind

    def _kind(self, known: Any, value: Any, depth: int) -> Any:  # noqa: PLR0911 (one a type)
        """Kind of a field after one more value: a name, a dict of fields, or a list of a kind."""
        if value is None:
            return known
        if isinstance(value, str):
            return "string"
        if isinstance(value, bool):
            return "bool"
        if isinstance(value, Number):
            fits = not value.is_float and known != "double" and _fits(value)
            return "int" if fits else "double"
        if depth >= MAX_DEPTH:
            self._leaves = MAX_LEAVES + 1
            return known
        if isinstance(value, dict):
            inner = known if isinstance(known, dict) else {}
            self._merge(inner, value, depth + 1)
            return inner
        item = known[0] if isinstance(known, list) else None
        for element in value:
            item = self._kind(item, element, depth + 1)
        return [item]


def _fits(number: Number) -> bool:
    return not number.nonstandard and int(number.raw) in _INT64


def _type(kind: Any) -> pa.DataType:
    if isinstance(kind, dict):
        return pa.struct([pa.field(name, _type(inner)) for name, inner in sorted(kind.items())])
    if isinstance(kind, list):
        return pa.list_(_type(kind[0]))
    names = {"string": STRING, "bool": pa.bool_(), "int": pa.int64(), "double": pa.float64()}
    return names[kind] if kind else pa.null()
