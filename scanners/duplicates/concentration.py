"""Whether a group sits in one place, or in one short time, more than its corpus does.

The null: each member draws its place (or hour) independently from the corpus's own records;
the number in the group's main place, or in its fullest window, is then binomial. Both
p-values are Bonferroni-corrected, for every place or window that the group could have shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import bdtrc

I64 = npt.NDArray[np.int64]

WINDOWS = (1, 24, 7 * 24, 28 * 24)
"""Widths of the windows of time that are tried, in hours."""

_LEAST = 1e-300


@dataclass(frozen=True)
class Concentration:
    """How many of a group's members share a place or window, against the corpus.

    ``count`` of ``total`` members, where ``base`` is the share of the corpus's records and
    ``p`` the corrected p-value. For time, ``start`` and ``width`` are hours.
    """

    name: str
    count: int
    total: int
    base: float
    p: float
    start: int = 0
    width: int = 0

    @property
    def share(self) -> float:
        """Share of the group's members."""
        return self.count / self.total


def upper_tail(count: int, total: int, share: float, tries: int) -> float:
    """Corrected P(X >= count) for X binomial(total, share)."""
    p = float(bdtrc(count - 1, total, min(share, 1.0))) if count > 0 else 1.0
    return min(1.0, max(_LEAST, p * tries))


def in_place(name: str, count: int, total: int, share: float, tries: int) -> Concentration:
    """Concentration in the group's main place, of which the corpus holds ``share``."""
    return Concentration(name, count, total, share, upper_tail(count, total, share, tries))


def in_time(members: I64, base_hours: I64, base_records: I64, tries: int) -> Concentration:
    """Concentration in the fullest window, among windows that start at a member.

    ``members`` int64[n] sorted hours, n > 0; ``base_hours`` int64[b] sorted, with the
    ``base_records`` of the corpus in each. ``tries`` are the groups tested.
    """
    starts = np.unique(members)
    sums = np.concatenate([[0], np.cumsum(base_records)])
    best: Concentration | None = None
    for width in WINDOWS:
        counts = _inside(members, starts, width)
        low = np.searchsorted(base_hours, starts, side="left")
        high = np.searchsorted(base_hours, starts + width, side="left")
        shares = (sums[high] - sums[low]) / sums[-1]
        tails = bdtrc(counts - 1, len(members), np.minimum(shares, 1.0))
        at = int(np.argmin(tails))
        p = upper_tail(int(counts[at]), len(members), float(shares[at]), 1)
        p = min(1.0, p * len(starts) * len(WINDOWS) * tries)
        found = Concentration(
            "", int(counts[at]), len(members), float(shares[at]), p, int(starts[at]), width
        )
        if best is None or (found.p, found.width) < (best.p, best.width):
            best = found
    assert best is not None
    return best


def _inside(members: I64, starts: I64, width: int) -> I64:
    low = np.searchsorted(members, starts, side="left")
    high = np.searchsorted(members, starts + width, side="left")
    return (high - low).astype(np.int64)


def strongest(found: Sequence[Concentration]) -> Concentration | None:
    """The one of least p; the first of equals."""
    return min(found, key=lambda one: one.p, default=None)
