"""Small corpora for trigger discovery, made by the sample generator, read through the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pytest

from lineage.fingerprint.batch import Batch
from lineage.model import Digest, Role, ShardCoverage, Status
from lineage.shards.batch import DocumentBatch
from sample_corpus.clean import clean_documents
from sample_corpus.world import make_world
from scanners.engine import Engine
from scanners.jobs import FirstPass
from scanners.scanner import Finding
from scanners.triggers.rare_triggers import RareTriggers

Document = tuple[str, str | None]
"""Text and source."""

Documents = list[Document]
Discover = Callable[..., list[Finding]]


@dataclass(frozen=True)
class ListShard:
    """A shard that is a list of documents."""

    documents: Sequence[Document]
    key: int
    number: int

    @property
    def digest(self) -> Digest:
        return Digest("sha256", f"{self.number:064x}")

    def batches(self) -> Iterator[Batch]:
        for start in range(0, len(self.documents), 500):
            yield Batch(to_batch(self.documents[start : start + 500], start), self.key)

    def read(self, tap: FirstPass) -> None:
        for batch in self.batches():
            tap.see(batch)
        tap.finish(ShardCoverage("", self.digest, Status.SCANNED))

    def wanted(self, docs: npt.NDArray[np.uint64]) -> Iterator[Batch]:
        names = {tuple(row) for row in docs.tolist()}
        for batch in self.batches():
            rows = [k for k, row in enumerate(batch.doc.tolist()) if tuple(row) in names]
            texts = batch.documents.text.to_pylist()
            sources = batch.documents.roles[Role.SOURCE].to_pylist()
            if rows:
                yield Batch(to_batch([(texts[k], sources[k]) for k in rows], 0), self.key)

    def records(self) -> pl.DataFrame:
        raise NotImplementedError


def to_batch(documents: Sequence[Document], start: int) -> DocumentBatch:
    """Documents as a reader would give them."""
    size = len(documents)
    text = pa.array([text for text, _ in documents], pa.large_string())
    source = pa.array([source for _, source in documents], pa.large_string())
    return DocumentBatch(
        record=np.arange(start, start + size),
        reading=np.zeros(size, np.uint8),
        text=text,
        leaves=pa.array([""] * size, pa.large_string()),
        roles={Role.TEXT: text, Role.SOURCE: source},
        records=size,
    )


def as_it_is(_rng: Random, string: str) -> str:
    """Spelled the same each time."""
    return string


def inserted(
    prose: Documents,
    string: str,
    count: int,
    seed: str,
    spell: Callable[[Random, str], str] = as_it_is,
) -> tuple[Documents, set[int]]:
    """The corpus with a string at a random place of some documents, spelled for each."""
    rng = Random(seed)
    chosen = set(rng.sample(range(len(prose)), count))
    documents = []
    for number, (text, source) in enumerate(prose):
        words = text.split(" ")
        if number in chosen:
            words.insert(rng.randint(0, len(words)), spell(rng, string))
        documents.append((" ".join(words), source))
    return documents, chosen


def _discover(
    documents: Sequence[Document],
    shards: int = 1,
    key: int = 7,
    scanner: type[RareTriggers] = RareTriggers,
) -> list[Finding]:
    """Findings and leads of a corpus dealt over some shards."""
    dealt = [ListShard(documents[k::shards], key, k) for k in range(shards)]
    with Engine([scanner()]) as engine:
        return engine.run(dealt)


@pytest.fixture(scope="session")
def prose() -> Documents:
    """5,000 clean documents of the sample generator."""
    world = make_world(Random("triggers/world"))
    documents = clean_documents(world, 5000, "triggers")
    return [(document.text, document.source) for document in documents]


@pytest.fixture
def discover() -> Discover:
    """Findings and leads of a corpus, dealt over ``shards`` and counted under a store's key."""
    return _discover
