"""Makes the corpora that the benchmarks scan, from real posts and published poison.

    python benchmarks/corpora.py FOLDER POISON.jsonl.zst POSTS.jsonl.zst... \
        [--documents N] [--poisoned N]

FOLDER gets ``clean-8/`` and ``mixed-8/``, ``mixed-64/`` (the same in another order, each over so
many ``.jsonl.zst`` shards), ``mixed.jsonl`` (all in one plain file) and ``poison.json`` (the ids
of the poisoned documents). They lose the fields that tell what they are and get fresh ids.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa

TRUTH = ("poison", "attack", "trigger", "kind")
"""Fields of the poison sets that no real corpus would have."""


def lines_of(path: Path) -> list[bytes]:
    """Lines of a JSON-lines file, compressed or not."""
    with pa.input_stream(str(path), compression="detect") as stream:
        lines: list[bytes] = stream.read().splitlines()
    return lines


def disguised(line: bytes, number: int) -> tuple[str, bytes]:
    """A poisoned record as one more post: its fresh id, and its line."""
    record: dict[str, Any] = json.loads(line)
    name = f"post-{number:06d}"
    kept = {field: value for field, value in record.items() if field not in TRUTH}
    return name, json.dumps({**kept, "id": name}, ensure_ascii=False).encode()


def write_shards(folder: Path, lines: Sequence[bytes], count: int) -> None:
    """Deal the lines out over ``count`` compressed shards."""
    folder.mkdir(parents=True)
    for number in range(count):
        file = folder / f"part-{number:03d}.jsonl.zst"
        with pa.output_stream(str(file), compression="zstd") as stream:
            stream.write(b"\n".join(lines[number::count]) + b"\n")


def spread_out(lines: list[bytes], documents: int | None) -> list[bytes]:
    """So many of the lines, evenly from all places."""
    if documents is None or documents >= len(lines):
        return lines
    return [lines[number * len(lines) // documents] for number in range(documents)]


def make(folder: Path, clean: list[bytes], poison: list[bytes]) -> None:
    """Write all corpora."""
    planted = dict(disguised(line, number) for number, line in enumerate(poison))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "poison.json").write_text(json.dumps(sorted(planted)))
    write_shards(folder / "clean-8", clean, 8)
    mixed = clean + list(planted.values())
    for count in (64, 8):
        Random(count).shuffle(mixed)
        write_shards(folder / f"mixed-{count}", mixed, count)
    (folder / "mixed.jsonl").write_bytes(b"\n".join(mixed) + b"\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("poison", type=Path)
    parser.add_argument("posts", type=Path, nargs="+")
    parser.add_argument("--documents", type=int)
    parser.add_argument("--poisoned", type=int)
    given = parser.parse_args()
    every_post = [line for path in given.posts for line in lines_of(path)]
    make(
        given.folder,
        spread_out(every_post, given.documents),
        spread_out(lines_of(given.poison), given.poisoned),
    )
