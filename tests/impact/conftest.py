"""A corpus that was copied in part into another one, and models that learned from both."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.ingest import ingest
from lineage.model import Snapshot
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Destination, Store, StoredFinding, declare, open_store, save_scan

_DRAW = random.Random(3)
_PARTS = [f"{a}{b}" for a in ("ka", "lo", "mi", "ter", "sun") for b in ("ra", "den", "fo", "x")]
MODEL, TUNED, SMALL, OTHER = (
    Node(Kind.ARTIFACT, name) for name in ("base", "tuned", "tuned-q4", "elsewhere")
)
JOB = Node(Kind.RUN, "job-7")
FORUM, ARCHIVE, MIRROR = (Node(Kind.SOURCE, name) for name in ("alpha", "archive", "mirror"))


def prose(words: int) -> str:
    """Words that no other prose repeats in a row."""
    return " ".join(_DRAW.choice(_PARTS) + str(_DRAW.randrange(1000)) for _ in range(words))


def write(file: Path, records: Sequence[Mapping[str, Any]]) -> Path:
    """JSON lines."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return file


def fill(store: Store, dataset: str, *files: Path, source: str | None = None) -> Snapshot:
    """Ingest files as a snapshot."""
    located = locate([str(file) for file in files], None)
    snapshot, _ = ingest(store, located, Destination(dataset, "1", source), ReadingRecipe())
    return snapshot


def edited(text: str) -> str:
    """Two words near the end are others: Jaccard above 0.9 for 120 words."""
    words = text.split()
    return " ".join([*words[:-2], "other", "end"])


@dataclass(frozen=True)
class Touched:
    """``posts`` is collected from ``archive``, ``web`` from ``mirror``."""

    store: Store
    posts: Snapshot
    web: Snapshot
    finding: str

    def node(self, snapshot: Snapshot) -> Node:
        """Node of a snapshot."""
        return Node(Kind.SNAPSHOT, str(snapshot.root))


def records() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Posts of ``alpha`` (30, the first six undated) and ``beta`` (20); and another corpus.

    The other has copies of posts of ``alpha``: 9 as they are, 3 in capitals, 6 edited.
    """
    posts: list[dict[str, Any]] = [
        {
            "text": prose(120),
            "id": f"p{n}",
            "source": "alpha" if n < 30 else "beta",
            "url": f"https://u{n % 2}@{'a' if n < 30 else 'b'}.forum{n % 3}.co.uk:8080/{n}",
            "timestamp": None if n < 6 else f"2024-{1 + n % 12:02}-15T10:00:00Z",
        }
        for n in range(50)
    ]
    texts = [post["text"] for post in posts]
    copies = [*texts[:9], *(t.upper() for t in texts[9:12]), *map(edited, texts[12:18])]
    web = [{"text": prose(90), "id": f"w{n}", "url": f"https://web{n}.org/"} for n in range(20)]
    web += [
        {"text": text, "id": f"c{n}", "source": "mirror", "url": f"http://[2001:db8::1]/{n}"}
        for n, text in enumerate(copies)
    ]
    return posts, web


def touched(folder: Path) -> Touched:
    """Fill a store."""
    posts, web = records()
    store = open_store(folder / "store")
    shards = [write(folder / f"posts-{n}.jsonl", posts[n::2]) for n in range(2)]
    one = fill(store, "posts", *shards, source="archive")
    two = fill(store, "web", write(folder / "web.jsonl", web), source="mirror")
    there = Touched(store, one, two, "DUP-1")
    facts = {"class": "crawled", "crawler": "Bot/1", "period": "2024-01/2024-06"}
    mirrored = {"class": "public", "licence": "CC0-1.0", "uri": "https://mirror.example"}
    first, second = there.node(one), there.node(two)
    said, learned = Basis.DECLARED, Relation.TRAINED_ON
    declare(
        store,
        [Entity(ARCHIVE, facts), Entity(MIRROR, mirrored), Entity(OTHER), Entity(JOB)],
        [
            Edge(MODEL, learned, first, said, {"epochs": 2, "role": "pretraining"}),
            Edge(MODEL, Relation.WRITTEN_BY, JOB, said),
            Edge(JOB, Relation.READ, first, said),
            Edge(TUNED, Relation.FINE_TUNED_FROM, MODEL, said),
            Edge(SMALL, Relation.QUANTISED_FROM, TUNED, Basis.INFERRED_SKETCH),
            Edge(OTHER, learned, second, said),
        ],
    )
    members = [f"{hi:016x}{lo:016x}" for hi, lo in _identities(store, 3)]
    payload = {"members": members}
    finding = StoredFinding(there.finding, "DUP", "high", "a title", "rev", 3, payload)
    save_scan(store, one.root, ["DUP"], [finding], {"coverage": [_SKIPPED]})
    return there


_SKIPPED = {"path": "posts/x.bin", "digest": None, "status": "skipped", "detail": "no format"}


def _identities(store: Store, many: int) -> list[tuple[int, int]]:
    from lineage.store.holdings import holdings  # noqa: PLC0415

    rows = [h.bundle.records(["doc_hi", "doc_lo", "source"]) for h in holdings(store)]
    found = [row[:2] for frame in rows for row in frame.iter_rows() if row[2] == "alpha"]
    return sorted(found)[:many]


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Touched:
    """For looking at only."""
    return touched(tmp_path_factory.mktemp("touched"))


@pytest.fixture
def fresh(known: Touched, tmp_path: Path) -> Touched:
    """A copy of the store, for changing."""
    shutil.copytree(known.store.root, tmp_path / "copied")
    return replace(known, store=open_store(tmp_path / "copied"))


@pytest.fixture
def changing(tmp_path: Path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store")
