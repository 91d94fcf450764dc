"""Which groups of copies are larger than this corpus's own groups explain.

The null: sizes of natural groups (reposts, templates, stock phrases) follow a power law from
size 2 on, ``P(S >= s) = ((s - 0.5) / 1.5) ** -x``. In fifteen public corpora (posts, tweets,
mail, reviews, manuals, instructions, web pages) ``x`` lay between 1.0 and 3.5, with mean 2.5
and standard deviation 0.8, and no group was larger than that explains. ``x`` is learnt from
the groups at hand: ``ln(size / 1.5)`` is then exponential, so a Gamma prior gives a Gamma
posterior and a Pareto-II predictive, which is wide while few groups are known. The prior is
the Gamma distribution of that mean and deviation. As sizes are whole numbers and a pair counts
as 2, an ``x`` above 3.5 is never learnt, which errs towards finding nothing.

Robust: a size is only compared with groups smaller than itself, and a larger one is at least as
surprising, so floods do not hide each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_MOST_SIZES = 64
"""How many distinct sizes are tested, from the largest down; the rest are not anomalous."""


@dataclass(frozen=True)
class Tail:
    """What is known of the exponent: a Gamma distribution of this shape and rate."""

    shape: float
    rate: float

    def survival(self, size: int) -> float:
        """Predictive probability that a group has at least this size."""
        return float((self.rate / (self.rate + np.log((size - 0.5) / 1.5))) ** self.shape)

    def learnt(self, sizes: I64) -> Tail:
        """Posterior after groups of these sizes, in any order."""
        logs = np.log(np.sort(sizes) / 1.5)
        return Tail(self.shape + len(sizes), self.rate + float(logs.sum()))

    def narrowed(self, doubt: float) -> Tail:
        """A prior for one part of the whole, of the same mean exponent.

        Parts differ from the whole with a relative variance of ``1 / doubt``.
        """
        shape = 1 / (1 / doubt + 1 / self.shape)
        return Tail(shape, shape * self.rate / self.shape)


PRIOR = Tail(shape=10.0, rate=4.0)

DOUBT_BY_LENGTH = 20.0
"""Exponents of strata of text length differed by a fifth within a corpus (1 / 0.22 ** 2)."""

DOUBT_BY_PLACE = 6.0
"""Exponents of sources differed by two fifths: a template is a source's own habit."""


def surprise(sizes: I64, part: Mask, doubt: float) -> F64:
    """Probability float64[g] of a size as large as each group's, 1 outside of ``part``.

    ``sizes`` int64[g] are all groups, ``part`` bool[g] those that share a stratum or a place.
    Uncorrected; a larger size is never less surprising than a smaller one of the part.
    """
    result = np.ones(len(sizes))
    smallest = 1.0
    for size in np.unique(sizes[part])[-_MOST_SIZES:].tolist():
        smaller = sizes < size
        whole = PRIOR.learnt(sizes[smaller])
        own = whole.narrowed(doubt).learnt(sizes[smaller & part])
        smallest = min(smallest, own.survival(size))
        result[part & (sizes == size)] = smallest
    return result


def surprise_by_stratum(sizes: I64, strata: I64) -> F64:
    """``surprise`` of each group within its own stratum of text length."""
    result = np.ones(len(sizes))
    for stratum in np.unique(strata).tolist():
        part = strata == stratum
        result[part] = surprise(sizes, part, DOUBT_BY_LENGTH)[part]
    return result


def strata_of(lengths: I64) -> I64:
    """Stratum of each length in words: 0, 1, 2 to 3, 4 to 7 ... 128 and more."""
    return np.asarray(np.minimum(np.ceil(np.log2(lengths + 1.0)), 8), dtype=np.int64)
