"""How usual it is, among the groups of this corpus, to sit together as closely as one does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.duplicates.origins import Kind

I64 = npt.NDArray[np.int64]
UNTOLD = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Peers:
    """For each of g groups, whether one place holds half of it, and how long half of it took.

    placed bool[g]; spans int64[g], hours of the shortest window with more than half of the
    members that tell a time, ``UNTOLD`` where none does.
    """

    placed: npt.NDArray[np.bool_]
    spans: I64

    @classmethod
    def of(cls, count: int, main: pl.DataFrame, origins: pl.DataFrame) -> Peers:
        """``main`` lists groups with a main place; ``origins`` is as in ``floods.Groups``."""
        placed = np.zeros(count, dtype=np.bool_)
        placed[main["group"].to_numpy()] = True
        told = origins.filter(pl.col("kind") == int(Kind.HOUR)).sort("group", "origin")
        weight = told["weight"].cast(pl.Int64).to_numpy()
        group = np.repeat(told["group"].cast(pl.Int64).to_numpy(), weight)
        hour = np.repeat(told["origin"].cast(pl.Int64).to_numpy(), weight)
        return cls(placed, _spans(count, group, hour))

    def share(self, one: int) -> float:
        """Share of groups that sit together at least as closely as this one, itself included.

        A rank among peers: a p-value for any distribution of natural groups.
        """
        alike = self.spans <= self.spans[one]
        if self.placed[one]:
            alike &= self.placed
        return float(np.count_nonzero(alike)) / len(alike)


def _spans(count: int, group: I64, hour: I64) -> I64:
    """Shortest window with more than half of each group; rows sorted by group, then hour."""
    result = np.full(count, UNTOLD, dtype=np.int64)
    sizes = np.bincount(group, minlength=count)
    last = np.arange(len(group)) + (sizes // 2)[group]
    inside = np.flatnonzero(last < np.cumsum(sizes)[group])
    np.minimum.at(result, group[inside], hour[last[inside]] - hour[inside])
    return result
