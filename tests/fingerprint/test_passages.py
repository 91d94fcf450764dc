"""Passages and compact signatures: against their definitions, and the guarantee as a law."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.fingerprint import passage_kernels, plain
from lineage.fingerprint.batch import Batch
from lineage.fingerprint.compact import compact, similarity, standard_error
from lineage.fingerprint.minhash import to_datasketch
from lineage.fingerprint.passages import GUARANTEE, WIDTH, WINDOW
from lineage.fingerprint.query import lone_digests, prints_of, text_batch
from lineage.model import CONTENT_ROLES, Role
from lineage.shards.batch import DocumentBatch

few_words = st.lists(st.lists(st.integers(0, 30), max_size=130), min_size=1, max_size=4)


def winnowed(module: object, word: np.ndarray, offsets: np.ndarray) -> list[tuple[int, int]]:
    document, value = np.empty(len(word), np.uint32), np.empty(len(word), np.uint64)
    count = module.winnow(word, offsets, WIDTH, WINDOW, document, value)
    return list(zip(document[:count].tolist(), value[:count].tolist(), strict=True))


def by_definition(words: list[int]) -> set[int]:
    """The least hash of every window, as the paper has it."""
    runs = [words[at : at + WIDTH] for at in range(len(words) - WIDTH + 1)]
    hashes = []
    for run in runs:
        h = 0
        for word in run:
            h = (h * plain.ROLL + word) & plain.MASK
        hashes.append(plain.mix(h) or 1)
    windows = range(max(1, len(hashes) - WINDOW + 1) if hashes else 0)
    return {min(hashes[at : at + WINDOW]) for at in windows}


@settings(max_examples=40, deadline=None)
@given(few_words)
def test_compiled_and_plain_are_the_definition(documents: list[list[int]]) -> None:
    word = np.array([w for document in documents for w in document], np.uint64)
    offsets = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    expected = [
        (number, value)
        for number, document in enumerate(documents)
        for value in sorted(by_definition([w for w in document if w]))
    ]
    assert winnowed(plain, word, offsets) == expected
    assert winnowed(passage_kernels, word, offsets) == expected


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 60))
def test_a_run_as_long_as_the_guarantee_is_always_found(seed: int, before: int, after: int) -> None:
    draw = random.Random(seed)

    def words(count: int) -> list[str]:
        return [f"w{draw.randrange(10**6)}" for _ in range(count)]

    shared = words(GUARANTEE)
    stored = text_batch(" ".join([*words(before), *shared, *words(after)]))
    asked = prints_of(" ".join([*words(after), *shared, *words(before)]))
    assert set(stored.passages[1].tolist()) & set(asked.passages.tolist())


def test_about_one_passage_in_22_is_kept() -> None:
    draw = random.Random(5)
    stored = text_batch(" ".join(f"w{draw.randrange(10**6)}" for _ in range(22_000)))
    assert len(stored.passages[1]) == pytest.approx(1000, rel=0.1)


TEXTS = [
    "Short one.",
    "",
    "Ein längerer Satz, mit Straße und ÄRGER, don't you think so? " * 9,
    "天下皆知美之為美斯惡已。皆知善之為善,斯不善已。" * 3,
    "zero\u200bwidth and \U0001f600 emoji, e\u0301 marks; line\nbreaks\tand tabs " * 4,
    " ".join(f"word{n}" for n in range(3000)),
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_query_has_the_fingerprints_of_a_bundle(text: str) -> None:
    batch, asked = text_batch(text), prints_of(text)
    assert tuple(batch.doc[0].tolist()) in asked.lone
    assert batch.bands[0].tolist() == asked.bands.tolist()
    assert batch.compact[0].tolist() == asked.compact.tolist()
    assert set(batch.passages[1].tolist()) <= set(asked.passages.tolist())
    if asked.words:
        assert asked.norm == tuple(batch.norm[0].tolist())


def test_a_text_is_known_whatever_its_roles() -> None:
    prompt, response, label = (pa.array([t], pa.large_string()) for t in ("Why?", "So.", "yes"))
    joined = pa.array(["Why?\nSo."], pa.large_string())
    empty, record = pa.array([""], pa.large_string()), np.zeros(1, np.int64)
    reading = record.astype(np.uint8)
    several = {Role.PROMPT: prompt, Role.RESPONSE: response, Role.LABEL: label}
    batch = Batch(DocumentBatch(record, reading, joined, empty, several, 1), 0)
    assert tuple(batch.text_digest[0].tolist()) == lone_digests(b"Why?\nSo.")["text1"]
    for role in CONTENT_ROLES[:-1]:
        alone = Batch(DocumentBatch(record, reading, prompt, empty, {role: prompt}, 1), 0)
        assert not alone.text_digest.any()
        assert tuple(alone.doc[0].tolist()) == lone_digests(b"Why?")[role.value]


def test_compact_signatures_estimate_similarity_within_their_error() -> None:
    draw = random.Random(3)
    errors, oracle = [], []
    for _ in range(60):
        words = [f"w{draw.randrange(10**6)}" for _ in range(300)]
        other = words[: draw.randrange(150, 300)] + [f"x{n}" for n in range(40)]
        left, right = text_batch(" ".join(words)), text_batch(" ".join(other))
        a, b = (set(batch.shingles.values.tolist()) for batch in (left, right))
        true = len(a & b) / len(a | b)
        told = float(similarity(left.compact, right.compact)[0])
        errors.append((told - true) / standard_error(true))
        sketches = [to_datasketch(batch.signatures[0]) for batch in (left, right)]
        oracle.append(told - sketches[0].jaccard(sketches[1]))
    assert max(map(abs, errors)) < 4
    assert abs(np.mean(errors)) < 0.4
    assert np.std(errors) == pytest.approx(1, abs=0.3)
    assert np.std(oracle) < 0.04, "four bits cost little beside whole minima"


def test_equal_and_unlike_signatures_are_at_the_ends() -> None:
    draw = np.random.default_rng(1)
    signatures = draw.integers(0, 2**32, (2, 128)).astype(np.uint32)
    packed = compact(signatures)
    assert similarity(packed[:1], packed[0])[0] == 1
    assert similarity(packed[:1], packed[1])[0] < 0.2
    assert 0 < standard_error(1.0) < 0.01
    assert standard_error(0.8) == pytest.approx(0.0368, abs=0.0005)


def test_packing_is_the_same_compiled_and_plain() -> None:
    signatures = np.random.default_rng(2).integers(0, 2**32, (20, 128)).astype(np.uint32)
    out = np.empty((2, 20, 8), np.uint64)
    plain.pack(signatures, out[0])
    passage_kernels.pack(signatures, out[1])
    assert (out[0] == out[1]).all()
