"""One line of JSON, read as a last-wins reader reads it, with all that is wrong about it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import chain
from operator import is_not
from typing import Any

from lineage.model import Reason, Remark
from lineage.shards.batch import Reading
from lineage.shards.lines import pieces
from lineage.shards.recipe import Limits
from lineage.shards.record import Number, Row, Twice, row_of, unparsed_row
from lineage.shards.roles import Roles
from lineage.shards.rows import Numbered

BOM = b"\xef\xbb\xbf"
_SPACE = " \t\r\n"
_MARK = "\ufffd"
_EXCERPT = 200
_LEAD = 40
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_SHORT_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass
class Read:
    """What one line gave; ``value`` is set for a clean document, to learn its shape."""

    rows: list[Numbered] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    value: dict[str, Any] | None = None


@dataclass
class _Seen:
    """Irregularities that the parser's hooks met in one line."""

    twice: list[Twice] = field(default_factory=list)
    nonstandard: str = ""


class StrictJson:
    """Reads lines; one for each shard, for its decoder is made once."""

    def __init__(self, roles: Roles, limits: Limits) -> None:
        """Make the decoder."""
        self._roles = roles
        self._limits = limits
        self._seen = _Seen()
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=lambda raw: self._number(raw, False),
            parse_float=lambda raw: self._number(raw, True),
            parse_constant=lambda raw: self._number(raw, True),
        )

    def read(self, line: bytes, number: int, offset: int, *, ended: bool) -> Read:
        """Read a line that is not blank. ``ended`` is false for a last line without newline."""
        return _Line(self, number, offset, ended).read(line)

    def parse(self, text: str) -> tuple[list[Any], str, _Seen]:
        """Values on one line, why there are no more of them, and what the hooks met."""
        self._seen = _Seen()
        if _depth(text, self._limits.depth) > self._limits.depth:
            raise RecursionError
        values: list[Any] = []
        at = _skip_space(text, 0)
        while at < len(text):
            try:
                value, at = self._decoder.raw_decode(text, at)
            except json.JSONDecodeError as error:
                return values, f"{error.msg} at character {error.pos}", self._seen
            values.append(value)
            at = _skip_space(text, at)
        return values, "", self._seen

    def row(self, value: Any) -> Row:
        """Row of any JSON value; of a value that is no object, its strings are the text."""
        if isinstance(value, dict):
            return row_of(value, self._roles)
        if isinstance(value, Number):
            return unparsed_row(value.text)
        row = row_of({"": value}, Roles({}))
        return unparsed_row(row.other or "")

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        self._seen.twice.append(Twice(pairs))
        return self._seen.twice[-1]

    def _number(self, raw: str, is_float: bool) -> Number:
        number = Number(raw, is_float)
        if number.nonstandard and not self._seen.nonstandard:
            self._seen.nonstandard = raw[:_LEAD]
        return number


class _Line:
    """The reading of one line, from its bytes to rows and remarks."""

    def __init__(self, strict: StrictJson, number: int, offset: int, ended: bool) -> None:
        self._strict = strict
        self._number = number
        self._offset = offset
        self._ended = ended
        self._out = Read()

    def read(self, line: bytes) -> Read:
        limit = self._strict._limits.record_bytes
        if len(line) > limit:
            self._remark(Reason.TOO_LARGE, f"longer than {limit} bytes", quarantined=True)
            for piece in pieces(line):
                self._add(Reading.SALVAGED, unparsed_row(piece.decode(errors="replace")))
            return self._out
        if line.startswith(BOM):
            line = line[len(BOM) :]
            self._remark(Reason.BOM, "starts with a byte order mark", quarantined=False)
        try:
            text, reason, detail = line.decode(), None, ""
        except UnicodeDecodeError as error:
            text, reason = line.decode(errors="replace"), Reason.INVALID_UTF8
            detail = f"{error.reason} at byte {error.start}"
        self._text(text, reason, detail)
        return self._out

    def _text(self, text: str, reason: Reason | None, detail: str) -> None:
        try:
            values, why, seen = self._strict.parse(text)
        except RecursionError:
            limit = self._strict._limits.depth
            detail = detail or f"nested deeper than {limit}"
            self._quarantine(reason or Reason.TOO_DEEP, detail, [], text)
            return
        if why:
            # What was read before the damage would hide the rest of the line.
            values = []
        firsts = list(map(_first_wins, values)) if seen.twice else values
        if _SURROGATE.search(text):
            valid = [list(map(_without_surrogates, each)) for each in (values, firsts)]
            if any(map(is_not, chain(*valid), chain(values, firsts))):
                reason = reason or Reason.LONE_SURROGATE
                detail = detail or "half of a surrogate pair"
            values, firsts = valid
        if reason is None:
            reason, detail = self._structure(values, why)
        if reason is None:
            rows = self._document(values[0], seen)
        else:
            rows = self._quarantine(reason, detail, values, text)
        if seen.twice and values:
            self._other_reading(rows, list(map(self._strict.row, firsts)), seen.twice)

    def _structure(self, values: list[Any], why: str) -> tuple[Reason | None, str]:
        if why:
            return (Reason.MALFORMED if self._ended else Reason.TRUNCATED), why
        if len(values) > 1:
            return Reason.SEVERAL_VALUES, f"{len(values)} values on one line"
        if not isinstance(values[0], dict):
            return Reason.NOT_AN_OBJECT, f"a {_kind(values[0])}, not an object"
        return None, ""

    def _document(self, value: dict[str, Any], seen: _Seen) -> list[Row]:
        row = self._strict.row(value)
        self._add(Reading.DOCUMENT, row)
        if seen.nonstandard:
            detail = f"number {seen.nonstandard}"
            self._remark(Reason.NONSTANDARD_NUMBER, detail, quarantined=False)
        if not seen.twice:
            self._out.value = value
        return [row]

    def _other_reading(self, rows: list[Row], firsts: list[Row], found: list[Twice]) -> None:
        """What readers see that keep the first of equal keys; ``rows`` are the last wins."""
        pairs = list(zip(rows, firsts, strict=True))
        differing = [(row, first) for row, first in pairs if not first.like(row)]
        row, first = (differing or pairs)[0]
        names = sorted({name for twice in found for name in twice.repeated})
        detail = f"key {', '.join(names)} occurs twice"[:_EXCERPT]
        readings = excerpts(row.summary, first.summary)
        self._remark(Reason.DUPLICATE_KEY, detail, quarantined=False, readings=readings)
        for _, first in differing:
            self._add(Reading.OTHER, first)

    def _quarantine(self, reason: Reason, detail: str, values: list[Any], text: str) -> list[Row]:
        self._remark(reason, detail, quarantined=True)
        rows = [self._strict.row(value) for value in values]
        full = [row for row in rows if row.claimed or row.other is not None]
        for row in full or [unparsed_row(unescaped(text))]:
            self._add(Reading.SALVAGED, row)
        return rows

    def _add(self, reading: Reading, row: Row) -> None:
        self._out.rows.append(Numbered(self._number, self._offset, reading, row))

    def _remark(
        self,
        reason: Reason,
        detail: str,
        *,
        quarantined: bool,
        readings: tuple[tuple[str, str], ...] = (),
    ) -> None:
        remark = Remark(self._number, self._offset, reason, detail, quarantined, readings)
        self._out.remarks.append(remark)


def excerpts(last: str, first: str) -> tuple[tuple[str, str], ...]:
    """Bounded excerpts of two readings, around where they begin to differ."""
    common = next((i for i, (a, b) in enumerate(zip(last, first, strict=False)) if a != b), 0)
    start = max(0, common - _LEAD)
    return tuple(
        (name, text[start : start + _EXCERPT])
        for name, text in (("last wins", last), ("first wins", first))
    )


def unescaped(text: str) -> str:
    """Text with JSON escapes replaced by what they stand for, as far as they make sense."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(
        lambda match: (
            chr(int(match[1], 16)) if match[1] else _SHORT_ESCAPES.get(match[2], match[2])
        ),
        text,
    )
    return _valid(plain)


def _first_wins(value: Any) -> Any:
    """What a reader sees that keeps the first of equal keys. One frame a level: no comprehension
    here, or records as deep as the limit would exhaust Python's stack."""
    if isinstance(value, dict):
        view = {}
        for key, item in (value.first if isinstance(value, Twice) else value).items():
            view[key] = _first_wins(item)
        return view
    if isinstance(value, list):
        return list(map(_first_wins, value))
    return value


def _without_surrogates(value: Any) -> Any:
    """The value with U+FFFD for lone surrogates; the same object where there are none."""
    if isinstance(value, str):
        return _valid(value)
    if isinstance(value, list):
        items = list(map(_without_surrogates, value))
        return items if any(map(is_not, items, value)) else value
    if isinstance(value, dict):
        keys = list(map(_valid, value))
        items = list(map(_without_surrogates, value.values()))
        same = not any(map(is_not, (*keys, *items), (*value, *value.values())))
        return value if same else dict(zip(keys, items, strict=True))
    return value


def _valid(text: str) -> str:
    """Surrogate pairs joined, lone surrogates replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # Arrow and the store hold UTF-8 only; a lone half has no UTF-8.
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return joined
    return text


def _depth(text: str, limit: int) -> int:
    """Nesting of brackets outside strings; only counted where there are enough of them."""
    if text.count("{") + text.count("[") <= limit:
        return 0
    deepest = depth = 0
    for bracket in re.findall(r"[][{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "string"
    return "list" if isinstance(value, list) else "number or constant"
