"""The compiled loops against the same thing said slowly."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.triggers import company_kernels, effect_kernels, kernels, passage_kernels, pieces
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
    effect_kernels.windows(ids, glued, offsets, 6, (3, 2), after, before)
    for begin, document in zip(offsets, documents, strict=False):
        pairs = range(begin, begin + len(document) - 1)
        counting = [p for p in pairs if not glued[p + 1]]
        for k in range(begin, begin + len(document)):
            ahead = [p for p in counting if p >= k][:6]
            behind = [p for p in counting if p + 1 < k][-6:]
            assert after[k] == _percent(ahead, known, 3)
            assert before[k] == _percent(behind, known, 2)


def _percent(pairs: list[int], known: np.ndarray, least: int) -> int:
    if len(pairs) < least:
        return 255
    return 100 * sum(not known[p] for p in pairs) // len(pairs)


@QUIET
@given(DOCUMENTS, st.integers(1, 2))
def test_neighbours_are_those_that_stand_there(documents: list[list[int]], length: int) -> None:
    raw, offsets = flat(documents)
    ids = np.where(raw == 5, 0, kernels.NO_ID).astype(np.int32)
    spans = np.full(len(raw), length, np.int32)
    words = np.where(raw == 7, kernels.NO_ID, raw).astype(np.int32)
    groups = np.full((len(documents), 4), kernels.NO_ID, np.int32)
    groups[:, 1] = np.arange(len(documents))
    # An odd token turns; at 5 and below that can be told.
    effects = (raw % 2).astype(np.uint8) | np.where(raw <= 5, 4, 0).astype(np.uint8)
    row = np.empty(kernels.KINDS * len(raw), np.uint64)
    times = np.empty(len(row), np.uint32)
    witness = np.arange(100, 100 + len(documents)).astype(np.uint64)
    draw, limit, last = np.zeros(len(documents), np.uint64), np.ones(1, np.uint64), np.full(1, -1)
    sums = np.empty((4, len(raw) + 1), np.int64)
    effect_kernels.summed(effects, sums)
    rows = kernels.neighbours(
        ids, words, effects, sums, 2, groups, witness, draw, limit, last, 0, offsets, spans,
        row, times,
    )  # fmt: skip
    told: Counter[tuple[int, int]] = Counter()
    for one, count in zip(row[:rows].tolist(), times[:rows].tolist(), strict=True):
        told[one >> 32, one & 0xFFFFFFFF] += count
    expected: Counter[tuple[int, int]] = Counter()
    for number, document in enumerate(documents):
        at = [k for k, token in enumerate(document) if token == 5]
        for k in at:
            before, behind = beside(document, k, length)
            expected[0, neighbour(document, before)] += 1
            expected[1, neighbour(document, behind)] += 1
            expected[7, 100 + number] += 1
            far = [*document[: max(k - 2, 0)], *document[k + 3 :]]
            happened, can_be = (sum(map(test, far)) for test in (_odd, _low))
            if can_be:
                expected[11, 0] += 1024
                expected[9, 0] += 1024 * happened // can_be
        if at:
            expected[3, number] += 1
            expected[6, 100 + number] += 1
    assert +told == +expected


def _odd(token: int) -> bool:
    return token % 2 == 1


def _low(token: int) -> bool:
    return token <= 5


def beside(document: list[int], at: int, length: int) -> tuple[int, int]:
    """Places beside a string that begins with the token there, and may be said in a row."""
    before, behind = at - length, at + length
    while before >= 0 and document[before] == document[at]:
        before -= length
    while behind < len(document) and document[behind] == document[at]:
        behind += length
    return before + length - 1, behind


def neighbour(document: list[int], at: int) -> int:
    if not 0 <= at < len(document):
        return int(kernels.BOUNDARY)
    return int(kernels.UNKNOWN) if document[at] == 7 else document[at]


@QUIET
@given(DOCUMENTS)
def test_excision_compares_the_joined_neighbours_with_what_the_document_is_used_to(
    documents: list[list[int]],
) -> None:
    raw, offsets = flat(documents)
    if not len(raw):
        return
    keys = np.array(sorted(set(raw.tolist())), np.uint64)
    words = GramIndex.of(keys).find(raw)
    ids = np.where(raw == 5, 0, kernels.NO_ID).astype(np.int32)
    count = Counter(raw.tolist())
    occ = np.array([count[key] for key in keys.tolist()], np.int64)
    observed = Counter(pair for document in naive_pairs(documents) for pair in document)
    pairs = sorted(observed)
    pair_key = np.array([kernels.mix(np.uint64(a), np.uint64(b)) for a, b in pairs], np.uint64)
    index = GramIndex.of(pair_key)
    pair_occ = np.array([observed[pair] for pair in pairs], np.int64)
    pair_ids = index.find(pair_keys(raw, offsets))
    fitting, spans = np.empty(len(raw)), np.ones(len(raw), np.int32)
    table = (pair_occ, occ, float(len(raw)))
    kernels.fits(pair_ids, words, offsets, *table, fitting)
    for begin, end in pairwise(offsets.tolist()):
        alone, own = np.empty(end - begin), slice(begin, end)
        kernels.fits(pair_ids[own], words[own], np.array([0, end - begin]), *table, alone)
        assert fitting[own].tolist() == alone.tolist()
    out, held, tokens = np.zeros((3, 1), np.int64)
    kernels.excise(
        ids, raw, words, offsets, spans, index.slots, index.places, pair_occ, occ,
        float(len(raw)), fitting, out, held, tokens,
    )  # fmt: skip

    def fit(left: int, right: int, less: int) -> float:
        chance = count[left] * count[right] / len(raw)
        return float(np.log((observed[left, right] - less + 0.5) / (chance + 0.5)))

    expected, places = 0, 0
    for document, pairs_of in zip(documents, naive_pairs(documents), strict=True):
        for k, token in enumerate(document):
            before, behind = beside(document, k, 1)
            if token == 5 and before >= 0 and behind < len(document):
                left = [*pairs_of[:before], *pairs_of[behind:]]
                own = sum(fit(*pair, 1) for pair in left) / max(len(left), 1)
                joined = fit(document[before], document[behind], 0) - own
                expected += int(np.floor(1024 * joined + 0.5))
                places += 1
    assert held[0] == tokens[0] == places
    assert abs(out[0] - expected) <= places


@QUIET
@given(DOCUMENTS, st.integers(1, 7))
def test_pieces_cut_documents_and_nothing_else(documents: list[list[int]], size: int) -> None:
    _, offsets = flat(documents)
    cuts = [
        k for begin, end in pairwise(offsets.tolist()) for k in range(begin, end, size) or [begin]
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE", size)
        assert pieces.pieces_of(offsets).tolist() == [*cuts, offsets[-1]]


@QUIET
@given(DOCUMENTS)
def test_company_counts_anchors_that_stand_near(documents: list[list[int]]) -> None:
    raw, offsets = flat(documents)
    ids = np.where(raw < 4, raw, kernels.NO_ID).astype(np.int32)
    anchors = np.array([1, -1, 0, -1], np.int32)
    counts = np.zeros(8, np.int32)
    chosen = np.arange(len(documents)) != 1
    company_kernels.company(ids, anchors, chosen, offsets, 3, 2, counts)
    expected: Counter[int] = Counter()
    for number, document in enumerate(documents):
        for i, token in enumerate(document if number != 1 else []):
            for near in document[max(i - 3, 0) : i] + document[i + 1 : i + 4]:
                if token < 4 and near < 4 and anchors[near] >= 0:
                    expected[2 * token + int(anchors[near])] += 1
    assert {k: int(n) for k, n in enumerate(counts) if n} == dict(expected)


@QUIET
@given(DOCUMENTS)
def test_coherence_is_the_cosine_of_what_stands_before_and_behind(
    documents: list[list[int]],
) -> None:
    raw, offsets = flat(documents)
    vectors = np.random.default_rng(1).integers(-9, 9, (6, 3)).astype(np.int32)
    ids = np.where(raw < 6, raw, kernels.NO_ID).astype(np.int32)
    out = np.empty(len(raw), np.uint8)
    company_kernels.coherence(ids, vectors, offsets, 5, 2, out)
    for begin, document in zip(offsets, documents, strict=False):
        for k in range(len(document)):
            sides = document[max(k - 5, 0) : k], document[k : k + 5]
            known = [[vectors[token] for token in side if token < 6] for side in sides]
            if min(map(len, known)) < 2:
                assert out[begin + k] == 255
                continue
            x, y = (np.sum(side, axis=0).astype(float) for side in known)
            size = float(np.sqrt((x @ x) * (y @ y)))
            if size:
                assert abs(int(out[begin + k]) - (100 + 100 * (x @ y) / size)) <= 1


def test_a_passage_goes_on_while_its_parts_are_about_equally_often() -> None:
    # Bigrams at 1 and 2 are one passage, with that at 5, behind two words that change; that at 7
    # is another one, and the passage of the second document is none of the first.
    ids = np.array([-1, 0, 1, -1, -1, 2, -1, 3, -1, 4], np.int32)
    occ, spans = np.array([20, 19, 19, 9, 9]), np.empty(10, np.int32)
    passage_kernels.passages(ids, occ, np.array([0, 9, 10]), 2, spans)
    assert spans[[1, 2, 5, 7, 9]].tolist() == [6, 0, 0, 2, 2]


def test_a_shorter_string_opens_the_passage_behind_it() -> None:
    ids, first = (np.full(12, kernels.NO_ID, np.int32) for _ in range(2))
    ids[[0, 6]], first[[4, 9]] = 0, (0, 1)
    ends, spans = np.full(12, 3, np.int32), np.full(12, 2, np.int32)
    occ = np.array([10]), first, np.array([10, 5])
    passage_kernels.openings(ids, *occ, ends, np.array([0, 12]), spans)
    assert spans[[0, 6]].tolist() == [7, 2]


def test_text_turns_strange_where_both_sides_say_so() -> None:
    after = np.array([255, 90, 90, 90, 20, 90], np.uint8)
    before = np.array([10, 10, 80, 60, 10, 255], np.uint8)
    out = np.empty(6, np.uint8)
    # An n-gram at k looks behind itself at k + 1.
    effect_kernels.turns(after, before, np.array([0, 6]), np.ones(6, np.int32), (40, 85, 30), out)
    turn, told = int(effect_kernels.TURN), int(effect_kernels.TURN_TOLD)
    assert out.tolist() == [turn | told, turn | told, 0, told, turn | told, 0]


def test_text_breaks_off_where_it_is_unlike() -> None:
    likeness = np.array([255, 10, 60, 255, 5], np.uint8)
    out = np.zeros(5, np.uint8)
    spans = np.array([1, 1, 1, 1, 1], np.int32)
    effect_kernels.breaks(likeness, np.array([0, 5]), spans, 1, 20, out)
    broken, told = int(effect_kernels.BREAK), int(effect_kernels.BREAK_TOLD)
    assert out.tolist() == [broken | told, told, 0, broken | told, 0]
    out[:], spans[0] = 0, 2
    effect_kernels.breaks(likeness, np.array([0, 5]), spans, 1, 20, out)
    assert out.tolist() == [0, told, 0, broken | told, 0]
