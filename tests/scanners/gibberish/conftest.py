"""Runs the gibberish scanner over texts in memory, in any sharding."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.model import Role
from lineage.shards.batch import DocumentBatch
from scanners.fold import fold
from scanners.gibberish.scanner import Gibberish, UsersObserver, WorstObserver
from scanners.scanner import Finding, Observed

Scan = Callable[..., list[Finding]]


def batch_of(texts: Sequence[str], reading: int = 0) -> Batch:
    """One batch of documents."""
    text = pa.array(texts, type=pa.large_string())
    leaves = pa.array([""] * len(texts), type=pa.large_string())
    number = np.arange(len(texts), dtype=np.int64)
    readings = np.full(len(texts), reading, dtype=np.uint8)
    return Batch(DocumentBatch(number, readings, text, leaves, {Role.TEXT: text}, len(texts)), 1)


def spilled(batch: Batch) -> TokenBatch:
    """What the spill would keep of a batch."""
    tokens = batch.tokens
    return batch.view


def judge(shards: Sequence[Sequence[Batch]]) -> list[Finding]:
    """Both rounds over shards of batches."""
    scanner = Gibberish()
    users, worst = [], []
    for shard in shards:
        observer = UsersObserver()
        for batch in shard:
            observer.see(batch)
        users.append(observer.observation())
    observed: Observed = {
        Gibberish.users.recipe: fold(users, Gibberish.users.schema),
    }
    plan = scanner.plan(1, observed)
    for shard in shards:
        later = WorstObserver(plan)
        for batch in shard:
            later.see_tokens(spilled(batch))
        worst.append(later.observation())
    scores = {Gibberish.worst.recipe: fold(worst, Gibberish.worst.schema)}
    return scanner.judge({**observed, **scores})


@pytest.fixture(scope="session")
def scan() -> Scan:
    """Function of texts, shards, texts a batch, and further batches, to findings."""

    def run(
        texts: Sequence[str], shards: int = 1, size: int = 1000, more: Sequence[Batch] = ()
    ) -> list[Finding]:
        parts = [texts[shard::shards] for shard in range(shards)]
        batches = [[batch_of(p[at : at + size]) for at in range(0, len(p), size)] for p in parts]
        batches[0] += more
        return judge(batches)

    return run


@pytest.fixture(scope="session")
def make_batch() -> Callable[..., Batch]:
    """Function of texts and a reading, to a batch."""
    return batch_of
