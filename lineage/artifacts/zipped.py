"""The table of contents of a zip archive, and nothing else of it: no member is unpacked.

The format: APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 and 4.3.16.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lineage.artifacts.artifact import Part
from lineage.errors import ReadingError

LARGEST_TABLE = 64 << 20
MOST_MEMBERS = 1 << 18
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED = 0
_FULL = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """One entry: its name, sizes in the archive and unpacked, and where its header stands."""

    name: str
    method: int
    packed: int
    size: int
    header: int

    @property
    def stored(self) -> bool:
        """Whether it lies in the archive as it is."""
        return self.method == _STORED


def looks(part: Part) -> bool:
    """Whether the file ends as a zip archive does; something else may stand before it."""
    return _find_end(part) is not None


def members(part: Part) -> tuple[Member, ...]:
    """All entries, in the order of the table; ReadingError if there is no sound table."""
    found = _find_end(part)
    if found is None:
        raise ReadingError("it has no table of contents")
    end, at = found
    _, _, _, _, count, size, offset, _ = end
    stop = at
    if at >= _LOCATOR.size:
        magic, _, where, _ = _LOCATOR.unpack(part.at(at - _LOCATOR.size, _LOCATOR.size))
        if magic == b"PK\x06\x07":
            count, size, offset, stop = _end64(part, where, at)
    if size > LARGEST_TABLE or count > MOST_MEMBERS:
        raise ReadingError(f"its table of contents of {count:,} entries is too large")
    # What stands before the archive shifts all offsets in it.
    shift = stop - size - offset
    if shift < 0:
        raise ReadingError("its table of contents is damaged")
    return tuple(_entries(part.at(stop - size, size), count, shift))


def inside(part: Part, member: Member) -> Part:
    """The stretch of a stored member; ReadingError if it is not where the table says."""
    local = _LOCAL.unpack(part.at(member.header, _LOCAL.size))
    start = member.header + _LOCAL.size + local[-2] + local[-1]
    if local[0] != b"PK\x03\x04" or start + member.size > part.size:
        raise ReadingError(f"its member {member.name[:80]!r} is damaged")
    return Part(part.file, part.start + start, member.size)


def _find_end(part: Part) -> tuple[tuple[int, ...], int] | None:
    """The record that ends the table of contents, and where it stands."""
    length = min(part.size, _END.size + 0xFFFF)
    tail = part.at(part.size - length, length)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if at + _END.size <= length:
            end = _END.unpack_from(tail, at)
            if at + _END.size + end[-1] <= length:
                return end, part.size - length + at
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return None


def _end64(part: Part, where: int, before: int) -> tuple[int, int, int, int]:
    """(count, size, offset, where the table ends) of a large archive."""
    for at in (where, before - _LOCATOR.size - _END64.size):
        if 0 <= at <= part.size - _END64.size:
            record = _END64.unpack(part.at(at, _END64.size))
            if record[0] == b"PK\x06\x06":
                return record[7], record[8], record[9], at
    raise ReadingError("its table of contents is damaged")


def _entries(table: bytes, count: int, shift: int) -> Iterator[Member]:
    at = 0
    for _ in range(count):
        if at + _ENTRY.size > len(table):
            raise ReadingError("its table of contents is cut off")
        entry = _ENTRY.unpack_from(table, at)
        magic, flags, method, packed, size = entry[0], entry[3], entry[4], entry[8], entry[9]
        names, extras, comments, offset = entry[10], entry[11], entry[12], entry[16]
        if magic != b"PK\x01\x02":
            raise ReadingError("its table of contents is damaged")
        at += _ENTRY.size
        name = table[at : at + names]
        extra = table[at + names : at + names + extras]
        size, packed, offset = _wide(extra, size, packed, offset)
        coding = "utf-8" if flags & 0x800 else "cp437"
        yield Member(name.decode(coding, "backslashreplace"), method, packed, size, offset + shift)
        at += names + extras + comments


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Numbers that did not fit into 32 bits, from the extra field 1."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            values = iter(
                struct.unpack_from(f"<{length // 8}Q", extra.ljust(at + 4 + length), at + 4)
            )
            size, packed, offset = (
                next(values, number) if number == _FULL else number
                for number in (size, packed, offset)
            )
        at += 4 + length
    return size, packed, offset
