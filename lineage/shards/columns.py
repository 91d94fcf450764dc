"""Arrow columns of any shape, nested or not -> one string column for each field path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.model import Role
from lineage.shards.arrays import (
    STRING,
    Int64,
    coalesce,
    empties_to_null,
    join_lists,
    join_present,
    keep,
    string_array,
)
from lineage.shards.compose import Column
from lineage.shards.numbers import number_texts, unread_bytes
from lineage.shards.roles import SPEAKER_KEYS, Path, Roles, Slot, speaker_role


@dataclass(frozen=True)
class Leaf:
    """Values of one field path, one row a record (or a list's element, while inside a list).

    ``strings`` has nulls for absent values; it is None where the field is not read.
    ``unread`` counts bytes that are not read. ``is_string`` is false for texts of numbers.
    ``broken``: a value that has a role is not UTF-8.
    """

    path: Path
    slot: Slot | None
    strings: pa.LargeStringArray | None
    is_string: bool = True
    unread: int = 0
    broken: bool = False


@dataclass(frozen=True)
class Flat:
    """Columns of a table: claimed by roles, not claimed (path, strings), and bytes not read.

    ``broken``: some value that has a role is not UTF-8, and is left out here.
    """

    claimed: list[Column]
    others: list[tuple[str, pa.LargeStringArray]]
    unread: dict[str, int]
    broken: bool = False


def flatten(names: list[str], arrays: list[pa.Array], roles: Roles) -> Flat:
    """Flatten the columns of a table; the order of columns in the table does not matter."""
    leaves = [
        leaf
        for name, array in zip(names, arrays, strict=True)
        for leaf in _expand((name,), array, roles)
    ]
    leaves.sort(key=lambda leaf: leaf.path)
    slots: dict[tuple[Slot, bool], list[pa.LargeStringArray]] = {}
    others: list[tuple[str, pa.LargeStringArray]] = []
    unread: dict[str, int] = {}
    for leaf in leaves:
        path = ".".join(leaf.path)
        if leaf.strings is None or leaf.unread:
            unread[path] = unread.get(path, 0) + leaf.unread
        if leaf.strings is None:
            continue
        if leaf.slot is None:
            others.append((path, leaf.strings))
        else:
            slots.setdefault((leaf.slot, leaf.is_string), []).append(leaf.strings)
    claimed = [
        Column(slot, join_present(parts, len(parts[0])), is_string)
        for (slot, is_string), parts in slots.items()
    ]
    return Flat(claimed, others, unread, any(leaf.broken for leaf in leaves))


def _expand(path: Path, array: pa.Array, roles: Roles, turn: Role | None = None) -> Iterator[Leaf]:
    """Leaves of one column. ``turn`` is the speaker's role inside a chat."""
    array = _plain(array)
    kind = array.type
    if pa.types.is_struct(kind):
        for field, child in zip(kind, array.flatten(), strict=True):
            yield from _expand((*path, field.name), child, roles, turn)
    elif pa.types.is_large_list(kind):
        offsets = _list_offsets(array)
        values = _list_values(array, offsets)
        if turn is None and roles.is_chat(path) and pa.types.is_struct(values.type):
            elements = _turns(path, values, roles)
        else:
            elements = _expand(path, values, roles, turn)
        for leaf in elements:
            strings = leaf.strings
            yield leaf if strings is None else replace(leaf, strings=join_lists(strings, offsets))
    else:
        yield _leaf(path, array, roles, turn)


def _leaf(path: Path, array: pa.Array, roles: Roles, turn: Role | None) -> Leaf:
    if turn is None:
        slot, exact = roles.slot(path)
    else:
        slot, exact = roles.turn(path, turn), False
    if pa.types.is_large_string(array.type):
        return Leaf(path, slot, empties_to_null(array))
    if pa.types.is_large_binary(array.type):
        return _binary_leaf(path, array, slot)
    if exact and _is(array.type, _SCALARS):
        return Leaf(path, slot, empties_to_null(number_texts(array)), is_string=False)
    return Leaf(path, slot, None, unread=unread_bytes(array))


def _binary_leaf(path: Path, array: pa.LargeBinaryArray, slot: Slot | None) -> Leaf:
    """Each value by itself: text if it is UTF-8, else bytes that are not read (an image)."""
    strings = _text_of_values(array)
    some = strings.null_count < len(strings)
    unread = unread_bytes(array) - unread_bytes(strings.cast(pa.large_binary()))
    broken = slot is not None and strings.null_count > array.null_count
    return Leaf(path, slot, empties_to_null(strings) if some else None, True, unread, broken)


def _turns(path: Path, turns: pa.StructArray, roles: Roles) -> Iterator[Leaf]:
    """Leaves of the turns of a chat, those with text split by who speaks."""
    speakers = _speakers(turns)
    for field, child in zip(turns.type, turns.flatten(), strict=True):
        unclaimed: dict[Path, Leaf] = {}
        for speaker in (Role.SYSTEM, Role.PROMPT, Role.RESPONSE):
            for leaf in _expand((*path, field.name), child, roles, speaker):
                if leaf.strings is None:
                    unclaimed[leaf.path] = leaf
                    continue
                strings = keep(leaf.strings, speakers == speaker)
                if leaf.slot is None and leaf.path in unclaimed:
                    before = unclaimed[leaf.path].strings
                    unclaimed[leaf.path] = replace(leaf, strings=coalesce([before, strings]))
                elif leaf.slot is None:
                    unclaimed[leaf.path] = replace(leaf, strings=strings)
                else:
                    yield replace(leaf, strings=strings)
        yield from unclaimed.values()


def _speakers(turns: pa.StructArray) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """object[n]: role of the speaker of each turn."""
    names = [field.name for field in turns.type]
    children = turns.flatten()
    found = [_plain(children[names.index(key)]) for key in SPEAKER_KEYS if key in names]
    found = [_text_of_values(a) if pa.types.is_large_binary(a.type) else a for a in found]
    strings = [array for array in found if pa.types.is_large_string(array.type)]
    if not strings:
        return np.full(len(turns), Role.PROMPT, dtype=object)
    encoded = coalesce(strings).fill_null("").dictionary_encode()
    roles = np.array([speaker_role(name) for name in encoded.dictionary.to_pylist()], dtype=object)
    return roles[encoded.indices.to_numpy()]  # type: ignore[no-any-return]


def _list_offsets(array: pa.Array) -> Int64:
    """int64[n + 1] into ``_list_values``, which leave out what lies under null lists."""
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))


def _list_values(array: pa.Array, offsets: Int64) -> pa.Array:
    """Values of all lists in a row, less those under null lists."""
    if pa.types.is_null(array.type.value_type):
        # Arrow's JSON parser (26 and before) makes lists of nulls with fewer values than it says.
        return pa.nulls(int(offsets[-1]))
    return array.flatten()


_SCALARS = (
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_decimal,
    pa.types.is_temporal,
)
_STRINGS = (pa.types.is_string, pa.types.is_string_view)
_BINARIES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
_OTHER_LISTS = (
    pa.types.is_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


def _is(kind: pa.DataType, checks: tuple[Callable[[pa.DataType], bool], ...]) -> bool:
    return any(check(kind) for check in checks)


def _plain(array: pa.Array) -> pa.Array:
    """The same values in one of few types: large_string, large_list, struct, or a scalar type."""
    if array.type.equals(STRING):
        return array
    array = _unwrapped(array)
    kind = array.type
    if _is(kind, _STRINGS):
        return array.cast(STRING)
    if _is(kind, _BINARIES):
        return _text_of_binary(array)
    return _large_list(array) if _is(kind, _OTHER_LISTS) else array


def _unwrapped(array: pa.Array) -> pa.Array:
    """The array that a dictionary, a run-end encoding, an extension or a map stands for."""
    if isinstance(array, pa.ExtensionArray):
        return _unwrapped(array.storage)
    if pa.types.is_dictionary(array.type):
        return _unwrapped(array.dictionary_decode())
    if pa.types.is_run_end_encoded(array.type):
        return _unwrapped(pc.run_end_decode(array))
    if pa.types.is_map(array.type):
        pairs = pa.StructArray.from_arrays([array.keys, array.items], ["key", "value"])
        return pa.ListArray.from_arrays(array.offsets, pairs, mask=array.is_null())
    return array


def _large_list(array: pa.Array) -> pa.LargeListArray:
    """Any list array as large_list; null lists become empty ones, which hold as much."""
    offsets = _list_offsets(array)
    return pa.LargeListArray.from_arrays(pa.array(offsets), _list_values(array, offsets))


def _text_of_binary(array: pa.Array) -> pa.Array:
    """Text where all values are UTF-8, else large_binary: its values are told apart later."""
    array = array.cast(pa.large_binary())
    try:
        return array.cast(STRING)
    except pa.ArrowInvalid:
        return array


def _text_of_values(array: pa.LargeBinaryArray) -> pa.LargeStringArray:
    """Values that are UTF-8; null for those that are not."""
    return string_array([value if _is_text(value) else None for value in array.to_pylist()])


def _is_text(value: bytes | None) -> bool:
    try:
        return value is not None and value.decode() is not None
    except UnicodeDecodeError:
        return False
