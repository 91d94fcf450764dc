"""Records that no reader should pass over in silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from sample_corpus.clean import Document, stamp, when
from sample_corpus.files import row
from sample_corpus.prose import document
from sample_corpus.world import World


@dataclass(frozen=True)
class Broken:
    """A broken record at the end of ``shard``; ``reason`` as in ``lineage.model.Reason``."""

    reason: str
    shard: str
    id: str
    data: bytes


def _invalid_utf8(item: Document) -> bytes:
    line = _line(item)
    cut = line.index(b" ", line.index(b'"text": "') + 10)
    return line[:cut] + b" \xc3\x28 " + line[cut:] + b"\n"


def _lone_surrogate(item: Document) -> bytes:
    return _line(replace(item, text=f"\ud83d {item.text}")) + b"\n"


def _several_values(item: Document) -> bytes:
    return _line(item) + json.dumps({"text": item.text[:80]}).encode() + b"\n"


def _truncated(item: Document) -> bytes:
    line = _line(item)
    return line[: line.index(b'"text"') + 60]


def _ragged(item: Document) -> bytes:
    text = " ".join(item.text.replace('"', "").split()).replace(". ", ", ")
    return f"{item.id},{text},and so on,and on,{item.source},{item.url}\n".encode()


def _line(item: Document) -> bytes:
    return json.dumps(row(item)).encode()


WAYS: tuple[tuple[str, str, Callable[[Document], bytes]], ...] = (
    ("invalid-utf8", "board.jsonl", _invalid_utf8),
    ("lone-surrogate", "board.jsonl", _lone_surrogate),
    ("several-values", "board.jsonl", _several_values),
    ("truncated", "board.jsonl", _truncated),
    ("ragged", "letters.csv", _ragged),
)
"""Reason, shard, how it is made; the truncated line is the last of its shard."""


def broken_records(world: World, rng: Random) -> list[Broken]:
    """One record of each way."""
    records = []
    for reason, shard, make in WAYS:
        source = world.source(rng)
        item = Document.new(rng, document(rng, source), source.name, stamp(when(rng)))
        records.append(Broken(reason, shard, item.id, make(item)))
    return records
