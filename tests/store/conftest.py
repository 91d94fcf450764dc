"""A small corpus, a store, and readers that count."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from lineage.ingest import Options, Reader, ingest
from lineage.model import Coverage, Snapshot
from lineage.shards import open_shard
from lineage.shards.locate import Located, locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Destination, Store, StoredFinding, open_store, save_scan

WORDS = ["river", "stone", "quiet", "lamp", "winter", "garden", "seven", "letter", "bread"]
BROKEN = "{this is no json}"


def write_shard(file: Path, documents: int, seed: int) -> Path:
    """Write a jsonl shard whose fourth line is broken."""
    draw = random.Random(seed)
    lines = [
        json.dumps({"id": f"{seed}-{k}", "text": " ".join(draw.choices(WORDS, k=20))})
        for k in range(documents)
    ]
    lines.insert(3, BROKEN)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def write_corpus(folder: Path) -> Path:
    """Write four shards of 50 documents and one broken record each."""
    folder.mkdir()
    for seed in range(4):
        write_shard(folder / f"shard-{seed}.jsonl", 50, seed)
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Give four shards of 50 documents and one broken record each."""
    return write_corpus(tmp_path / "corpus")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Give a store with a snapshot ``d@one`` and a finding, for looking at only."""
    folder = tmp_path_factory.mktemp("filled")
    store = open_store(folder / "store")
    located = locate([str(write_corpus(folder / "corpus"))], None)
    snapshot, _ = ingest(store, located, Destination("d", "one"), ReadingRecipe())
    finding = StoredFinding("DUP-1", "DUP", "high", "title", "rev", 2, {"k": "v"})
    save_scan(store, snapshot.root, ["r"], [finding])
    return store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Give an empty store."""
    return open_store(tmp_path / "store")


class Openings:
    """Opens shards and remembers which."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, located: Located, recipe: ReadingRecipe) -> Reader:
        """Open a shard."""
        self.names.append(Path(located.name).name)
        return open_shard(located, recipe)


@pytest.fixture
def openings() -> Openings:
    """Count reader openings."""
    return Openings()


Ingest = Callable[..., tuple[Snapshot, Coverage]]


@pytest.fixture
def run(store: Store, openings: Openings) -> Ingest:
    """Ingest paths into the store (or another), as dataset ``d``."""

    def run(
        *paths: Path, into: Store = store, label: str = "", **options: Any
    ) -> tuple[Snapshot, Coverage]:
        options = {"open_reader": openings, **options}
        found: Sequence[Located] = locate([str(path) for path in paths], None)
        return ingest(into, found, Destination("d", label), ReadingRecipe(), Options(**options))

    return run
