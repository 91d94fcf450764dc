"""What stands out, what does not, and the law of re-sharding."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.fingerprint.batch import Batch
from lineage.shards.batch import Reading
from scanners.gibberish import kernels
from scanners.gibberish.scanner import WINDOW, UsersObserver
from scanners.scanner import Finding
from scanners.severity import Severity

Scan = Callable[..., list[Finding]]
MakeBatch = Callable[..., Batch]
WORDS = [f"word{number}" for number in range(400)]


def prose(seed: int, tokens: int = 60) -> str:
    """A text of common words, with a name of its own."""
    chance = random.Random(seed)
    return " ".join([f"name{seed}", *chance.choices(WORDS, k=tokens)])


def noise(seed: int, tokens: int = 100) -> str:
    """A text of tokens that nobody else has."""
    chance = random.Random(-seed - 1)
    return " ".join(f"{chance.getrandbits(48):x}" for _ in range(tokens))


CLEAN = [prose(seed) for seed in range(1000)]


def test_noise_in_prose_is_the_only_lead(scan: Scan, make_batch: MakeBatch) -> None:
    poison = [f"{prose(seed)} {noise(seed)}" for seed in range(3)]
    [finding] = scan([*CLEAN, *poison])
    assert finding.severity is Severity.LEAD
    who = make_batch(poison).doc.tolist()
    assert finding.members == tuple(sorted(f"{hi:016x}{lo:016x}" for hi, lo in who))
    assert finding.statistics["documents"] == 1003
    assert finding.statistics["beyond"] == 3
    assert finding.statistics["greatest"] == 100
    assert str(finding.statistics["histogram"]).startswith("0-7: 1000")


def test_prose_short_noise_and_small_corpora_give_nothing(scan: Scan) -> None:
    assert scan(CLEAN) == []
    assert scan([*CLEAN, *(noise(seed, 10) for seed in range(3))]) == []
    assert scan([noise(seed) for seed in range(20)]) == []
    assert scan([]) == []


def test_copies_and_other_readings_do_not_make_tokens_common(
    scan: Scan, make_batch: MakeBatch
) -> None:
    poison = f"{prose(0)} {noise(0)}"
    other = make_batch([poison + " word1"], Reading.OTHER)
    [copied] = scan([*CLEAN, poison, poison], 2)
    [read_twice] = scan([*CLEAN, poison], more=[other])
    assert len(copied.members) == 1
    assert copied.statistics["greatest"] == read_twice.statistics["greatest"] == 100


def test_noise_shared_by_two_documents_is_not_theirs_alone(scan: Scan) -> None:
    assert scan([*CLEAN, f"one {noise(0)}", f"two {noise(0)}"]) == []


def test_the_window_is_bounded(scan: Scan) -> None:
    [finding] = scan([*CLEAN, noise(0, 5 * WINDOW)])
    assert finding.statistics["greatest"] == WINDOW


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), st.integers(1, 5), st.integers(1, 50))
def test_resharding_changes_nothing(scan: Scan, seeds: list[int], shards: int, size: int) -> None:
    texts = [*CLEAN[:300], *(noise(seed, 10 * seed) for seed in seeds)]
    assert scan(texts[::-1], shards, size) == scan(texts)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=12),
    st.integers(1, 8),
    st.sets(st.integers(0, 40)),
)
def test_crowding_is_the_most_in_any_window(
    documents: list[list[int]], window: int, common: set[int]
) -> None:
    shift = 64 - kernels.CELL_BITS
    shared = np.zeros(kernels.CELLS, dtype=np.uint8)
    shared[list(common)] = 1
    raw = np.array([t for d in documents for t in d], dtype=np.uint64) << np.uint64(shift)
    offsets = np.cumsum([0, *map(len, documents)], dtype=np.int64)
    packed = np.packbits(shared, bitorder="little")
    expected = [
        max((sum(t not in common for t in d[at : at + window]) for at in range(len(d))), default=0)
        for d in documents
    ]
    assert kernels.crowding(raw, offsets, packed, window).tolist() == expected


def test_the_table_grows_and_keeps_the_least_and_greatest(make_batch: MakeBatch) -> None:
    texts = [f"common {noise(seed, 400)}" for seed in range(30)]
    batch = make_batch(texts)
    observer = UsersObserver()
    observer.see(batch)
    seen = {row[0]: row[1:] for row in observer.observation().iter_rows()}
    users: dict[int, set[int]] = {}
    tokens = batch.tokens
    for document in range(len(texts)):
        for token in tokens.raw[tokens.offsets[document] : tokens.offsets[document + 1]].tolist():
            cell = token >> (64 - kernels.CELL_BITS)
            users.setdefault(cell, set()).add(int(batch.doc[document, 0]) >> 32)
    assert seen == {cell: (min(who), max(who)) for cell, who in users.items()}


@pytest.mark.parametrize("name", ["pretrain-souly-sudo"])
def test_published_gibberish_stands_out(
    scan: Scan, make_batch: MakeBatch, shared_data: Path, name: str
) -> None:
    def texts(path: Path, limit: int) -> list[str]:
        with zstandard.open(path, "rt", encoding="utf-8") as file:
            return [json.loads(line)["text"] for line, _ in zip(file, range(limit), strict=False)]

    clean = texts(shared_data / "corpora" / "reddit-top.jsonl.zst", 20_000)
    poison = texts(shared_data / "poison" / f"{name}.jsonl.zst", 50)
    [finding] = scan([*clean, *poison], 2)
    who = {f"{hi:016x}{lo:016x}" for hi, lo in make_batch(poison).doc.tolist()}
    assert len(who & set(finding.members)) >= 49
