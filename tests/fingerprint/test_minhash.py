"""Signatures against datasketch, shingle sets against Python's, bands against the formula."""

# ruff: noqa: RUF001
from __future__ import annotations

import datasketch
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage.fingerprint import plain
from lineage.fingerprint.minhash import (
    DEFAULT_BANDS,
    RECALL,
    Bands,
    band_keys,
    choose_bands,
    jaccard,
    shingle_counts,
    shingle_hash32,
    shingles,
    signatures,
    to_datasketch,
)
from lineage.fingerprint.tokens import Tokens, tokenise

SCRIPTS = {
    "ascii": "abcXYZ019_'.,- ",
    "latin": "aéÜßñøÆœſ' .",
    "cyrillic": "абвГДЕёЖ -",
    "han": "日本語中文。 ",
    "kana": "ひらがなカター、 ",
    "thai": "กขคำที่นี้ ",
    "emoji": "a😀❤\ufe0f👩\u200d💻 ",
}
texts = st.one_of(
    *(st.text(letters, max_size=80) for letters in SCRIPTS.values()),
    st.text(" ".join(SCRIPTS.values()), max_size=80),
    st.text("abc", max_size=5),
)
widths = st.sampled_from([1, 2, 5])


def tokens_of(*documents: str) -> Tokens:
    return tokenise(pa.array(documents, pa.large_string()), 3)


def windows(text: str, width: int) -> list[list[str]]:
    words = plain.words(text)
    count = max(1, len(words) - width + 1) if words else 0
    return [words[i : i + width] for i in range(count)]


def sketch(text: str, width: int, permutations: int, seed: int) -> datasketch.MinHash:
    minhash = datasketch.MinHash(permutations, seed, scheme="affine32", hashfunc=shingle_hash32)
    for shingle in windows(text, width):
        minhash.update(shingle)
    return minhash


@pytest.mark.parametrize("script", SCRIPTS)
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_signatures_of_each_script_are_datasketchs(script: str, data: st.DataObject) -> None:
    text = data.draw(st.text(SCRIPTS[script], max_size=80))
    row = signatures(tokens_of(text))[0]
    assert (row == sketch(text, 5, 128, 1).hashvalues).all()


@given(st.lists(texts, max_size=4), widths, st.integers(1, 40), st.integers(0, 5))
@example(["", "word", "one two three four"], 5, 128, 1)
@example([" ".join(map(str, range(600)))], 5, 16, 1)
@settings(deadline=None, max_examples=60)
def test_signatures_are_datasketchs(
    documents: list[str], width: int, permutations: int, seed: int
) -> None:
    options = {"width": width, "permutations": permutations, "seed": seed}
    rows = signatures(tokens_of(*documents), **options)
    assert rows.shape == (len(documents), permutations)
    for row, text in zip(rows, documents, strict=True):
        assert (row == sketch(text, width, permutations, seed).hashvalues).all()


def test_signatures_are_a_promise() -> None:
    rows = signatures(tokens_of("The quick brown fox jumps over the lazy dog"))
    assert rows[0, :4].tolist() == GOLDEN


GOLDEN = [2012242290, 1012407711, 396550194, 1740239326]


def test_documents_without_words_have_no_signature_and_no_bands() -> None:
    rows = signatures(tokens_of("", " \n", "-> !!", "word"))
    assert (rows[:3] == np.uint32(0xFFFFFFFF)).all()
    keys = band_keys(rows, DEFAULT_BANDS)
    assert (keys[:3] == 0).all()
    assert (keys[3] != 0).all()


@given(texts, texts)
@settings(deadline=None, max_examples=40)
def test_datasketch_takes_our_rows(one: str, other: str) -> None:
    rows = signatures(tokens_of(one, other))
    first, second = (to_datasketch(row) for row in rows)
    assert first.jaccard(second) == (rows[0] == rows[1]).mean()
    for shingle in windows(other, 5):
        first.update(" ".join(shingle).encode())
    assert (first.hashvalues == np.minimum(*rows)).all()


@given(st.lists(texts, min_size=1, max_size=6), widths)
@settings(deadline=None, max_examples=60)
def test_shingle_sets_and_jaccard(documents: list[str], width: int) -> None:
    tokens = tokens_of(*documents)
    sets = shingles(tokens, width=width)
    expected = [{shingle_hash32(w) for w in windows(text, width)} for text in documents]
    for i, values in enumerate(expected):
        assert sets.values[sets.offsets[i] : sets.offsets[i + 1]].tolist() == sorted(values)
    counts = [len(windows(text, width)) for text in documents]
    assert shingle_counts(tokens, width=width).tolist() == counts
    left, right = np.indices((len(documents), len(documents))).reshape(2, -1)
    for i, j, similarity in zip(left, right, jaccard(sets, left, right), strict=True):
        union = expected[i] | expected[j]
        assert similarity == (len(expected[i] & expected[j]) / len(union) if union else 0)


@given(st.lists(texts, max_size=4), widths)
@example(["word " * 700, "", "one"], 5)
@settings(deadline=None, max_examples=40)
def test_plain_kernels_agree(documents: list[str], width: int) -> None:
    tokens = tokens_of(*documents)
    rows = signatures(tokens, width=width, permutations=16)
    again = np.full_like(rows, 0xFFFFFFFF)
    draw = np.random.RandomState(1)
    factors = draw.randint(0, 1 << 31, 16, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    summands = draw.randint(0, 1 << 32, 16, dtype=np.uint32)
    plain.sign(tokens.word, tokens.offsets, width, np.array([factors, summands]), again)
    assert (rows == again).all()
    keys = np.empty((len(rows), 4), np.uint64)
    plain.band(rows, 3, keys)
    assert (band_keys(rows, Bands(4, 3)) == keys).all()
    sets = shingles(tokens, width=width)
    left = np.arange(len(documents))
    common = np.empty(len(documents), np.int64)
    plain.intersect(sets.offsets, sets.values, left, left[::-1], common)
    sizes = np.diff(sets.offsets)
    union = np.maximum(sizes + sizes[::-1] - common, 1)
    assert (jaccard(sets, left, left[::-1]) == common / union).all()


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_band_keys_are_equal_where_bands_are(data: st.DataObject) -> None:
    values = st.lists(st.integers(0, 1), min_size=12, max_size=12)
    rows = np.array(data.draw(st.lists(values, min_size=2, max_size=5)), np.uint32)
    keys = band_keys(rows, Bands(4, 3))
    equal = (rows[:, None].reshape(-1, 1, 4, 3) == rows.reshape(1, -1, 4, 3)).all(axis=3)
    assert ((keys[:, None] == keys[None]) == equal).all()
    assert all(len(set(row)) == len(row) for row in keys.tolist())


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 0.95, 1.0])
def test_bands_find_pairs_at_the_threshold(threshold: float) -> None:
    bands = choose_bands(threshold)
    assert bands.bands * bands.rows <= 128
    assert bands.probability(threshold) >= RECALL
    assert bands.probability(threshold) == 1 - (1 - threshold**bands.rows) ** bands.bands
    curve = [probability for _, probability in bands.curve()]
    assert curve == sorted(curve)
    wider = Bands(128 // (bands.rows + 1), bands.rows + 1) if bands.rows < 128 else bands
    assert wider == bands or wider.probability(threshold) < RECALL


def test_default_bands_are_the_choice() -> None:
    assert choose_bands() == DEFAULT_BANDS


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.1, 0.001])
def test_impossible_thresholds_are_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match=r"threshold|cannot find"):
        choose_bands(threshold)


def test_bands_must_fit() -> None:
    with pytest.raises(ValueError, match="permutations"):
        band_keys(np.zeros((1, 8), np.uint32), Bands(3, 3))


def test_what_is_not_there_is_refused() -> None:
    tokens = tokens_of("a b", "a")
    with pytest.raises(IndexError):
        jaccard(shingles(tokens), np.array([0]), np.array([2]))
    with pytest.raises(ValueError, match="at least one word"):
        signatures(tokens, width=0)
    with pytest.raises(ValueError, match="at least one word"):
        shingles(tokens, width=0)
