"""JSON lines, compressed or not, read and written as streams."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

Record = dict[str, Any]
CHUNK = 4 << 20


def raw_lines(path: Path) -> Iterator[bytes]:
    """Lines without their ends; empty lines are left out."""
    rest = b""
    with pa.input_stream(str(path), compression="detect") as stream:
        while chunk := stream.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from filter(None, lines)
    if rest:
        yield rest


def records_of(path: Path) -> Iterator[Record]:
    """Every record of a file."""
    return map(json.loads, raw_lines(path))


def line_of(record: Record) -> bytes:
    """A record as one line, with its end."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def write_lines(path: Path, records: Iterable[Record]) -> None:
    """Write records as zstd-compressed JSON lines."""
    with pa.output_stream(str(path), compression="zstd") as stream:
        for record in records:
            stream.write(line_of(record))
