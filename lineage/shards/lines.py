"""A stream cut into blocks of whole lines, without ever holding an oversized line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lineage.shards.open import Source

BLOCK = 2 << 20
"""Bytes read at a time; 2 MiB stays in the caches between the checks and the parser."""

PIECE = 4 << 20
"""Oversized lines are handed out in pieces of this size, cut from the line's start."""


@dataclass(frozen=True)
class Block:
    """Whole lines. ``data`` is valid until the next block is asked for.

    ``ended`` tells whether the last line has its newline; only the last block's may not.
    """

    offset: int
    data: bytearray
    size: int
    ended: bool


@dataclass(frozen=True)
class Oversized:
    """A piece of a line that is longer than the limit."""

    offset: int
    data: bytes
    first: bool


class LineBlocks:
    """Iterates over ``Block`` and ``Oversized``, in the order of the stream."""

    def __init__(self, source: Source, record_bytes: int) -> None:
        """``record_bytes`` is the limit of a line, its newline not counted."""
        self._source = source
        self._limit = record_bytes
        self._buffer = bytearray(BLOCK)
        self._filled = 0
        self._offset = 0

    def __iter__(self) -> Iterator[Block | Oversized]:
        """Iterate once."""
        searched = 0
        while self._read():
            cut = self._buffer.rfind(b"\n", searched, self._filled) + 1
            if cut:
                yield Block(self._offset, self._buffer, cut, ended=True)
                self._drop(cut)
            searched = self._filled
            if self._filled > self._limit:
                yield from self._oversized()
                searched = 0
        if self._filled:
            ended = self._buffer[self._filled - 1 : self._filled] == b"\n"
            yield Block(self._offset, self._buffer, self._filled, ended)

    def _read(self) -> int:
        if self._filled == len(self._buffer):
            self._buffer = self._buffer + bytearray(len(self._buffer))
        with memoryview(self._buffer) as view:
            count = self._source.readinto(view[self._filled :])
        self._filled += count
        return count

    def _drop(self, count: int) -> None:
        """Forget the first bytes, and the memory that a long line took."""
        rest = self._buffer[count : self._filled]
        if len(self._buffer) > BLOCK:
            self._buffer = bytearray(max(BLOCK, len(rest)))
        self._buffer[: len(rest)] = rest
        self._offset += count
        self._filled = len(rest)

    def _oversized(self) -> Iterator[Oversized]:
        start, first = self._offset, True
        end = -1
        while end < 0:
            while self._filled >= PIECE and end < 0:
                yield Oversized(start, bytes(self._buffer[:PIECE]), first)
                first = False
                self._drop(PIECE)
            before = self._filled
            if not self._read():
                end = self._filled
                break
            end = self._buffer.find(b"\n", before, self._filled)
        yield from self._rest(start, end, first)

    def _rest(self, start: int, end: int, first: bool) -> Iterator[Oversized]:
        """Hand out the end of the line, and leave what follows its newline."""
        while end > PIECE:
            yield Oversized(start, bytes(self._buffer[:PIECE]), first)
            first = False
            self._drop(PIECE)
            end -= PIECE
        yield Oversized(start, bytes(self._buffer[:end]), first)
        self._drop(min(end + 1, self._filled))


def pieces(data: bytes) -> list[bytes]:
    """A line of known end, cut as ``Oversized`` is."""
    return [data[i : i + PIECE] for i in range(0, max(len(data), 1), PIECE)]
