"""Counts in windows of time against a source's own history."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import stats

LEAST_LN = -700.0


def excess_ln_p(count: int, history: npt.NDArray[np.int64]) -> float:
    """ln P(X >= count), X negative binomial with mean and variance of the history.

    Of a history without more spread than chance, Poisson. The mean gets half a count, for a
    window may be empty by luck.
    """
    mean = float(history.mean()) + 0.5
    variance = float(history.var(ddof=1)) if len(history) > 1 else mean
    if variance <= mean:
        tail = float(stats.poisson.logsf(count - 1, mean))
    else:
        size = mean * mean / (variance - mean)
        tail = float(stats.nbinom.logsf(count - 1, size, size / (size + mean)))
    return max(tail, LEAST_LN) if math.isfinite(tail) else LEAST_LN
