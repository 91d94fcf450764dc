"""Runs scanners of markers over texts in memory, in any sharding, and texts to run them over."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from lineage.fingerprint.batch import Batch
from lineage.model import Role
from lineage.shards.batch import DocumentBatch
from scanners.fold import fold
from scanners.scanner import Component, Finding, Input, Observed, Plan, Scanner

Scan = Callable[..., list[Finding]]
Prose = Callable[..., str]
WORDS = [f"word{number}" for number in range(400)]


def batch_of(texts: Sequence[str], key: int = 1, source: str | None = None) -> Batch:
    """One batch of documents of one source or none, hashed under a key."""
    text = pa.array(texts, type=pa.large_string())
    leaves = pa.array([""] * len(texts), type=pa.large_string())
    number = np.arange(len(texts), dtype=np.int64)
    readings = np.zeros(len(texts), dtype=np.uint8)
    roles = {Role.TEXT: text}
    if source is not None:
        roles[Role.SOURCE] = pa.array([source] * len(texts), type=pa.large_string())
    documents = DocumentBatch(number, readings, text, leaves, roles, len(texts))
    return Batch(documents, key)


def observe(component: Component, plan: Plan, shard: Sequence[Batch]) -> pl.DataFrame:
    """What a component observes of a shard; a round of wanted documents sees only these."""
    observer = component.observe(plan)
    for batch in shard:
        if component.input is Input.TEXT:
            observer.see(batch)
            continue
        assert component.input is Input.WANTED
        assert plan.wanted is not None
        wanted = {tuple(row) for row in plan.wanted.tolist()}
        texts = batch.documents.text.to_pylist()
        mine = [t for t, doc in zip(texts, batch.doc.tolist(), strict=True) if tuple(doc) in wanted]
        if mine:
            observer.see(batch_of(mine, batch.key))
    return observer.observation()


@pytest.fixture(scope="session")
def scan() -> Scan:
    """Function of a scanner, texts, shards and the store's key, to findings."""

    def run(
        scanner: Scanner,
        texts: Sequence[str],
        shards: int = 1,
        key: int = 1,
        source: str | None = None,
    ) -> list[Finding]:
        parts = [[batch_of(texts[shard::shards], key, source)] for shard in range(shards)]
        observed: Observed = {}
        for number, components in enumerate(scanner.rounds):
            plan = scanner.plan(number, observed)
            for component in components:
                frames = [observe(component, plan, part) for part in parts]
                observed[component.recipe] = fold(frames, component.schema)
        return scanner.judge(observed)

    return run


@pytest.fixture(scope="session")
def identities() -> Callable[[Sequence[str]], set[str]]:
    """Function of texts to their identities in hex."""

    def run(texts: Sequence[str]) -> set[str]:
        return {f"{high:016x}{low:016x}" for high, low in batch_of(texts).doc.tolist()}

    return run


@pytest.fixture(scope="session")
def prose() -> Prose:
    """Function of a seed and a length to a text of common words, with a name of its own."""

    def make(seed: int, tokens: int = 40) -> str:
        chance = random.Random(seed)
        return " ".join([f"name{seed}", *chance.choices(WORDS, k=tokens)])

    return make


@pytest.fixture(scope="session")
def noise() -> Prose:
    """Function of a seed and a length to tokens that nobody else has."""

    def make(seed: int, tokens: int = 40) -> str:
        chance = random.Random(-seed - 1)
        return " ".join(f"{chance.getrandbits(48):x}" for _ in range(tokens))

    return make
