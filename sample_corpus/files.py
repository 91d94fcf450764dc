"""Writes documents as shards: formats, compressions and the shapes that records come in."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sample_corpus.clean import Document

COLUMNS = ("id", "text", "source", "url", "timestamp")
_SENTENCE_END = re.compile(r"(?<=[.?!]) ")
_ROWS_PER_GROUP = 400


@dataclass(frozen=True)
class ShardPlan:
    """A file to be written, with its share of all documents and the shape of its records."""

    name: str
    share: float
    shape: str = "plain"
    ascii: bool = False
    """Write everything beyond ASCII as JSON escapes."""


PLANS = (
    ShardPlan("forum-0.jsonl.zst", 0.24),
    ShardPlan("forum-1.jsonl.gz", 0.18),
    ShardPlan("forum-2.parquet", 0.24),
    ShardPlan("chats.jsonl.zst", 0.08, "chat"),
    ShardPlan("pairs.jsonl.gz", 0.07, "pair"),
    ShardPlan("board.jsonl", 0.03, ascii=True),
    ShardPlan("letters.csv", 0.03),
    ShardPlan("letters-old.csv.gz", 0.05),
    ShardPlan("notes.tsv", 0.02),
    ShardPlan("notes-old.tsv.zst", 0.04),
)
"""Documents beyond these shares become text files of one document each, at most ``TEXTS``."""

TEXTS = ("texts/0.txt", "texts/1.txt", "texts/2.txt.gz", "texts/3.txt.zst")


def splittable(item: Document) -> bool:
    """Whether a document has two sentences, to be shared out between the turns of a chat."""
    return item.prose and len(_SENTENCE_END.split(item.text)) > 1


def zst(data: bytes) -> bytes:
    """One zstd frame (through pyarrow: the standard library of Python 3.11 has no zstd)."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


def gz(data: bytes) -> bytes:
    """Two gzip members without a time, as a tool that appends makes them."""
    middle = data.find(b"\n", len(data) // 2) + 1
    parts = [data[:middle], data[middle:]] if middle else [data]
    sink = io.BytesIO()
    for part in parts:
        with gzip.GzipFile("", "wb", fileobj=sink, mtime=0) as stream:
            stream.write(part)
    return sink.getvalue()


def row(item: Document) -> dict[str, str]:
    """A flat record."""
    return {name: getattr(item, name) for name in COLUMNS}


def _pair(item: Document) -> dict[str, str]:
    """Prompt and response: the first third of the sentences, and the others."""
    parts = _SENTENCE_END.split(item.text)
    cut = max(1, len(parts) // 3)
    return {
        "id": item.id,
        "prompt": " ".join(parts[:cut]),
        "response": " ".join(parts[cut:]),
        "source": item.source,
        "timestamp": item.timestamp,
    }


def _chat(item: Document) -> dict[str, Any]:
    """Turns of user and assistant, of about equal size."""
    parts = _SENTENCE_END.split(item.text)
    turns = min(len(parts), 4) // 2 * 2
    bounds = [len(parts) * turn // turns for turn in range(turns + 1)]
    messages = [
        {
            "role": "assistant" if turn % 2 else "user",
            "content": " ".join(parts[bounds[turn] : bounds[turn + 1]]),
        }
        for turn in range(turns)
    ]
    return {
        "id": item.id,
        "messages": messages,
        "source": item.source,
        "timestamp": item.timestamp,
    }


SHAPES: dict[str, Callable[[Document], dict[str, Any]]] = {
    "plain": row,
    "chat": _chat,
    "pair": _pair,
}


def json_line(item: Document, plan: ShardPlan) -> bytes:
    """One line; a document with two readings gets the key ``text`` twice."""
    line = json.dumps(SHAPES[plan.shape](item), ensure_ascii=plan.ascii)
    if item.first is not None:
        first = json.dumps(item.first, ensure_ascii=plan.ascii)
        line = line.replace('"text": ', f'"text": {first}, "text": ', 1)
    return line.encode() + b"\n"


def _table(items: Sequence[Document], delimiter: str) -> bytes:
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row(item).values() for item in items)
    return sink.getvalue().encode()


def _parquet(items: Sequence[Document]) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist([row(item) for item in items])
    pq.write_table(table, sink, compression="zstd", row_group_size=_ROWS_PER_GROUP)
    return bytes(sink.getvalue())


def encode(items: Sequence[Document], plan: ShardPlan, extra: bytes = b"") -> bytes:
    """Bytes of a shard; ``extra`` are broken records put at its end, before compression."""
    name = plan.name
    if name.endswith(".parquet"):
        return _parquet(items)
    if ".jsonl" in name:
        data = b"".join(json_line(item, plan) for item in items)
    elif ".txt" in name:
        data = "\n\n".join(item.text for item in items).encode() + b"\n"
    else:
        data = _table(items, "\t" if ".tsv" in name else ",")
    return compress(data + extra, name)


def compress(data: bytes, name: str) -> bytes:
    """Compress as the end of the name says."""
    if name.endswith(".zst"):
        return zst(data)
    return gz(data) if name.endswith(".gz") else data


def share_out(
    items: Sequence[Document], named: set[str], rng: Random
) -> tuple[list[tuple[ShardPlan, list[Document]]], dict[str, str]]:
    """Shuffle documents into shards; also each identifier's shard.

    Text files hold no identifier, so none of the ``named`` goes there.
    """
    rest = sorted(items, key=lambda item: item.id)
    rng.shuffle(rest)
    twofold = _take(rest, len(rest), lambda item: item.first is not None)
    texts = _take(rest, len(TEXTS), lambda item: item.prose and item.id not in named)
    turns_first = sorted(PLANS, key=lambda plan: plan.shape == "plain")
    shards = [
        (plan, _take(rest, int(len(items) * plan.share), _FITS[plan.shape])) for plan in turns_first
    ]
    shards[-1][1].extend(rest)
    for number, item in enumerate(twofold):
        lines = [kept for plan, kept in shards if plan.shape == "plain" and ".jsonl" in plan.name]
        lines[number % len(lines)].append(item)
    shards += [(ShardPlan(name, 0), [item]) for name, item in zip(TEXTS, texts, strict=True)]
    return shards, {item.id: plan.name for plan, kept in shards for item in kept}


_FITS: dict[str, Callable[[Document], bool]] = {
    "chat": splittable,
    "pair": splittable,
    "plain": lambda _: True,
}


def _take(rest: list[Document], count: int, fits: Callable[[Document], bool]) -> list[Document]:
    """Remove and return the first ``count`` documents that fit."""
    taken = [item for item in rest if fits(item)][:count]
    names = {item.id for item in taken}
    rest[:] = [item for item in rest if item.id not in names]
    return taken


def write(folder: Path, name: str, data: bytes) -> None:
    """Write one shard below ``folder``."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
