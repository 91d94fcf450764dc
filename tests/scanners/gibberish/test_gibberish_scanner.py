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
from scanners.gibberish import kernels
from scanners.gibberish.scanner import WINDOW
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


def test_copies_do_not_make_tokens_common(scan: Scan) -> None:
    poison = f"{prose(0)} {noise(0)}"
    [copied] = scan([*CLEAN, *[poison] * 3], 2)
    assert len(copied.members) == 1
    assert copied.statistics["greatest"] == 100


def test_tokens_of_copies_and_of_others_are_common(scan: Scan) -> None:
    assert scan([*CLEAN, f"one {noise(0)}", f"two {noise(0)}", f"two {noise(0)}"]) == []


def test_noise_shared_by_two_documents_is_not_theirs_alone(scan: Scan) -> None:
    assert scan([*CLEAN, f"one {noise(0)}", f"two {noise(0)}"]) == []


def test_the_window_is_bounded(scan: Scan) -> None:
    [finding] = scan([*CLEAN, noise(0, 5 * WINDOW)])
    assert finding.statistics["greatest"] == WINDOW


@settings(deadline=None, max_examples=20)
@given(
    seeds=st.lists(st.integers(0, 30), min_size=1, max_size=30),
    shards=st.integers(1, 5),
    size=st.integers(1, 50),
    key=st.integers(0, (1 << 64) - 1),
)
def test_neither_sharding_nor_the_key_changes_anything(
    scan: Scan, seeds: list[int], shards: int, size: int, key: int
) -> None:
    texts = [*CLEAN[:300], *(noise(seed, 10 * seed) for seed in seeds)]
    assert scan(texts[::-1], shards, size, key) == scan(texts)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.booleans(), max_size=30), max_size=12), st.integers(1, 8))
def test_crowding_is_the_most_in_any_window(documents: list[list[bool]], window: int) -> None:
    alone = np.array([token for document in documents for token in document], dtype=bool)
    offsets = np.cumsum([0, *map(len, documents)], dtype=np.int64)
    expected = [
        max((sum(d[at : at + window]) for at in range(len(d))), default=0) for d in documents
    ]
    assert kernels.crowding(alone, offsets, window).tolist() == expected


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
