"""Generated corpora, and the engine over them held in memory."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pytest

from lineage.fingerprint.batch import Batch
from lineage.fingerprint.minhash import shingle_counts
from lineage.model import Digest, Role
from lineage.shards.batch import DocumentBatch
from scanners.duplicates.exact import ExactDuplicates
from scanners.duplicates.identities import positions
from scanners.duplicates.near import NearDuplicates
from scanners.engine import Engine, Means
from scanners.scanner import Finding, Scanner

ROLES = (Role.TEXT, Role.SOURCE, Role.PATH, Role.URL, Role.TIMESTAMP)


@dataclass(frozen=True)
class Document:
    """One generated document."""

    text: str
    source: str | None = "forum"
    path: str | None = None
    url: str | None = None
    timestamp: str | None = None
    reading: int = 0


class View:
    """One shard of generated documents, as the engine wants it."""

    def __init__(self, documents: Sequence[Document], name: str) -> None:
        self.digest = Digest("sha256", hashlib.sha256(name.encode()).hexdigest())
        self._documents = list(documents)
        self._batch = _batch(self._documents)

    def wanted(self, docs: npt.NDArray[np.uint64]) -> Iterator[Batch]:
        rows = np.flatnonzero(positions(docs, self._batch.doc) >= 0)
        for half in np.array_split(rows, 2):
            yield _batch([self._documents[row] for row in half])

    def records(self) -> pl.DataFrame:
        batch, documents = self._batch, self._documents
        columns = {
            "reading": batch.documents.reading,
            "doc_hi": batch.doc[:, 0],
            "doc_lo": batch.doc[:, 1],
            "tokens": np.diff(batch.tokens.offsets).astype(np.uint32),
            "shingles": shingle_counts(batch.tokens).astype(np.uint32),
            **{f"band_{at:02}": keys for at, keys in enumerate(batch.bands.T.copy())},
        }
        frame = pl.DataFrame(columns)
        return frame.with_columns(
            pl.Series(str(role), [getattr(d, role) for d in documents], dtype=pl.String)
            for role in ROLES[1:]
        )


def _batch(documents: Sequence[Document]) -> Batch:
    def column(role: Role) -> pa.LargeStringArray:
        return pa.array([getattr(d, role) for d in documents], type=pa.large_string())

    return Batch(
        DocumentBatch(
            record=np.arange(len(documents)),
            reading=np.array([d.reading for d in documents], dtype=np.uint8),
            text=column(Role.TEXT),
            leaves=pa.array([""] * len(documents), type=pa.large_string()),
            roles={role: column(role) for role in ROLES},
            records=len(documents),
        ),
        key=0,
    )


class World:
    """Writes documents as one seed would: a Zipf vocabulary, several sources, two years."""

    Document = Document
    DAY = 86_400
    START = 1_300_000_000

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.vocabulary = [
            "".join(self.random.choices(letters, k=self.random.randint(2, 9))) for _ in range(4000)
        ]
        self._weights = [1 / rank for rank in range(1, 4001)]

    def words(self, count: int) -> list[str]:
        return self.random.choices(self.vocabulary, weights=self._weights, k=count)

    def time(self, start: int = START, span: int = 730 * DAY) -> str:
        return str(start + self.random.randrange(span))

    def document(self, text: str) -> Document:
        place = self.random.randrange(20)
        return Document(text, f"source {place % 5}", f"forum {place}", None, self.time())

    def background(self, count: int, pairs: int) -> list[Document]:
        """Documents of which some were posted twice, some with one word changed."""
        found = [
            self.document(" ".join(self.words(self.random.randint(40, 120)))) for _ in range(count)
        ]
        found += [self.document(one.text) for one in found[:pairs]]
        found += [self.document(f"{one.text} again") for one in found[pairs : 2 * pairs]]
        return found

    def edited(self, words: Sequence[str]) -> str:
        """The words with one of them changed."""
        changed = list(words)
        changed[self.random.randrange(len(words))] = self.random.choice(self.vocabulary)
        return " ".join(changed)


@pytest.fixture
def world() -> Callable[[int], World]:
    """Makes the writer of a seed."""
    return World


Scan = Callable[..., list[Finding]]


@pytest.fixture
def scan() -> Scan:
    """Runs one scanner over documents, dealt to shards at random."""

    def run(
        scanner: Scanner, documents: Sequence[Document], shards: int = 3, seed: int = 0
    ) -> list[Finding]:
        dealer = random.Random(seed)
        hands: list[list[Document]] = [[] for _ in range(shards)]
        for document in documents:
            hands[dealer.randrange(shards)].append(document)
        for hand in hands:
            dealer.shuffle(hand)
        views = [View(hand, f"{seed} {at}") for at, hand in enumerate(hands)]
        with Engine([scanner], Means(workers=1)) as engine:
            return engine.run(views)

    return run


@pytest.fixture
def true_positives(world: Callable[[int], World]) -> dict[str, list[Document]]:
    """Corpora in which the named scanner has one finding of medium severity."""
    maker = world(1)
    words = maker.words(150)
    place = {"source": "new source", "path": "flood", "url": "http://flood.example/a"}

    def moment() -> str:
        return maker.time(maker.START + 500 * maker.DAY, 3 * 3600)

    background = maker.background(1500, 20)
    copies = [Document(" ".join(words), timestamp=moment(), **place) for _ in range(80)]
    edits = [Document(maker.edited(words), timestamp=moment(), **place) for _ in range(120)]
    return {
        ExactDuplicates.name: background + copies,
        NearDuplicates.name: background + edits,
    }


@pytest.fixture
def false_positives(world: Callable[[int], World]) -> list[Document]:
    """What repeats by nature: stock replies, a manual of templates, a weekly thread."""
    maker = world(2)
    found = maker.background(1500, 20)
    for rank, reply in enumerate(["[deleted]", "thanks", "lol", "this", "[removed]", "no"]):
        found += [maker.document(reply) for _ in range(200 // (rank + 1))]
    for family in range(40):
        page = maker.words(100)
        for _ in range(2 + 60 // (family + 1)):
            found.append(Document(maker.edited(page), "manual", f"{len(found)}.md"))
    thread = maker.words(120)
    for week in range(60):
        time = str(maker.START + week * 7 * maker.DAY)
        found.append(Document(maker.edited(thread), "source 1", "forum 1", None, time))
    return found
