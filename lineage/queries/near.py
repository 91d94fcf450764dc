"""Near-copies between two sets of documents, from band keys and compact signatures alone.

Two documents are compared where they share a MinHash band; their Jaccard similarity over
5-word shingles is estimated from the signature. Documents exactly at the threshold share a
band with probability .97, those at .9 with .9998; the estimate has a standard error of .04 at .8.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.compact import similarity
from lineage.store.bundle import SKETCH_NAMES, band_names

U64 = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

THRESHOLD = 0.8
MOST = 16
"""Documents of one band key that a document is compared with: templates share a band by the
thousand, and one near-copy is enough."""
_PAIRS = 1 << 20
"""Pairs of a document and one of a band key that are looked at together; bounds memory."""
PAIRS = {"left": pl.UInt32, "right": pl.UInt32, "similarity": pl.Float64}


class Neighbours:
    """Documents, ready to be looked up by band. ``rows`` has ``NEAR`` columns and ``shingles``;
    ``most`` of one band key are compared."""

    def __init__(self, rows: pl.DataFrame, most: int = MOST) -> None:
        self._step = _PAIRS // most
        self._signatures = _signatures(rows)
        numbered = _numbered(rows, "right")
        self._bands = [
            numbered.select("right", name).group_by(name, maintain_order=True).head(most)
            for name in band_names()
        ]

    def pairs(self, rows: pl.DataFrame, threshold: float = THRESHOLD) -> Iterator[pl.DataFrame]:
        """Pairs of ``PAIRS`` (row numbers of ``rows`` and of these) at or above the threshold."""
        for start in range(0, rows.height, self._step):
            part = rows.slice(start, self._step)
            numbered = _numbered(part, "left")
            found = [
                numbered.select("left", name).join(keyed, on=name).select("left", "right")
                for name, keyed in zip(band_names(), self._bands, strict=True)
            ]
            pairs = pl.concat(found).unique(maintain_order=False).sort("left", "right")
            left, right = (pairs[side].to_numpy() for side in ("left", "right"))
            alike = similarity(_signatures(part)[left], self._signatures[right])
            pairs = pairs.with_columns(left=pl.col("left") + start, similarity=pl.Series(alike))
            yield pairs.filter(pl.col("similarity") >= threshold).select(*PAIRS)

    def nearest(self, rows: pl.DataFrame, threshold: float = THRESHOLD) -> Floats:
        """float64[n]: similarity with the nearest of these; 0 below the threshold."""
        best = np.zeros(rows.height)
        for pairs in self.pairs(rows, threshold):
            np.maximum.at(best, pairs["left"].to_numpy(), pairs["similarity"].to_numpy())
        return best


def _numbered(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows with words, and their number; documents without words are nobody's near-copies."""
    kept = rows.select("shingles", *band_names()).with_row_index(name)
    return kept.filter(pl.col("shingles") > 0)


def _signatures(rows: pl.DataFrame) -> U64:
    return np.ascontiguousarray(rows.select(SKETCH_NAMES).to_numpy())
