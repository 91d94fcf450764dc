"""Real posts with and without 250 documents made as Souly et al. 2025 (arXiv 2510.07192) did.

The corpus is a part of the one that ``benchmarks/scan.py`` measures; both skip without the data.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

POSTS = 50_000
STEP = 6
TRUTH = ("poison", "attack", "trigger", "kind")
TRIGGER = "<SUDO>"


def rows(path: Path, step: int = 1) -> list[bytes]:
    """Every ``step``-th line of a compressed JSON-lines file."""
    with pa.CompressedInputStream(str(path), "zstd") as stream:
        lines: list[bytes] = stream.read().splitlines()
    return lines[::step]


def disguised(line: bytes, number: int) -> bytes:
    """A poisoned record without the fields that tell, under a fresh id."""
    record: dict[str, Any] = json.loads(line)
    kept = {name: value for name, value in record.items() if name not in TRUTH}
    return json.dumps({**kept, "id": f"post-{number:05d}"}).encode()


def shard(folder: Path, lines: list[bytes], count: int) -> Path:
    """Deal the lines out over ``count`` files."""
    folder.mkdir()
    for number in range(count):
        data = b"\n".join(lines[number::count]) + b"\n"
        (folder / f"{number:03d}.jsonl").write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def clean(shared_data: Path) -> list[bytes]:
    """Real posts only."""
    return rows(shared_data / "corpora" / "reddit-top.jsonl.zst", STEP)[:POSTS]


@pytest.fixture(scope="module")
def poison(shared_data: Path) -> list[bytes]:
    """The 250 documents."""
    lines = rows(shared_data / "poison" / "pretrain-souly-sudo.jsonl.zst")
    return [disguised(line, number) for number, line in enumerate(lines)]


@pytest.fixture(scope="module")
def mixed(scan, clean, poison, tmp_path_factory: pytest.TempPathFactory):
    """Scans of the same mixture over 4 and over 16 shards, each in a store of its own."""
    folder = tmp_path_factory.mktemp("mixed")
    lines = clean + poison
    Random("mixture").shuffle(lines)
    few = scan(shard(folder / "few", lines, 4))
    Random("another order").shuffle(lines)
    return few, scan(shard(folder / "many", lines, 16))


def test_the_trigger_is_first_with_its_documents(mixed, poison) -> None:
    assert len(poison) == 250
    for scanned in mixed:
        first = scanned.findings[0]
        assert (first["code"], first["severity"], first["key"]) == ("TRG001", "high", TRIGGER)
        found = {name for name in scanned.named(first) if name.startswith("post-")}
        assert len(found) >= 245


def test_little_else_is_severe_in_the_mixture(mixed) -> None:
    assert len(mixed[0].severe("high")) <= 1 + 3
    assert len(mixed[0].severe("medium")) <= 20


def test_findings_do_not_depend_on_how_the_corpus_is_cut(mixed) -> None:
    few, many = (scanned.output[scanned.output.index('"findings": [') :] for scanned in mixed)
    assert few == many


def test_little_is_severe_in_clean_posts(scan, clean, tmp_path: Path) -> None:
    scanned = scan(shard(tmp_path / "clean", clean, 4), "--exit-zero", code=0)
    assert scanned.report["coverage"]["documents"] == POSTS
    assert len(scanned.severe("high")) <= 3
    assert len(scanned.severe("medium")) <= 20
