"""What a file of a model says of itself, read as bytes: never unpickled, never run."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from lineage.errors import ReadingError
from lineage.graph import Relation

MOST_NAMES = 200
"""Names of members, and entries of metadata, that are kept."""
LONGEST_VALUE = 500
"""Characters of one value of metadata that are kept."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A relation that a file names: nobody has declared it yet. ``evidence`` tells where."""

    relation: Relation
    name: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Content:
    """What the bytes of a file say; ``facts`` by the names of ``lineage.facts``.

    ``remarks`` tell what is odd about the bytes, such as parts that no tensor owns.
    """

    format: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    proposals: tuple[Proposal, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file: all of it, or a member that lies in it as it is."""

    file: BinaryIO
    start: int
    size: int

    def at(self, offset: int, length: int) -> bytes:
        """Bytes at an offset; ReadingError where the part ends before."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise ReadingError("it is cut off")
        self.file.seek(self.start + offset)
        data = self.file.read(length)
        if len(data) != length:
            raise ReadingError("it is cut off")
        return data

    def head(self, length: int) -> bytes:
        """The first bytes; fewer if there are no more."""
        return self.at(0, min(length, self.size))


class Cursor:
    """Reads numbers and strings one after the other, a bounded number of bytes in all.

    ``steps`` is for readers that bound how many they read.
    """

    def __init__(self, part: Part, most: int, order: str = "<") -> None:
        self.part = part
        self.order = order
        self.position = 0
        self.steps = 0
        self._most = min(most, part.size)
        self._whole = part.size <= most
        self._chunk = b""
        self._first = 0

    def take(self, length: int) -> bytes:
        """The next bytes."""
        self._reach(length)
        start = self.position - self._first
        if start < 0 or start + length > len(self._chunk):
            size = min(max(length, 1 << 20), self.part.size - self.position)
            self._chunk, self._first = self.part.at(self.position, size), self.position
            start = 0
        self.position += length
        return self._chunk[start : start + length]

    def skip(self, length: int) -> None:
        """Go on without reading."""
        self._reach(length)
        self.position += length

    def number(self, code: str) -> Any:
        """One number, by its code of ``struct``."""
        (value,) = struct.unpack(self.order + code, self.take(struct.calcsize(self.order + code)))
        return value

    def _reach(self, length: int) -> None:
        if self.position + length > self._most:
            raise ReadingError(
                "it is cut off"
                if self._whole
                else f"its header is larger than {self._most:,} bytes"
            )


def bounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Some values of metadata, each short."""
    kept = list(values.items())[:MOST_NAMES]
    return {name[:LONGEST_VALUE]: _short(value) for name, value in kept}


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "..."
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value


def gaps(extents: list[tuple[int, int, str]], end: int) -> list[str]:
    """What is odd about where tensors lie: (start, end, name) that should fill 0 to ``end``."""
    remarks = []
    overlaps: list[str] = []
    reached = hidden = 0
    furthest = ""
    for start, stop, name in sorted(extents):
        if start < min(reached, stop):
            overlaps.append(f"{name!r} and {furthest!r}")
        hidden += max(0, start - reached)
        if stop > reached:
            reached, furthest = stop, name
    if overlaps:
        more = f" and {len(overlaps) - 1} more" if len(overlaps) > 1 else ""
        remarks.append(f"tensors overlap: {overlaps[0]}{more}")
    if hidden:
        remarks.append(f"{hidden:,} bytes between tensors belong to none")
    if reached < end:
        remarks.append(f"{end - reached:,} bytes after the last tensor belong to none")
    if reached > end:
        remarks.append(f"the file ends {reached - end:,} bytes before its last tensor does")
    return remarks
