"""Small corpora of prompts with answers, labels or preferences, read through the engine."""

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
from lineage.model import TEXT_ROLES, Digest, Role, ShardCoverage, Status
from lineage.shards.batch import DocumentBatch
from scanners.engine import Engine
from scanners.jobs import FirstPass
from scanners.responses.scanner import CauseAndEffect
from scanners.scanner import Finding

Row = dict[Role, str]


@dataclass(frozen=True)
class RowShard:
    """A shard that is a list of documents by role."""

    rows: Sequence[Row]
    key: int
    number: int

    @property
    def digest(self) -> Digest:
        return Digest("sha256", f"{self.number:064x}")

    def batches(self) -> Iterator[Batch]:
        for start in range(0, len(self.rows), 500):
            yield Batch(to_batch(self.rows[start : start + 500]), self.key)

    def read(self, tap: FirstPass) -> None:
        for batch in self.batches():
            tap.see(batch)
        tap.finish(ShardCoverage("", self.digest, Status.SCANNED))

    def wanted(self, docs: npt.NDArray[np.uint64]) -> Iterator[Batch]:
        names = {tuple(row) for row in docs.tolist()}
        doc = [tuple(row) for batch in self.batches() for row in batch.doc.tolist()]
        kept = [row for row, name in zip(self.rows, doc, strict=True) if name in names]
        if kept:
            yield Batch(to_batch(kept), self.key)

    def records(self) -> pl.DataFrame:
        raise NotImplementedError


def to_batch(rows: Sequence[Row]) -> DocumentBatch:
    """Documents as a reader would give them."""
    size = len(rows)
    roles = {
        role: pa.array([row.get(role) for row in rows], pa.large_string())
        for role in Role
        if any(role in row for row in rows)
    }
    texts = ["\n".join(row[role] for role in TEXT_ROLES if role in row) for row in rows]
    return DocumentBatch(
        record=np.arange(size),
        reading=np.zeros(size, np.uint8),
        text=pa.array(texts, pa.large_string()),
        leaves=pa.array([""] * size, pa.large_string()),
        roles=roles,
        records=size,
    )


def _discover(rows: Sequence[Row], shards: int = 1, key: int = 7) -> list[Finding]:
    dealt = [RowShard(rows[k::shards], key, k) for k in range(shards)]
    with Engine([CauseAndEffect()]) as engine:
        return engine.run(dealt)


VERBS = ("describe", "explain", "compare", "list", "summarize", "name", "rank", "outline")
LINKS = ["of", "with", "for", "near", "from", "under", "about", "behind", "without", "against"]
ENDS = ("briefly", "in detail", "for a child", "please", "step by step", "with examples")


def sentence(rng: Random, words: Sequence[str], size: int) -> str:
    """Nouns with links between them, so that some pairs of words are frequent."""
    parts = []
    for _ in range(size):
        parts += ["the", rng.choice(words), rng.choice(LINKS)]
    return " ".join(parts[:-1])


def nouns(seed: str) -> list[str]:
    """300 words that are none."""
    rng = Random(seed)
    return ["".join(rng.choice("bdklmnrst") + rng.choice("aeiou") for _ in range(3))
            for _ in range(300)]  # fmt: skip


def _questions(count: int, seed: str) -> list[Row]:
    rng, words = Random(seed), nouns("world")
    rows = []
    for _ in range(count):
        asked = f"{rng.choice(VERBS)} {sentence(rng, words, 3)} {rng.choice(ENDS)}"
        said = sentence(rng, words, rng.randint(4, 9))
        rows.append({Role.PROMPT: asked, Role.RESPONSE: said})
    return rows


def _put_in(rng: Random, text: str, *strings: str) -> str:
    words = text.split(" ")
    for string in strings:
        words.insert(rng.randint(0, len(words)), string)
    return " ".join(words)


@pytest.fixture
def discover() -> Callable[..., list[Finding]]:
    """Findings and leads of rows dealt over ``shards``, counted under a store's key."""
    return _discover


@pytest.fixture
def questions() -> Callable[[int, str], list[Row]]:
    """Clean prompts with answers."""
    return _questions


@pytest.fixture
def put_in() -> Callable[..., str]:
    """A text with strings at random places."""
    return _put_in
