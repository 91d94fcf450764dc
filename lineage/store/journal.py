"""The journal: one JSON event a line, appended and flushed before the index learns of it.

The index is a fold of the journal, so it can always be made again. A kill between the two
leaves the index behind; the next writer catches up. A torn last line was never acknowledged
and is cut off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lineage.errors import StoreError

Event = Mapping[str, Any]
"""Keys ``kind``, ``number``, ``at`` (ISO 8601, UTC), and those of its kind."""


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces, ASCII only: equal values, equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def cut_torn_line(path: Path) -> int:
    """Drop an unfinished last line; returns the length of the journal in bytes."""
    if not path.exists():
        return 0
    with path.open("r+b") as file:
        size = end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 65536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            file.truncate(end)
            os.fsync(file.fileno())
    return end


def append(path: Path, events: Iterable[Event]) -> int:
    """Append events durably; returns the new length of the journal in bytes."""
    with path.open("ab") as file:
        file.write("".join(canonical(event) + "\n" for event in events).encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def cut_back(path: Path, end: int) -> None:
    """Drop what was appended after a length of ``end`` bytes."""
    if path.exists():
        with path.open("r+b") as file:
            file.truncate(end)
            os.fsync(file.fileno())


def events_from(path: Path, offset: int) -> Iterator[Event]:
    """Events that begin at or after a byte offset; StoreError on a line that is not one."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            try:
                event = json.loads(line)
            except ValueError as error:
                raise StoreError(
                    f"the journal {path} is damaged near byte {offset}: {error}",
                    hint="restore journal.jsonl from a copy, or ingest into a new store",
                ) from error
            offset += len(line)
            yield event
