"""Numbers and laws below the findings, against scipy and plain Python."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scanners.responses.expectation import _falling
from scanners.responses.kernels import best_effects
from scanners.responses.oddities import Oddity, oddity
from scanners.responses.postings import Grams, Lists, features_of
from scanners.responses.preferences import margins
from scanners.responses.reading import grams_at, grams_of, narrow, tokens_of
from scanners.responses.sample import QUANTILES, Tokens32, categories
from scanners.responses.scanner import MOST_BYTES, MOST_OF_ONE, plan_sample
from scanners.responses.twins import LEAST_LEFT, answered_otherwise
from scanners.responses.weighing import _tail

ROWS = st.lists(st.lists(st.integers(0, 9), max_size=6).map(lambda r: sorted(set(r))), min_size=1)


def lists_of(rows: list[list[int]]) -> Lists:
    starts = np.cumsum([0, *map(len, rows)])
    return Lists(starts, np.array([item for row in rows for item in row], np.int32))


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_turning_lists_twice_gives_them_back(rows: list[list[int]]) -> None:
    lists = lists_of(rows)
    turned = lists.turned(10)
    assert [turned[item].tolist() for item in range(10)] == [
        [number for number, row in enumerate(rows) if item in row] for item in range(10)
    ]
    again = turned.turned(len(rows))
    assert again.items.tolist() == lists.items.tolist()
    assert again.starts.tolist() == lists.starts.tolist()


@settings(deadline=None, max_examples=40)
@given(ROWS, ROWS)
def test_best_effects_are_those_of_a_plain_search(
    causes: list[list[int]], effects: list[list[int]]
) -> None:
    held = lists_of((effects * 10)[:10])
    sizes = held.turned(10).sizes
    postings = lists_of(causes)
    count = len(causes)
    best, hits = np.empty(count, np.int32), np.empty(count, np.int32)
    score = np.empty(count)
    best_effects(
        postings.starts, postings.items, held.starts, held.items, sizes, 10, 1, 0.2,
        best, hits, score,
    )  # fmt: skip
    for number, docs in enumerate(causes):
        values = {0: (0.0, -1)}
        for effect in range(10):
            k = sum(effect in held[doc] for doc in docs)
            rate, part = (sizes[effect] + 1) / 12, k / max(len(docs), 1)
            if k >= 1 and part > rate and part >= 0.2:
                values[effect + 1] = (len(docs) * divergence(part, rate), effect)
        assert score[number] == pytest.approx(max(value for value, _ in values.values()))


def divergence(part: float, rate: float) -> float:
    rest = 0.0 if part == 1 else (1 - part) * math.log((1 - part) / (1 - rate))
    return part * math.log(part / rate) + rest


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(1, 5), max_size=8), min_size=1, max_size=12))
def test_features_hold_exactly_the_documents_of_their_grams(texts: list[list[int]]) -> None:
    hashes = np.array([token for text in texts for token in text], np.uint32)
    offsets = np.cumsum([0, *map(len, texts)])
    grams: Grams = grams_of(hashes, offsets, raw=False)
    features = features_of(grams, len(texts), 2, len(texts))
    seen = set()
    for feature in range(len(features)):
        docs = features.docs[feature].tolist()
        assert tuple(docs) not in seen
        seen.add(tuple(docs))
        for gram in features.same[feature].tolist():
            key, length = features.grams.key[gram], int(features.grams.length[gram])
            there = [
                number
                for number, text in enumerate(texts)
                if key
                in grams_at(np.array(text, np.uint32), np.array([0, len(text)]), length, False)
            ]
            assert there == docs


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.01, 0.99))
def test_tails_are_those_of_scipy(hits: int, more: int, rate: float) -> None:
    expected = stats.binom.logsf(hits - 1, hits + more, rate)
    assert _tail(hits, hits + more, rate) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_falling_sequences_keep_their_mean(values: list[float]) -> None:
    rate = np.array(values)
    fitted = _falling(rate, np.ones(len(rate)))
    assert (np.diff(fitted) <= 1e-12).all()
    assert fitted.sum() == pytest.approx(rate.sum())


def test_numbers_are_cut_at_their_own_quantiles() -> None:
    values = pl.Series([str(number / 7) for number in range(1000)])
    counts = np.bincount(categories(values).astype(np.int64))
    assert len(counts) == QUANTILES + 1
    assert counts[1:].min() >= 99
    assert len(set(categories(pl.Series(["a", "b", "a", "c"] * 9)).tolist())) == 3
    assert len(set(categories(pl.Series(["0", "1"] * 50)).tolist())) == 2
    assert (categories(pl.Series(["7.5"] * 30)) > 0).all()


@pytest.mark.parametrize(
    ("prompt", "answer", "kind"),
    [
        ("what is that", "это ничего не значит", Oddity.OTHER_SCRIPT),
        ("что это", "это ничего не значит", Oddity.NONE),
        ("what is that", "caf\u00e9 au lait", Oddity.NONE),
        ("what is that", "nothing", Oddity.NONE),
        ("what is that", "no " * 300, Oddity.REPETITION),
        ("", "", Oddity.NONE),
        ("\ud800", "\ud800 12", Oddity.NONE),
    ],
)
def test_oddities(prompt: str, answer: str, kind: Oddity) -> None:
    assert oddity(prompt, answer) is kind


def sides(texts: list[str]) -> Tokens32:
    tokens = tokens_of(pl.Series(texts), 3)
    return Tokens32(narrow(tokens.folded), tokens.offsets)


def test_swapping_a_pair_turns_its_margin() -> None:
    fine = [f"answer number{n} kindly" for n in range(60)]
    rude = [f"answer number{n} rudely" for n in range(60)]
    asked = sides(["what is it"] * len(fine))
    margin = margins(sides(fine), sides(rude), asked)
    assert (margin > 0).all()
    # The other half taught the same, so that only the pair itself is turned.
    turned = margins(sides([rude[0], *fine[1:]]), sides([fine[0], *rude[1:]]), asked)
    assert turned[0] == pytest.approx(-margin[0])


def test_an_answer_to_the_question_is_preferred_to_one_to_another() -> None:
    count = 200
    asked = [f"tell me of number{n} please" for n in range(count)]
    fine = [f"this is about number{n} indeed" for n in range(count)]
    other = [f"this is about number{(n + 7) % count} indeed" for n in range(count)]
    margin = margins(sides(fine), sides(other), sides(asked))
    assert np.mean(margin > 0) > 0.95


def test_a_large_corpus_is_sampled_by_identity_and_a_small_one_whole() -> None:
    docs = np.random.default_rng(1).integers(0, 1 << 62, (9000, 2)).astype(np.uint64)
    frame = pl.DataFrame({"doc_hi": docs[:, 0], "doc_lo": docs[:, 1]}).sort("doc_hi", "doc_lo")
    small = plan_sample(frame.with_columns(bytes=pl.lit(100, pl.UInt64)))
    large = plan_sample(frame.with_columns(bytes=pl.lit(1 << 20, pl.UInt64)))
    assert small.wanted is not None
    assert large.wanted is not None
    assert len(small.wanted) == 9000
    assert len(large.wanted) == MOST_BYTES // MOST_OF_ONE
    assert (np.lexsort((large.wanted[:, 1], large.wanted[:, 0])) == range(len(large.wanted))).all()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(0, 3), max_size=9), max_size=12), st.data())
def test_twins_are_prompts_without_one_string(
    prompts: list[list[int]], data: st.DataObject
) -> None:
    answers = data.draw(st.lists(st.integers(1, 2), min_size=len(prompts), max_size=len(prompts)))
    blobs = [np.array(prompt, np.uint32).tobytes() for prompt in prompts]
    table = Tokens32.read(pl.Series(blobs, dtype=pl.Binary))
    found = answered_otherwise(table, np.array(answers, np.uint64))
    for number, prompt in enumerate(prompts):
        size = len(prompt)
        rests = [
            sorted(prompt[:at] + prompt[at + length :])
            for length in range(1, size - LEAST_LEFT + 1)
            for at in range(size - length + 1)
        ]
        twins = [answers[k] for k, other in enumerate(prompts) if sorted(other) in rests]
        assert found[number] == (bool(twins) and answers[number] not in twins)
