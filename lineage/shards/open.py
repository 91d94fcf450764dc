"""Bytes of a shard, decompressed as they stream; damage keeps what came before it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from lineage.errors import ReadingError
from lineage.shards.recipe import Limits

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"
_CHUNK = 256 << 10
_RETRY = 4 << 10


class Source(Protocol):
    """A stream of decompressed bytes. ``damage`` says, at its end, why it ended too early."""

    damage: str

    def readinto(self, buffer: memoryview) -> int:
        """Fill ``buffer`` from its start; return the number of bytes, 0 at the end.

        OSError where the machine fails to read: that is no damage of the bytes.
        """

    def close(self) -> None:
        """Close the file."""


def is_of_machine(error: Exception) -> bool:
    """Whether reading failed, and not what was read: only then does Arrow know an errno."""
    return isinstance(error, OSError) and error.errno is not None


def compression_of(file: Path) -> str:
    """``gzip``, ``zstd`` or empty, by the file's first bytes. ReadingError if its name lies."""
    with file.open("rb") as stream:
        magic = stream.read(4)
    if magic[:2] == _GZIP:
        return "gzip"
    if magic == _ZSTD or (magic[1:] == _ZSTD_SKIPPABLE and magic[:1] >= b"\x50"):
        return "zstd"
    if magic and file.suffix.lower() in (".gz", ".zst"):
        raise ReadingError(f"{file} is named {file.suffix} but holds no such stream")
    return ""


def open_source(file: Path, compression: str, limits: Limits) -> Source:
    """Open a file for streaming."""
    openers: dict[str, Callable[[Path], Source]] = {"": Plain, "gzip": Gzip, "zstd": Zstd}
    source = openers[compression](file)
    return Bounded(source, file.stat().st_size, limits) if compression else source


def begins_with_list(file: Path, compression: str, limits: Limits) -> bool:
    """Whether the first byte that is not blank opens a JSON array."""
    source = open_source(file, compression, limits)
    buffer = bytearray(_RETRY)
    try:
        with memoryview(buffer) as view:
            count = source.readinto(view)
    finally:
        source.close()
    return buffer[:count].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


class Plain:
    """The file's own bytes."""

    def __init__(self, file: Path) -> None:
        """Open without a buffer of its own: callers read blocks."""
        self.damage = ""
        self._stream = file.open("rb", buffering=0)

    def readinto(self, buffer: memoryview) -> int:
        """See ``Source``."""
        return self._stream.readinto(buffer) or 0

    def close(self) -> None:
        """See ``Source``."""
        self._stream.close()


class Gzip:
    """Members of a gzip file, one after the other; zero padding between them is skipped.

    zlib and not Arrow: it hands out every byte before the damage of a broken stream.
    """

    def __init__(self, file: Path) -> None:
        """Open the file; nothing is decompressed yet."""
        self.damage = ""
        self._stream = file.open("rb", buffering=0)
        self._member: zlib._Decompress | None = None
        self._input = b""

    def readinto(self, buffer: memoryview) -> int:
        """See ``Source``."""
        while not self.damage:
            try:
                data = self._next(len(buffer))
            except zlib.error as error:
                self.damage = f"damaged gzip stream: {error}"
                return 0
            if data is None:
                return 0
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0

    def _next(self, size: int) -> bytes | None:
        """Some bytes (perhaps none yet), or None at the end."""
        if not self._input:
            self._input = self._stream.read(_CHUNK) or b""
        if self._member is None:
            return self._begin()
        if not self._input:
            self.damage = "truncated gzip stream"
            return self._member.flush() or None
        data = self._member.decompress(self._input, size)
        if self._member.eof:
            self._input, self._member = self._member.unused_data, None
        else:
            self._input = self._member.unconsumed_tail
        return data

    def _begin(self) -> bytes | None:
        self._input = self._input.lstrip(b"\0")
        if len(self._input) == 1:
            self._input += self._stream.read(_CHUNK) or b""
        if not self._input:
            return None if not (more := self._stream.read(_CHUNK)) else self._put_back(more)
        if not _GZIP.startswith(self._input[:2]):
            self.damage = "bytes that are not gzip follow the gzip stream"
            return None
        self._member = zlib.decompressobj(wbits=31)
        return b""

    def _put_back(self, data: bytes) -> bytes:
        self._input = data
        return b""

    def close(self) -> None:
        """See ``Source``."""
        self._stream.close()


class Zstd:
    """Frames of a zstd file, one after the other, by Arrow's streaming decompressor."""

    def __init__(self, file: Path) -> None:
        """Open the file; nothing is decompressed yet."""
        self.damage = ""
        self._file = file
        self._given = 0
        self._salvaged: bytes | None = None
        self._stream = self._open()

    def _open(self) -> pa.NativeFile:
        return pa.CompressedInputStream(pa.OSFile(str(self._file)), "zstd")

    def readinto(self, buffer: memoryview) -> int:
        """See ``Source``."""
        if self._salvaged is None:
            try:
                count = int(self._stream.readinto(buffer))
                self._given += count
                return count
            except OSError as error:
                if is_of_machine(error):
                    raise
                self.damage = f"damaged zstd stream: {error}"
                self._salvaged = self._before_damage()
        data, self._salvaged = self._salvaged[: len(buffer)], self._salvaged[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _before_damage(self) -> bytes:
        """Bytes that the failed read had before it failed.

        Arrow drops them with the error, so the stream is read again in ever smaller steps.
        """
        salvaged = b""
        for step in (_RETRY, 1):
            stream = self._open()
            try:
                _skip(stream, self._given + len(salvaged))
                while data := stream.read(step):
                    salvaged += data
            except OSError as error:
                if is_of_machine(error):
                    raise
            finally:
                stream.close()
        return salvaged

    def close(self) -> None:
        """See ``Source``."""
        self._stream.close()


def _skip(stream: pa.NativeFile, count: int) -> None:
    while count:
        count -= len(stream.read(min(count, _CHUNK)))


class Bounded:
    """Ends a stream that grows beyond all proportion to its file: a decompression bomb."""

    def __init__(self, source: Source, size: int, limits: Limits) -> None:
        """``size`` is the compressed size in bytes."""
        self._source = source
        self._left = max(limits.expansion_floor, limits.expansion * size)
        self.damage = ""

    def readinto(self, buffer: memoryview) -> int:
        """See ``Source``."""
        count = self._source.readinto(buffer)
        self.damage = self._source.damage
        self._left -= count
        if self._left < 0:
            self.damage = "expands beyond the limit for compressed shards"
            return 0
        return count

    def close(self) -> None:
        """See ``Source``."""
        self._source.close()
