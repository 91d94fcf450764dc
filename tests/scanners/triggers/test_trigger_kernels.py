"""The compiled loops against the same thing said slowly."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.triggers import kernels
from scanners.triggers.grams import GramCounter, GramIndex, longer_keys, pair_keys

DOCUMENTS = st.lists(st.lists(st.integers(1, 12), max_size=40), max_size=8)
QUIET = settings(deadline=None, max_examples=60)


def flat(documents: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Token hashes and offsets of documents."""
    raw = np.array([token for document in documents for token in document], np.uint64)
    return raw, np.cumsum([0, *map(len, documents)])


def naive_pairs(documents: list[list[int]]) -> list[list[tuple[int, int]]]:
    return [list(pairwise(document)) for document in documents]


@QUIET
@given(DOCUMENTS, st.integers(1, 4))
def test_counts_are_those_of_a_counter(documents: list[list[int]], calls: int) -> None:
    counter = GramCounter()
    for start in range(calls):
        part = documents[start::calls]
        counter.add(*flat(part))
    rows = {key: (df, occ) for key, df, occ in counter.frame().iter_rows()}
    occ = Counter(token for document in documents for token in document)
    df = Counter(token for document in documents for token in set(document))
    assert rows == {token: (df[token], occ[token]) for token in occ}


@QUIET
@given(DOCUMENTS)
def test_keys_of_longer_grams_tell_them_apart(documents: list[list[int]]) -> None:
    raw, offsets = flat(documents)
    keys = pair_keys(raw, offsets)
    told = {}
    for begin, document in zip(offsets, documents, strict=False):
        for k, pair in enumerate(naive_pairs([document])[0]):
            assert told.setdefault(pair, keys[begin + k]) == keys[begin + k]
        if document:
            assert keys[begin + len(document) - 1] == kernels.EMPTY
    assert len(set(told.values())) == len(told)
    triples = longer_keys(keys, raw, offsets, 3)
    starts = sum(max(len(document) - 2, 0) for document in documents)
    assert np.count_nonzero(triples) == starts


def test_a_large_counter_hands_over_parts_and_loses_nothing() -> None:
    rng = np.random.default_rng(3)
    keys = rng.integers(1, 2**40, 50_000).astype(np.uint64)
    counter = GramCounter()
    for part in np.array_split(keys, 7):
        counter.add(part, np.array([0, len(part)]))
    frame = counter.frame()
    assert int(frame["occ"].sum()) == len(keys)
    assert set(frame["key"].to_list()) == set(keys.tolist())


@QUIET
@given(st.sets(st.integers(1, 2**64 - 1), min_size=1, max_size=50), st.integers(0, 2**64 - 1))
def test_an_index_finds_what_it_holds_and_nothing_else(keys: set[int], other: int) -> None:
    ordered = np.array(sorted(keys), np.uint64)
    index = GramIndex.of(ordered)
    assert index.find(ordered).tolist() == list(range(len(ordered)))
    expected = sorted(keys).index(other) if other in keys else kernels.NO_ID
    assert index.find(np.array([other], np.uint64)).tolist() == [expected]


@QUIET
@given(DOCUMENTS, st.data())
def test_windows_are_shares_of_unknown_bigrams(
    documents: list[list[int]], data: st.DataObject
) -> None:
    raw, offsets = flat(documents)
    size = len(raw)
    known = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool)
    glued = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), bool)
    ids = np.where(known, 0, kernels.NO_ID).astype(np.int32)
    after, before = np.empty((2, size), np.uint8)
    kernels.windows(ids, glued, offsets, 6, 3, after, before)
    for begin, document in zip(offsets, documents, strict=False):
        pairs = range(begin, begin + len(document) - 1)
        counting = [p for p in pairs if not glued[p + 1]]
        for k in range(begin, begin + len(document)):
            ahead = [p for p in counting if p >= k][:6]
            behind = [p for p in counting if p + 1 < k][-6:]
            assert after[k] == _percent(ahead, known)
            assert before[k] == _percent(behind, known)


def _percent(pairs: list[int], known: np.ndarray) -> int:
    if len(pairs) < 3:
        return 255
    return 100 * sum(not known[p] for p in pairs) // len(pairs)


@QUIET
@given(DOCUMENTS, st.integers(1, 2))
def test_neighbours_are_those_that_stand_there(documents: list[list[int]], length: int) -> None:
    raw, offsets = flat(documents)
    ids = np.where(raw == 5, 0, kernels.NO_ID).astype(np.int32)
    group = np.arange(1, len(documents) + 1).astype(np.uint64)
    turned = (raw % 2 == 1).astype(np.uint8)
    room = 4 * len(raw)
    place, row = np.empty(room, np.uint32), np.empty(room, np.uint64)
    draw, limit, last = np.zeros(len(documents), np.uint64), np.ones(1, np.uint64), np.full(1, -1)
    rows = kernels.neighbours(
        ids, raw, turned, group, draw, limit, last, 0, offsets, length, place, row
    )
    told = Counter(place[:rows].tolist())
    fives = [[k for k, token in enumerate(document) if token == 5] for document in documents]
    occurrences = sum(map(len, fives))
    assert (told[0], told[1], told[3]) == (occurrences, occurrences, occurrences)
    assert told[2] == sum(map(bool, fives))
    lefts = {d[k - 1] if k else 0 for d, at in zip(documents, fives, strict=True) for k in at}
    groups = [d for d, at in enumerate(fives) if at]
    assert len(set(row[:rows][place[:rows] == 0].tolist())) == len(lefts)
    assert len(set(row[:rows][place[:rows] == 2].tolist())) == len(groups)


@QUIET
@given(DOCUMENTS)
def test_excision_compares_the_joined_neighbours(documents: list[list[int]]) -> None:
    raw, offsets = flat(documents)
    keys = np.array(sorted(set(raw.tolist())), np.uint64)
    words = GramIndex.of(keys) if len(keys) else None
    if words is None:
        return
    ids = np.where(raw == 5, 0, kernels.NO_ID).astype(np.int32)
    occ = np.array([int((raw == key).sum()) for key in keys], np.int64)
    observed = Counter(pair for document in naive_pairs(documents) for pair in document)
    pairs = sorted(observed)
    pair_key = np.array([kernels.mix(np.uint64(a), np.uint64(b)) for a, b in pairs], np.uint64)
    index = GramIndex.of(pair_key)
    out, held = np.zeros((2, 1), np.int64)
    kernels.excise(
        ids, raw, words.find(raw), offsets, 1, index.slots, index.places,
        np.array([observed[pair] for pair in pairs], np.int64), occ, float(len(raw)), out, held,
    )  # fmt: skip
    expected, count = 0, 0
    for document in documents:
        for k in range(1, len(document) - 1):
            if document[k] == 5:
                left, right = document[k - 1], document[k + 1]
                chance = occ[list(keys).index(left)] * occ[list(keys).index(right)] / len(raw)
                fit = np.log((observed[left, right] + 0.5) / (chance + 0.5))
                expected += int(np.floor(1024 * fit + 0.5))
                count += 1
    assert (out[0], held[0]) == (expected, count)
