"""One parsed record, as any JSON reader sees it -> its values by role.

The slow twin of ``columns.py``: both must give the same values for the same record.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from lineage.model import TEXT_ROLES, Role
from lineage.shards.compose import LEAF, UNREAD
from lineage.shards.numbers import NUMBER_BYTES, float_text
from lineage.shards.roles import SPEAKER_KEYS, Path, Roles, Slot, speaker_role

MAX_PATH = 16
"""Deeper values share the path of their ancestor at this depth; hostile nesting only."""

UNPARSED = Slot(Role.TEXT, 0, -1, "(unparsed)")
"""Slot of a record that could only be read as a whole."""

_INT64, _UINT64 = -(1 << 63), (1 << 64) - 1
_SHORT = 18


class Number:
    """A number as written, for its value may not fit and its text must not change."""

    __slots__ = ("is_float", "raw")

    def __init__(self, raw: str, is_float: bool) -> None:
        """``raw`` is the JSON text."""
        self.raw = raw
        self.is_float = is_float

    @property
    def text(self) -> str:
        """Canonical text, see ``numbers.py``."""
        if not self.is_float:
            return "0" if self.raw == "-0" else self.raw
        value = float(self.raw)
        return self.raw if abs(value) == float("inf") and "I" not in self.raw else float_text(value)

    @property
    def nonstandard(self) -> bool:
        """Whether common readers refuse it: NaN, infinities, integers beyond 64 bits."""
        if self.is_float:
            return not abs(float(self.raw)) < float("inf")
        return len(self.raw) > _SHORT and not self._fits()

    def _fits(self) -> bool:
        return len(self.raw) <= _SHORT + 2 and _INT64 <= int(self.raw) <= _UINT64


class Twice(dict[str, Any]):
    """An object with a key that occurs twice: itself the last wins; ``first`` the first wins."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        """``pairs`` in the order of the bytes."""
        super().__init__(pairs)
        self.first: dict[str, Any] = dict(reversed(pairs))
        self.repeated = sorted(k for k, n in Counter(key for key, _ in pairs).items() if n > 1)


@dataclass
class Row:
    """Values of one row: by slot (text, whether a string), and the strings without a role."""

    claimed: dict[Slot, tuple[str, bool]] = field(default_factory=dict)
    other: str | None = None
    fields: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """All that the row says, for comparing two readings of a record."""
        values = [text for _, (text, _) in sorted(self.claimed.items(), key=lambda i: i[0].path)]
        return "\n".join([*values, *([self.other] if self.other else [])])

    def like(self, other: Row) -> bool:
        """Whether another row has the same values in the same roles."""
        return (self.claimed, self.other) == (other.claimed, other.other)


def unparsed_row(text: str) -> Row:
    """Row of a record that could not be parsed: all of it is text."""
    return Row({UNPARSED: (text, True)} if text else {})


class _Walk:
    """Collects strings and numbers of one record by path and slot, in order."""

    def __init__(self, roles: Roles) -> None:
        self.roles = roles
        self.strings: dict[tuple[Path, Slot | None], list[str]] = {}
        self.numbers: dict[Slot, list[str]] = {}
        self.unread: dict[Path, int] = {}

    def walk(self, record: dict[str, Any]) -> None:
        """Visit all values; a stack of our own, for records may nest deeper than Python may."""
        stack: list[tuple[Path, Any, Role | None, bool]] = [((), record, None, False)]
        while stack:
            path, value, turn, in_list = stack.pop()
            if isinstance(value, str):
                self._string(path, value, turn)
            elif isinstance(value, dict):
                for key in sorted(value, reverse=True):
                    below = (*path, key) if len(path) < MAX_PATH else path
                    stack.append((below, value[key], turn, False))
            elif isinstance(value, list):
                is_chat = turn is None and not in_list and self.roles.is_chat(path)
                for item in reversed(value):
                    speaker = _speaker(item) if is_chat and isinstance(item, dict) else turn
                    stack.append((path, item, speaker, True))
            elif value is not None:
                self._number(path, value, turn)

    def _string(self, path: Path, value: str, turn: Role | None) -> None:
        if value:
            slot = self.roles.slot(path)[0] if turn is None else self.roles.turn(path, turn)
            self.strings.setdefault((path, slot), []).append(value)

    def _number(self, path: Path, value: Any, turn: Role | None) -> None:
        slot, exact = self.roles.slot(path) if turn is None else (None, False)
        if slot is not None and exact:
            self.numbers.setdefault(slot, []).append(_text_of(value))
        elif isinstance(value, bytes):
            self.unread[path] = self.unread.get(path, 0) + len(value)
        else:
            width = 1 if isinstance(value, bool) else NUMBER_BYTES
            self.unread[path] = self.unread.get(path, 0) + width


def row_of(record: dict[str, Any], roles: Roles) -> Row:
    """Values of one record by role. Strings are ``str``, numbers ``Number`` or Python's own."""
    walk = _Walk(roles)
    walk.walk(record)
    joined: dict[Slot, list[str]] = {}
    others: list[tuple[Path, str]] = []
    for (path, slot), strings in sorted(walk.strings.items(), key=lambda item: item[0][0]):
        if slot is None:
            others.append((path, "\n".join(strings)))
        else:
            joined.setdefault(slot, []).extend(strings)
    row = Row({slot: ("\n".join(strings), True) for slot, strings in joined.items()})
    for slot, numbers in walk.numbers.items():
        row.claimed.setdefault(slot, ("\n".join(numbers), False))
    row.other = "\n".join(text for _, text in others) if others else None
    has_text = any(slot.role in TEXT_ROLES for slot in row.claimed)
    for path, text in others:
        key = (".".join(path), LEAF if has_text else Role.TEXT.value)
        row.fields[key] = row.fields.get(key, 0) + utf8_length(text)
    for path, size in walk.unread.items():
        key = (".".join(path), UNREAD)
        row.fields[key] = row.fields.get(key, 0) + size
    return row


def utf8_length(text: str) -> int:
    """Bytes of a string in UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _speaker(turn: dict[str, Any]) -> Role:
    names = (turn.get(key) for key in SPEAKER_KEYS)
    return speaker_role(next((name for name in names if isinstance(name, str)), None))


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return value.text
    return float_text(value) if isinstance(value, float) else str(value)
