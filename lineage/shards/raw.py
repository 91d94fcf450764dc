"""Strings of Arrow columns as bytes, for those that may not be UTF-8."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


class Decoder:
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


def as_bytes(array: pa.Array) -> pa.Array:
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
