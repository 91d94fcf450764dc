"""Rows elsewhere that copy some rows: the same identity, the same words, or near-copies.

Near-copies are found by band keys (``DEFAULT_BANDS``: at a similarity of 0.8 a pair shares one
with probability .971) and told by compact signatures, whose estimate of the Jaccard similarity
of 5-word shingles has a standard error of at most 0.05. Nothing is read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.queries.near import Neighbours
from lineage.queries.sets import DOC, NEAR, NORM, among
from lineage.store.matching import Match, least_estimate

I64 = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WAYS = (Match.EXACT, Match.NORMALISED, Match.NEAR)
MOST = 32
"""Originals with one band key that a row is compared with: the best of these counts."""


@dataclass(frozen=True)
class Originals:
    """What copies are looked for of: n distinct documents, m distinct in words.

    doc      frame of n: identities
    norm     frame of m: normalised identities
    printed  frame of those of the m that have prints: ``shingles`` and ``NEAR``
    """

    doc: pl.DataFrame
    norm: pl.DataFrame
    printed: pl.DataFrame

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Originals:
        """From rows with ``DOC``, ``NORM``, ``shingles`` and ``NEAR`` (null where unknown)."""
        words = rows.filter(pl.col("shingles") > 0)
        printed = words.drop_nulls(NEAR[0]).unique(NORM, maintain_order=True)
        return cls(
            rows.select(DOC).unique(maintain_order=True),
            words.select(NORM).unique(maintain_order=True),
            printed.select("shingles", *NEAR),
        )

    def __len__(self) -> int:
        return len(self.doc)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Ready to be looked up by band."""
        return Neighbours(self.printed, MOST)


@dataclass(frozen=True)
class Copies:
    """Rows that are copies: uint8 index of ``WAYS`` and similarity (estimated for near) each."""

    rows: I64
    way: npt.NDArray[np.uint8]
    similarity: Floats


def copies(originals: Originals, rows: pl.DataFrame, threshold: float, *, near: bool) -> Copies:
    """Find copies among rows; each is told by its strongest match.

    Documents without words have exact copies only. ``near`` needs ``NEAR`` in ``rows``.
    """
    exact = among(rows, originals.doc, DOC)
    alike = among(rows, originals.norm, NORM) & (rows["shingles"] > 0).to_numpy() & ~exact
    way = np.where(exact, 0, np.where(alike, 1, 2)).astype(np.uint8)
    similarity = np.where(exact | alike, 1.0, 0.0)
    if near and originals.printed.height:
        left = np.flatnonzero(way == WAYS.index(Match.NEAR))
        prints = rows.select("shingles", *NEAR)[left]
        similarity[left] = originals.neighbours.nearest(prints, least_estimate(threshold))
    found = np.flatnonzero(similarity > 0)
    return Copies(found, way[found], similarity[found])
