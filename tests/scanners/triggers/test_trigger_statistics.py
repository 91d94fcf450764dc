"""Nulls and corrections against simulation and reference formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from scanners.statistics import binomial_tail, expected_by_chance, lower_bound, robust_z


def test_robust_z_of_a_normal_sample_is_its_z() -> None:
    sample = np.random.default_rng(1).normal(10, 3, 20_000)
    z = robust_z(np.array([10.0, 16.0]), sample)
    assert z == pytest.approx([0, 2], abs=0.1)


def test_robust_z_of_a_constant_control_is_finite() -> None:
    assert np.isfinite(robust_z(np.array([5.0]), np.full(10, 4.0))).all()


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
    expected = expected_by_chance(scores, len(scores))
    ranks = np.arange(1, 51)
    assert np.median(expected[:50] / ranks) == pytest.approx(1, rel=0.7)


def test_a_few_planted_scores_stand_out_and_bend_nothing() -> None:
    natural = np.random.default_rng(3).exponential(0.1, 100_000)
    planted = np.full(5, natural.max() + 1.5)
    expected = expected_by_chance(np.concatenate([natural, planted]), 100_005)
    assert (expected[-5:] < 0.01).all()
    assert (expected[:-5] > 0.05).all()


def test_too_few_scores_prove_nothing() -> None:
    assert np.isinf(expected_by_chance(np.arange(20.0), 20)).all()
