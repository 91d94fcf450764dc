"""Null distributions and corrections shared by scanners."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special, stats

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEAST_TAIL, MOST_TAIL, WIDE = 50, 200, 10
"""Scores that make a tail; how many times as many make the wide one."""

FALSE_SHARE, ROUNDS = 0.1, 8
"""Share of chance up to which scores stand out; how often the tail is measured again at most."""

NORMAL_75 = 0.6745
"""Third quartile of a normal distribution, in standard deviations."""


def upper_normal(control: F64, least: float) -> tuple[float, float]:
    """Median and standard deviation of a normal distribution with the upper half of ``control``.

    The deviation is told by the third quartile, which a tenth of planted values hardly moves; it
    is at least ``least``. For what is skewed, and asked about its upper side.
    """
    middle, high = np.quantile(control, [0.5, 0.75])
    return float(middle), max(float(high - middle) / NORMAL_75, least)


def running_median(values: F64, width: int) -> F64:
    """Median of each value with its neighbours, ``width`` in all, fewer at the ends."""
    reach = width // 2
    return np.array(
        [np.median(values[max(k - reach, 0) : k + reach + 1]) for k in range(len(values))]
    )


def binomial_tail(hits: F64, trials: F64, rate: F64 | float) -> F64:
    """ln P(X >= hits) for X binomial; works far below the smallest float."""
    tail: F64 = stats.binom.logsf(hits - 1, trials, rate)
    # Where scipy runs out of range, the Chernoff bound is still an upper bound.
    share = np.clip(hits / np.maximum(trials, 1), 1e-12, 1 - 1e-12)
    divergence = share * np.log(share / rate) + (1 - share) * np.log((1 - share) / (1 - rate))
    bound = np.where(share > rate, -trials * divergence, 0.0)
    return np.where(np.isfinite(tail), tail, bound)


def lower_bound(hits: float, trials: float, alpha: float) -> float:
    """One-sided lower confidence bound of a share (Clopper and Pearson 1934)."""
    return float(stats.beta.ppf(alpha, hits, trials - hits + 1)) if hits else 0.0


def expected_by_chance(scores: F64) -> F64:
    """How many natural candidates would score at least this high: an E-value for each score.

    The tail beyond the k-th largest score, k = a twentieth of all within LEAST_TAIL and MOST_TAIL,
    is taken as exponential, as that of the logarithm of what has a power law is (Pickands 1975).
    Scores that stand out, alone or as many, are set aside and the tail is measured again without
    them, so that planted ones do not hide each other; the first time a wider tail is measured by
    its median, which few hundred planted scores hardly move. Infinite for scores below the tail's
    start, and everywhere if a tail of LEAST_TAIL scores cannot be had.
    """
    everything = np.isfinite(scores)
    size = int(np.clip(np.count_nonzero(everything) // 20, LEAST_TAIL, MOST_TAIL))
    out = _beyond(scores, everything, WIDE * size, (0.5,))
    for _ in range(ROUNDS):
        natural = everything & (false_share(out) > FALSE_SHARE)
        before, out = out, _beyond(scores, natural, size, (0.5, 0.9))
        if np.array_equal(before, out):
            break
    return out


def _beyond(scores: F64, natural: Mask, size: int, quantiles: tuple[float, ...]) -> F64:
    """E-values by the tail of ``size`` natural scores, scaled by these quantiles of its excess."""
    out = np.full(len(scores), math.inf)
    k = min(size, int(np.count_nonzero(natural)) // 2)
    if k < LEAST_TAIL:
        return out
    ordered = np.sort(scores[natural])
    start = float(ordered[-k - 1])
    excess = ordered[ordered > start] - start
    if not len(excess):
        return out
    scale = max(float(np.quantile(excess, q)) / -math.log1p(-q) for q in quantiles)
    tail = scores > start
    out[tail] = len(excess) * np.exp(-(scores[tail] - start) / max(scale, 1e-3))
    return out


def false_share(expected: F64) -> F64:
    """Share of chance among all that are expected at most so often, for each E-value; the rule of
    Benjamini and Hochberg (1995)."""
    order = np.argsort(expected, kind="stable")
    ordered = expected[order]
    share = ordered / np.searchsorted(ordered, ordered, side="right")
    out = np.empty(len(expected))
    out[order] = np.minimum.accumulate(share[::-1])[::-1]
    return out


CONCENTRATIONS = 4.0 ** np.arange(9)
"""Concentrations that are tried for an urn, from nearly one colour to nearly independent draws."""


def clumping(owner: I64, times: F64, chance: F64, owners: int) -> F64:
    """Evidence that each owner's draws are no independent ones, in nats: float64[owners].

    Row k: ``owner[k]`` drew one value ``times[k]`` times, which has the probability ``chance[k]``.
    The likelihood of a Polya urn (Dirichlet-multinomial, Polya 1930) of the best concentration
    against that of independent draws; 0 where these are at least as likely.
    """
    total = np.bincount(owner, times, owners)
    best = np.zeros(owners)
    repeated = times > 1
    mine, count, share = owner[repeated], times[repeated], chance[repeated]
    single = np.bincount(owner[~repeated], minlength=owners)
    for concentration in CONCENTRATIONS:
        weight = concentration * share
        gain = special.gammaln(weight + count) - special.gammaln(weight) - count * np.log(share)
        evidence = np.bincount(mine, gain, owners) + single * math.log(concentration)
        evidence += special.gammaln(concentration) - special.gammaln(concentration + total)
        np.maximum(best, evidence, out=best)
    return best
