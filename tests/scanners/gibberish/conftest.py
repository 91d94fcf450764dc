"""Runs the gibberish scanner over texts in memory, in any sharding."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from lineage.fingerprint.batch import Batch
from lineage.model import Role
from lineage.shards.batch import DocumentBatch
from scanners.fold import fold
from scanners.gibberish.scanner import Gibberish
from scanners.scanner import Component, Finding, Input, Observed, Plan

Scan = Callable[..., list[Finding]]


def batch_of(texts: Sequence[str], key: int = 1) -> Batch:
    """One batch of documents, hashed under a key."""
    text = pa.array(texts, type=pa.large_string())
    leaves = pa.array([""] * len(texts), type=pa.large_string())
    number = np.arange(len(texts), dtype=np.int64)
    readings = np.zeros(len(texts), dtype=np.uint8)
    documents = DocumentBatch(number, readings, text, leaves, {Role.TEXT: text}, len(texts))
    return Batch(documents, key)


def judge(shards: Sequence[Sequence[Batch]]) -> list[Finding]:
    """Both rounds over shards of batches."""
    scanner = Gibberish()
    observed: Observed = {}
    for number, components in enumerate(scanner.rounds):
        plan = scanner.plan(number, observed)
        for component in components:
            parts = [observe(component, plan, shard) for shard in shards]
            observed[component.recipe] = fold(parts, component.schema)
    return scanner.judge(observed)


def observe(component: Component, plan: Plan, shard: Sequence[Batch]) -> pl.DataFrame:
    """What a component observes of a shard."""
    observer = component.observe(plan)
    for batch in shard:
        if component.input is Input.TEXT:
            observer.see(batch)
        elif component.input is Input.TOKENS:
            observer.see_tokens(batch.view)
        else:
            observer.see_records(records_of(batch))
    return observer.observation()


def records_of(batch: Batch) -> pl.DataFrame:
    """Those columns of the bundle's rows that are asked for."""
    words = np.diff(batch.tokens.offsets).astype(np.uint32)
    return pl.DataFrame(
        {
            "doc_hi": batch.doc[:, 0],
            "doc_lo": batch.doc[:, 1],
            "reading": batch.documents.reading,
            "tokens": words,
            "shingles": words,
        }
    )


@pytest.fixture(scope="session")
def scan() -> Scan:
    """Function of texts, shards, texts a batch, and the store's key, to findings."""

    def run(texts: Sequence[str], shards: int = 1, size: int = 1000, key: int = 1) -> list[Finding]:
        parts = [texts[shard::shards] for shard in range(shards)]
        return judge(
            [[batch_of(p[at : at + size], key) for at in range(0, len(p), size)] for p in parts]
        )

    return run


@pytest.fixture(scope="session")
def make_batch() -> Callable[..., Batch]:
    """Function of texts to a batch."""
    return batch_of
