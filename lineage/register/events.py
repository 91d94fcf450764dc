"""Events out of a file: one JSON value a line, or one array of them; bounded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.errors import UsageError

LONGEST = 16 << 20
"""Bytes of one event."""
LARGEST_ARRAY = 256 << 20
"""Bytes of a file that is one array."""
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Broken:
    """An event that was not taken: its number, from 1 (of the line or in the array), and why."""

    number: int
    reason: str


def read_events(file: Path) -> Iterator[tuple[int, Any] | Broken]:
    """Events with their numbers, or why one is none; UsageError if the file cannot be read."""
    try:
        with file.open("rb") as stream:
            start = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
        yield from _array(file) if start.startswith(b"[") else _lines(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _lines(file: Path) -> Iterator[tuple[int, Any] | Broken]:
    with file.open("rb") as stream:
        number = 0
        while line := stream.readline(LONGEST + 1):
            number += 1
            if number > MOST:
                yield Broken(number, f"it comes after the first {MOST:,}")
                return
            if len(line) > LONGEST:
                yield Broken(number, f"it is larger than {LONGEST:,} bytes")
                while line and not line.endswith(b"\n"):
                    line = stream.readline(LONGEST)
                continue
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield _value(number, line)


def _value(number: int, line: bytes) -> tuple[int, Any] | Broken:
    try:
        return number, json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return Broken(number, "it is no JSON")


def _array(file: Path) -> Iterator[tuple[int, Any] | Broken]:
    """Elements one by one, so that those before a broken one are kept."""
    if file.stat().st_size > LARGEST_ARRAY:
        hint = "write one event a line"
        raise UsageError(f"{file} is an array larger than {LARGEST_ARRAY:,} bytes", hint=hint)
    text = file.read_bytes().decode("utf-8-sig", "backslashreplace")
    decoder, at, number = json.JSONDecoder(), text.index("[") + 1, 0
    while True:
        at = _past_space(text, at)
        if text[at : at + 1] == "]":
            return
        number += 1
        if number > MOST:
            yield Broken(number, f"it comes after the first {MOST:,}")
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield Broken(number, "it is no JSON, and what follows in the array cannot be told")
            return
        yield number, value
        at = _past_space(text, at)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != "]":
            yield Broken(number + 1, "the array breaks off")
            return


def _past_space(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\r", "\n") and at < len(text):
        at += 1
    return at
