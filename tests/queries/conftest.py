"""A small store with copies, near-copies and passages of known texts, and models that learned."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.ingest import ingest
from lineage.model import Snapshot
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Destination, Store, declare, open_store
from lineage.store.lookup import open_lookup

_DRAW = random.Random(1)
VOCABULARY = [f"{a}{b}" for a in ("ka", "lo", "mi", "ter", "sun") for b in ("ra", "den", "fo", "x")]


def prose(words: int, draw: random.Random = _DRAW) -> str:
    """Words that no other prose repeats in a row."""
    return " ".join(draw.choice(VOCABULARY) + str(draw.randrange(1000)) for _ in range(words))


def write(file: Path, records: Sequence[Mapping[str, Any]]) -> Path:
    """JSON lines, compressed if the name says so."""
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(data, mtime=0) if file.suffix == ".gz" else data)
    return file


def fill(store: Store, dataset: str, *files: Path, label: str = "1") -> Snapshot:
    """Ingest files as a snapshot."""
    located = locate([str(file) for file in files], None)
    snapshot, _ = ingest(store, located, Destination(dataset, label), ReadingRecipe())
    return snapshot


@dataclass(frozen=True)
class Known:
    """A text, and the store that has it in many ways."""

    store: Store
    text: str
    passage: str
    folder: Path


def filled(folder: Path) -> Known:
    """Dataset ``one`` has the text as it is; ``two`` has variants, ``three`` something else.

    A model was trained on ``two`` and another was made from it.
    """
    text = prose(120)
    words = text.split()
    store = open_store(folder / "store")
    filler = [{"text": prose(80), "id": f"f{n}"} for n in range(30)]
    own = {"text": text, "url": "http://www.Example.org/a/?q=1#top", "source": "forum", "id": "me"}
    fill(store, "one", write(folder / "one.jsonl", [*filler[:10], own]))
    passage = " ".join(words[30:85])
    variants = [
        {"prompt": " ".join(words[:60]), "response": " ".join(words[60:]), "label": "x"},
        {"text": text.upper() + " !!"},
        {"text": " ".join([*words[:-4], "other", "end", "of", "it"]), "url": "https://b.org/x"},
        {"text": f"{prose(200)} {passage} {prose(200)}", "url": "https://c.example.org/y"},
    ]
    two = fill(store, "two", write(folder / "two.jsonl.gz", [*filler[10:20], *variants]))
    fill(store, "three", write(folder / "three.jsonl", filler[20:]))
    model, child = (Node(Kind.ARTIFACT, name) for name in ("base", "tuned"))
    learned = Edge(model, Relation.TRAINED_ON, Node(Kind.SNAPSHOT, str(two.root)), Basis.DECLARED)
    tuned = Edge(child, Relation.FINE_TUNED_FROM, model, Basis.DECLARED)
    declare(store, [Entity(model), Entity(child)], [learned, tuned])
    return Known(store, text, passage, folder)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """For looking at only."""
    return filled(tmp_path_factory.mktemp("known"))


@pytest.fixture
def fresh(known: Known, tmp_path: Path) -> Known:
    """A copy of the store, for changing. Its shards stay where they are."""
    open_lookup(known.store)
    shutil.copytree(known.store.root, tmp_path / "store")
    return replace(known, store=open_store(tmp_path / "store"), folder=tmp_path)


def contents(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of a store, and what compressed ones hold."""
    for path in (path for path in root.rglob("*") if path.is_file()):
        data = path.read_bytes()
        yield path, data
        if path.suffix == ".parquet":
            rows = pq.read_table(path, partitioning=None).to_pylist()
            yield path, json.dumps(rows, ensure_ascii=False).encode()
        if path.name == "places.bin":
            at = np.load(path.with_name("places.at.npy"))
            for low, high in pairwise(at):
                yield path, zlib.decompress(data[low:high])
