"""The null for sizes of groups, and the tests of concentration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.duplicates.concentration import in_time, upper_tail
from scanners.duplicates.floods import EXPECTED, expected_as_large
from scanners.duplicates.sizes import PRIOR, strata_of, surprise


def natural(exponent: float, count: int, seed: int) -> np.ndarray:
    """Sizes from the null itself."""
    draws = np.random.default_rng(seed).random(count)
    return np.floor(1.5 * draws ** (-1 / exponent) + 0.5).astype(np.int64)


@pytest.mark.parametrize("exponent", [1.0, 1.7, 2.5, 3.5])
@pytest.mark.parametrize("count", [5, 50, 2000])
def test_natural_sizes_are_seldom_anomalous(exponent: float, count: int) -> None:
    length = np.full(count, 100)
    alarms = [
        bool((expected_as_large(natural(exponent, count, seed), length) <= EXPECTED).any())
        for seed in range(40)
    ]
    assert sum(alarms) <= 3


@pytest.mark.parametrize("count", [0, 3, 30, 600])
def test_floods_are_anomalous_and_do_not_hide_each_other(count: int) -> None:
    sizes = np.concatenate([natural(3.0, count, 1), [300, 340]])
    expected = expected_as_large(sizes, np.full(len(sizes), 100))
    assert (expected[-2:] <= EXPECTED).all()


def test_a_large_group_among_large_ones_is_ordinary() -> None:
    sizes = np.concatenate([natural(1.0, 300, 3), [150]])
    assert expected_as_large(sizes, np.full(301, 100))[-1] > EXPECTED


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(2, 500), min_size=1, max_size=40), st.randoms())
def test_surprise_is_monotone_and_ignores_order(sizes: list[int], shuffler) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(sizes)
    shuffler.shuffle(shuffled)
    everywhere = np.ones(len(sizes), dtype=np.bool_)
    by_size = dict(zip(sizes, surprise(np.array(sizes), everywhere, 6.0).tolist(), strict=True))
    again = dict(zip(shuffled, surprise(np.array(shuffled), everywhere, 6.0), strict=True))
    assert by_size == again
    ordered = [by_size[size] for size in sorted(by_size)]
    assert ordered == sorted(ordered, reverse=True)
    assert all(0 < p <= 1 for p in ordered)


def test_predictive_of_the_prior_alone() -> None:
    assert PRIOR.survival(2) == 1
    assert PRIOR.survival(120) == pytest.approx((4 / (4 + np.log(119.5 / 1.5))) ** 10)


def test_strata_double() -> None:
    lengths = np.array([0, 1, 2, 3, 4, 7, 8, 127, 128, 10**6])
    assert strata_of(lengths).tolist() == [0, 1, 2, 2, 3, 3, 4, 7, 8, 8]


def test_upper_tail_is_the_binomial_one() -> None:
    assert upper_tail(2, 2, 0.1, 1) == pytest.approx(0.01)
    assert upper_tail(2, 2, 0.1, 3) == pytest.approx(0.03)
    assert upper_tail(0, 2, 0.1, 3) == 1
    assert 0 < upper_tail(10**5, 10**5, 1e-6, 1) < 1e-200


def test_the_fullest_window_is_found() -> None:
    base = np.arange(10_000)
    members = np.sort(np.concatenate([np.arange(5000, 5020), [10, 9000]]))
    found = in_time(members, base, np.ones(10_000, dtype=np.int64), 1)
    assert (found.start, found.width, found.count, found.total) == (5000, 24, 20, 22)
    assert found.base == pytest.approx(24 / 10_000)
    assert found.p < 1e-30


def test_times_drawn_from_the_corpus_are_not_concentrated() -> None:
    draw = np.random.default_rng(5)
    base = np.arange(10_000)
    records = draw.integers(0, 30, 10_000)
    for _ in range(30):
        members = np.sort(draw.choice(base, 50, p=records / records.sum()))
        assert in_time(members, base, records, 1).p > 1e-3
