"""Nulls and corrections against simulation and reference formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from scanners.statistics import (
    binomial_tail,
    clumping,
    expected_by_chance,
    false_share,
    lower_bound,
    running_median,
    upper_normal,
)


def test_the_upper_half_of_a_normal_sample_tells_it() -> None:
    sample = np.random.default_rng(1).normal(10, 3, 20_000)
    assert upper_normal(sample, 0.1) == pytest.approx((10, 3), abs=0.1)
    middle = np.median(sample)
    skewed = np.where(sample < middle, middle - 5 * (middle - sample), sample)
    assert upper_normal(skewed, 0.1) == pytest.approx((10, 3), abs=0.1)


def test_a_constant_control_has_the_least_deviation() -> None:
    assert upper_normal(np.full(10, 4.0), 0.5) == (4.0, 0.5)


def test_one_odd_value_does_not_move_its_running_median() -> None:
    values = np.array([1.0, 2, 99, 4, 5])
    assert running_median(values, 3).tolist() == [1.5, 2, 4, 5, 4.5]


def test_binomial_tail_is_that_of_scipy_and_goes_on_below() -> None:
    hits, trials = np.array([0.0, 3.0, 250.0]), np.array([10.0, 10.0, 250.0])
    tail = binomial_tail(hits, trials, 0.01)
    assert tail[:2] == pytest.approx(stats.binom.logsf([-1, 2], 10, 0.01))
    assert tail[2] == pytest.approx(250 * math.log(0.01), rel=0.01)
    assert np.isfinite(binomial_tail(np.array([5000.0]), np.array([5000.0]), 1e-6)).all()


def test_lower_bound_covers() -> None:
    assert lower_bound(0, 10, 0.001) == 0
    bound = lower_bound(9, 10, 0.001)
    assert stats.binom.sf(8, 10, bound) == pytest.approx(0.001)


def test_expected_by_chance_of_natural_scores_is_their_rank() -> None:
    scores = np.sort(np.random.default_rng(2).exponential(1, 200_000))[::-1]
    expected = expected_by_chance(scores)
    ranks = np.arange(1, 51)
    assert np.median(expected[:50] / ranks) == pytest.approx(1, rel=0.7)


@pytest.mark.parametrize("planted", [5, 150, 300])
def test_planted_scores_stand_out_and_hide_neither_each_other_nor_bend_the_rest(
    planted: int,
) -> None:
    natural = np.random.default_rng(3).exponential(0.1, 100_000)
    scores = np.concatenate([natural, np.full(planted, natural.max() + 1.5)])
    expected = expected_by_chance(scores)
    assert (expected[-planted:] < 0.01).all()
    # The rule lets at most a tenth of what stands out be chance.
    assert np.count_nonzero(expected[:-planted] <= 0.05) <= planted / 10


def test_too_few_scores_prove_nothing() -> None:
    assert np.isinf(expected_by_chance(np.arange(20.0))).all()


def test_false_shares_are_those_of_benjamini_and_hochberg() -> None:
    p = np.random.default_rng(4).uniform(size=200) ** 3
    assert false_share(p * len(p)) == pytest.approx(stats.false_discovery_control(p))


def test_clumping_is_the_evidence_of_the_best_urn() -> None:
    share = np.array([0.2, 0.3, 0.5])
    draws = np.array([6, 1, 0])
    urn = [
        stats.dirichlet_multinomial.logpmf(draws, c * share, draws.sum())
        for c in 4.0 ** np.arange(9)
    ]
    best = max(urn) - stats.multinomial.logpmf(draws, draws.sum(), share)
    owner = np.zeros(2, np.int64)
    assert clumping(owner, draws[:2].astype(float), share[:2], 1) == pytest.approx([best])


def test_independent_draws_do_not_clump_and_a_habit_does() -> None:
    rng = np.random.default_rng(5)
    share = rng.dirichlet(np.full(1000, 0.5))
    values, times = np.unique(rng.choice(1000, 300, p=share), return_counts=True)
    zero = np.zeros(len(values), np.int64)
    assert clumping(zero, times.astype(float), share[values], 1)[0] < 3
    habit = np.argmin(share)
    assert clumping(np.zeros(1, np.int64), np.array([50.0]), share[[habit]], 1)[0] > 100
