"""Null distributions and corrections shared by scanners."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

F64 = npt.NDArray[np.float64]

LEAST_TAIL = 50
"""Fewest scores from which a tail is extrapolated."""

NORMAL_MAD = 1.4826
"""Median absolute deviation to standard deviation of a normal distribution."""


def robust_z(values: F64, control: F64) -> F64:
    """Distance from the median of ``control`` in robust standard deviations."""
    middle = float(np.median(control))
    spread = NORMAL_MAD * float(np.median(np.abs(control - middle)))
    return (values - middle) / max(spread, 1e-3)


def binomial_tail(hits: F64, trials: F64, rate: F64 | float) -> F64:
    """ln P(X >= hits) for X binomial; works far below the smallest float."""
    tail: F64 = stats.binom.logsf(hits - 1, trials, rate)
    # Where scipy runs out of range, the Chernoff bound is still an upper bound.
    share = np.clip(hits / np.maximum(trials, 1), 1e-12, 1 - 1e-12)
    divergence = share * np.log(share / rate) + (1 - share) * np.log((1 - share) / (1 - rate))
    bound = np.where(share > rate, -trials * divergence, 0.0)
    return np.where(np.isfinite(tail), tail, bound)


def lower_bound(hits: int, trials: int, alpha: float) -> float:
    """One-sided lower confidence bound of a share (Clopper and Pearson 1934)."""
    return float(stats.beta.ppf(alpha, hits, trials - hits + 1)) if hits else 0.0


def expected_by_chance(scores: F64, candidates: int) -> F64:
    """How many of ``candidates`` natural ones would score at least this high: an E-value.

    The tail beyond the k-th largest, k = max(100, candidates / 2000), is taken as exponential,
    the limit of tails that fall faster than any power (Pickands 1975); a least of several
    z-scores falls faster still, so this errs on the side of chance. Its scale is the larger of
    those that the median and the 90th percentile of the excess tell: planted scores stretch it
    only if they are a tenth of the tail. Infinite for scores below the tail's start, and
    everywhere if a tail of LEAST_TAIL scores cannot be had.
    """
    k = min(max(100, candidates // 2000), len(scores) - 1)
    out = np.full(len(scores), math.inf)
    if k < LEAST_TAIL:
        return out
    start = float(np.partition(scores, len(scores) - k)[len(scores) - k])
    excess = scores - start
    tail = excess > 0
    if not tail.any():
        return out
    middle, far = np.quantile(excess[tail], [0.5, 0.9])
    scale = max(middle / math.log(2), far / math.log(10), 1e-3)
    out[tail] = np.count_nonzero(tail) * np.exp(-excess[tail] / scale)
    return out
