"""Whether documents sit together in the places that their names tell, or anywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

I64 = npt.NDArray[np.int64]

DEEPEST = 12
TELLS = 0.5
"""A level of names tells nothing when two documents share its name as often as this."""

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True)
class Places:
    """``levels``: for each level of names that tells, int64[n] the place of each document.

    Levels are the source, and the host and folders of the url or path, each deeper one.
    ``together`` are the shares of pairs of documents that share a place, by level.
    """

    levels: tuple[I64, ...]
    together: tuple[float, ...]

    @classmethod
    def of(cls, origins: pl.DataFrame) -> Places:
        """From rows of columns source, path and url, one a document."""
        names = [_folders(url or path) for url, path in origins.select("url", "path").iter_rows()]
        deep = max((len(one) for one in names), default=0)
        columns = [[one[min(level, len(one)) - 1] if one else "" for one in names]
                   for level in range(1, deep + 1)]  # fmt: skip
        columns.append([source or "" for source in origins["source"]])
        levels, together = [], []
        for column in columns:
            places = np.unique(np.array(column, dtype=object).astype(str), return_inverse=True)[1]
            share = _same(places) / max(_pairs(len(places)), 1)
            if share < TELLS:
                levels.append(places.astype(np.int64))
                together.append(share)
        return cls(tuple(levels), tuple(together))

    def independent(self, rows: I64) -> float:
        """How many of some documents count, where those that sit together more than they would
        by chance do not: their number times expected over observed pairs in one place."""
        least = float(len(rows))
        for places, share in zip(self.levels, self.together, strict=True):
            expected = share * _pairs(len(rows))
            least = min(least, len(rows) * (expected + 1) / (_same(places[rows]) + 1))
        return least


def _folders(name: str | None) -> list[str]:
    """``https://a.b/c/d.html`` -> ``a.b``, ``a.b/c``; the last part is the document's own."""
    parts = _SCHEME.sub("", name or "").split("?")[0].split("/")[:-1]
    return ["/".join(parts[:depth]) for depth in range(1, min(len(parts), DEEPEST) + 1)]


def _pairs(count: int) -> float:
    return count * (count - 1) / 2


def _same(places: Sequence[int] | I64) -> float:
    counts = np.unique(places, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1) / 2).sum())
