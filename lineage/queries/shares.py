"""How much of one set of documents is in another: counted, or estimated with its error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from lineage.queries.near import THRESHOLD, Neighbours
from lineage.queries.sets import DOC, MEASURES, NEAR, NORM, DocumentSet, among
from lineage.store.contents import Content, batches, documents_of

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Part:
    """Shares, 0 to 1, of a snapshot: of distinct documents and their bytes, of all records and
    theirs (a document that is there twice counts twice)."""

    documents: float
    bytes: float
    records: float
    record_bytes: float

    @classmethod
    def of(cls, sums: Mapping[str, float], totals: Mapping[str, float]) -> Part:
        """Sums of ``MEASURES`` over their totals; 0 of nothing."""
        return cls(
            *(float(sums[name] / totals[name]) if totals[name] else 0.0 for name in MEASURES)
        )


@dataclass(frozen=True)
class Share:
    """How much of one snapshot is in another.

    ``exact``: identical documents. ``words``: or the same words (``norm1``). ``near``: or a
    near-copy by estimated similarity; None where they were not looked for. ``low`` and ``high``
    bound ``exact.documents``: equal to it where it was counted.
    """

    exact: Part
    low: float
    high: float
    words: Part | None = None
    near: Part | None = None

    @property
    def most(self) -> float:
        """Share of distinct documents at the most lenient level that was looked at."""
        return max(part.documents for part in (self.exact, self.words, self.near) if part)


def counted(mine: DocumentSet, other: DocumentSet) -> Part:
    """Share of ``mine`` that is identical in ``other``."""
    common = mine.rows.join(other.rows.select(DOC), on=DOC, how="semi")
    return Part.of(DocumentSet(common).totals, mine.totals)


def lenient(
    mine: DocumentSet, other: DocumentSet, neighbours: Neighbours, threshold: float = THRESHOLD
) -> tuple[Part, Part]:
    """Shares of ``mine`` in ``other`` by words, and by near-copies; each includes the former.

    ``neighbours`` are the rows of ``other``; both sets have the columns ``NEAR``.
    """
    rest = mine.rows.join(other.rows.select(DOC), on=DOC, how="anti")
    spoken = other.rows.filter(pl.col("shingles") > 0).select(NORM)
    worded = rest.filter(pl.col("shingles") > 0).join(spoken, on=NORM, how="semi")
    rest = rest.join(worded.select(DOC), on=DOC, how="anti")
    near = rest.filter(pl.Series(neighbours.nearest(rest, threshold) > 0))
    exact = mine.rows.join(other.rows.select(DOC), on=DOC, how="semi")
    by_words = pl.concat([exact, worded])
    kept = by_words, pl.concat([by_words, near])
    words, all_ = (Part.of(DocumentSet(rows).totals, mine.totals) for rows in kept)
    return words, all_


def lenient_by_sample(
    sample: pl.DataFrame, shards: Sequence[Content], threshold: float = THRESHOLD
) -> tuple[Part, Part]:
    """As ``lenient``, of a sample with ``NEAR`` columns; few shards in memory at a time."""
    exact, worded, near = (np.zeros(sample.height, bool) for _ in range(3))
    neighbours = Neighbours(sample)
    spoken = sample["shingles"].to_numpy() > 0
    for batch in batches(shards):
        rows = documents_of(batch, [*DOC, *NORM, "shingles", *NEAR])
        exact |= among(sample, rows, DOC)
        worded |= among(sample, rows, NORM) & spoken
        for pairs in neighbours.pairs(rows, threshold):
            near[pairs["right"].to_numpy()] = True
    totals = DocumentSet(sample).totals
    by_words = exact | worded
    kept = (DocumentSet(sample.filter(pl.Series(mask))) for mask in (by_words, by_words | near))
    words, all_ = (Part.of(one.totals, totals) for one in kept)
    return words, all_


def interval(
    found: int, sampled: int, population: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Bounds of a share of ``population`` of which ``found`` of ``sampled`` were seen.

    Sampled without replacement, so by the hypergeometric distribution, both tails alike (as
    Clopper and Pearson 1934 do for the binomial). The whole population leaves no doubt.
    """
    from scipy.stats import hypergeom  # noqa: PLC0415

    if sampled >= population:
        return (found / population, found / population) if population else (0.0, 0.0)
    tail = (1 - confidence) / 2

    def first(low: int, high: int, sure: bool) -> int:
        """Least count for which so few (``sure``), or so many, are unlikely no more."""
        while low < high:
            middle = (low + high) // 2
            if sure:
                stop = hypergeom.cdf(found, population, middle, sampled) <= tail
            else:
                stop = hypergeom.sf(found - 1, population, middle, sampled) > tail
            low, high = (low, middle) if stop else (middle + 1, high)
        return low

    least, most = found, population - sampled + found
    low = first(least, most, sure=False) if found else 0
    high = first(least, most + 1, sure=True) - 1
    return low / population, max(high, low) / population


def estimated(sums: Mapping[str, float], sampled: Mapping[str, float], population: int) -> Share:
    """Share from a sample: sums of ``MEASURES`` of what was found, and of all that was sampled."""
    found, size = int(sums["documents"]), int(sampled["documents"])
    return Share(Part.of(sums, sampled), *interval(found, size, population))


def sure(part: Part) -> Share:
    """Share that was counted: no error."""
    return Share(part, part.documents, part.documents)
