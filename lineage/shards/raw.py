"""Strings of Arrow columns as bytes, for those that may not be UTF-8."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from lineage.model import Role
from lineage.shards.roles import Path, Roles


class Decoder:
    """Bytes of a row's values as text; remembers whether any were not UTF-8.

    Bytes that a column of bytes holds, in a field without a role, may be anything (an image):
    they are text if they are UTF-8, and stay bytes, which are not read, if not.
    """

    def __init__(self, roles: Roles) -> None:
        self._roles = roles
        self.replaced = False

    def decode(self, value: Any, kind: pa.DataType, path: Path) -> Any:
        """The value with ``str`` for bytes, at any depth; ``kind`` is its column's type."""
        kind = _bare(kind)
        if isinstance(value, bytes):
            return self._text(value, kind, path)
        if isinstance(value, dict):
            kinds = {field.name: field.type for field in kind}
            return {key: self.decode(item, kinds[key], (*path, key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._element(item, kind, path) for item in value]
        return value

    def _element(self, value: Any, kind: pa.DataType, path: Path) -> Any:
        if not pa.types.is_map(kind):
            return self.decode(value, kind.value_type, path)
        kinds = (kind.key_type, kind.item_type)
        return [self.decode(item, each, path) for item, each in zip(value, kinds, strict=True)]

    def _text(self, value: bytes, kind: pa.DataType, path: Path) -> str | bytes:
        try:
            return value.decode()
        except UnicodeDecodeError:
            if _is_binary(kind) and not self._has_role(path):
                return value
            self.replaced = True
            return value.decode(errors="replace")

    def _has_role(self, path: Path) -> bool:
        if len(path) > 1 and self._roles.is_chat(path[:1]):
            speakers = (Role.SYSTEM, Role.PROMPT, Role.RESPONSE)
            return any(self._roles.turn(path, speaker) for speaker in speakers)
        return self._roles.slot(path)[0] is not None


def _bare(kind: pa.DataType) -> pa.DataType:
    """Type of the values that a dictionary, a run-end encoding or an extension stands for."""
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _bare(kind.value_type)
    return _bare(kind.storage_type) if isinstance(kind, pa.BaseExtensionType) else kind


def _is_binary(kind: pa.DataType) -> bool:
    checks = (
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_binary_view,
        pa.types.is_fixed_size_binary,
    )
    return any(check(kind) for check in checks)


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
