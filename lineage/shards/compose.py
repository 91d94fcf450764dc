"""String columns by role -> the text of each document, its roles, and what is left over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from lineage.model import TEXT_ROLES, Role
from lineage.shards.arrays import (
    Mask,
    coalesce,
    join_columns,
    join_present,
    keep,
    present,
    total_bytes,
)
from lineage.shards.roles import Slot

LEAF, UNREAD = "leaf", "unread"


@dataclass(frozen=True)
class Column:
    """Values that may fill a slot: large_string[n], null where absent, never empty."""

    slot: Slot
    strings: pa.LargeStringArray
    is_string: bool = True


@dataclass
class Composed:
    """Columns of a batch (see ``DocumentBatch``) while they are put together."""

    text: pa.LargeStringArray
    leaves: pa.LargeStringArray
    roles: dict[Role, pa.LargeStringArray]
    fields: dict[tuple[str, str], int] = field(default_factory=dict)

    def count(self, path: str, role: str, strings: pa.LargeStringArray) -> None:
        """Add the bytes of a column to the coverage of its field."""
        key = (path, role)
        if size := total_bytes(strings):
            self.fields[key] = self.fields.get(key, 0) + size


Other = tuple[str, pa.LargeStringArray]


def compose(claimed: Sequence[Column], others: Sequence[Other], rows: int) -> Composed:
    """Fill each role by priority, join the text roles, and gather the rest in ``leaves``.

    ``others`` are columns without a role, in the order in which they are joined. Where a row has
    no text role at all they are its text.
    """
    parts: dict[tuple[Role, int], list[Column]] = {}
    for column in claimed:
        parts.setdefault((column.slot.role, column.slot.part), []).append(column)
    out = Composed(join_columns([], 0), join_columns([], 0), {})
    values: dict[Role, list[pa.LargeStringArray]] = {}
    left: list[tuple[str, Column]] = []
    for role, part in sorted(parts, key=lambda key: (key[0], key[1])):
        value = _fill(parts[role, part], left, out)
        values.setdefault(role, []).append(value)
    out.roles = {role: join_present(arrays, rows) for role, arrays in values.items()}
    out.text = join_columns([out.roles[r] for r in TEXT_ROLES if r in out.roles], rows)
    rest = list(_others(others, out, rows))
    rest += [column.strings for _, column in sorted(left, key=lambda pair: pair[0])]
    out.leaves = join_columns(rest, rows)
    out.roles = {r: out.roles[r] for r in Role if r in out.roles and _any(out.roles[r])}
    return out


def _fill(
    columns: list[Column], left: list[tuple[str, Column]], out: Composed
) -> pa.LargeStringArray:
    """Value of one part of a role; string columns that are no text are added to ``left``."""
    columns = sorted(columns, key=lambda column: (*column.slot.rank, not column.is_string))
    is_text = columns[0].slot.role in TEXT_ROLES
    taken: Mask | None = None
    for column in columns:
        slot, strings = column.slot, column.strings
        used, spare = strings, None
        if taken is not None:
            used, spare = keep(strings, ~taken), keep(strings, taken)
        out.count(slot.path, slot.role.value, used)
        if spare is not None:
            out.count(slot.path, LEAF if column.is_string else UNREAD, spare)
        rest = spare if is_text else strings
        if column.is_string and rest is not None and _any(rest):
            left.append((slot.path, Column(slot, rest)))
        if column is not columns[-1]:
            mine = present(strings)
            taken = mine if taken is None else taken | mine
    return coalesce([column.strings for column in columns])


def _others(others: Sequence[Other], out: Composed, rows: int) -> Iterator[pa.LargeStringArray]:
    """Columns without a role, less the rows whose text they become."""
    bare = ~present(out.text)
    if not others or not bare.any():
        for path, strings in others:
            out.count(path, LEAF, strings)
            yield strings
        return
    texts = []
    for path, strings in others:
        texts.append(keep(strings, bare))
        out.count(path, Role.TEXT.value, texts[-1])
        spare = keep(strings, ~bare)
        out.count(path, LEAF, spare)
        if _any(spare):
            yield spare
    fallback = join_present(texts, rows)
    out.roles[Role.TEXT] = coalesce(
        [*([out.roles[Role.TEXT]] if Role.TEXT in out.roles else []), fallback]
    )
    out.text = join_columns([coalesce([keep(out.text, ~bare), fallback])], rows)


def _any(strings: pa.LargeStringArray) -> bool:
    return bool(strings.null_count < len(strings))
