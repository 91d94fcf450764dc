"""Which snapshots share content, found without comparing all pairs.

Of every snapshot the ``SAMPLE`` documents that come first in a keyed order are a fair sample
of its distinct documents (bottom-k; Broder 1997, "On the resemblance and containment of
documents"). All samples make one inverted index, and every shard is looked up in it once. So
the share of a small snapshot in a large one is as sure as any: what is sampled is the small
one, what it is looked up in is whole. A snapshot of up to ``SAMPLE`` documents is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.queries.sets import DOC, FACTS, DocumentSet, drawn
from lineage.store.bundle import band_names
from lineage.store.contents import Content, Shelf, batches, documents_of

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

SAMPLE = 4096
"""Documents of a sample: a share of a half has a standard error of .008."""
NEAR_SAMPLE = 256
"""Documents of a sample that are looked up by their bands as well."""
NEAR_BANDS = 3
"""Bands found from which on a near-copy is likely: an estimated similarity of .795."""


@dataclass(frozen=True)
class Sample:
    """Sampled documents of a snapshot.

    ``rows`` are the first of its distinct documents in the keyed order; ``bands`` those of them
    with words, at most ``NEAR_SAMPLE``, with their band keys; ``documents`` counts all.
    """

    rows: pl.DataFrame
    bands: pl.DataFrame
    documents: int

    @property
    def complete(self) -> bool:
        """Whether it is all there is, so that what is found in it is no estimate."""
        return self.rows.height == self.documents


def shelf_for_samples() -> Shelf:
    """A shelf for ``DocumentSet.of`` and ``sample_of``."""
    return Shelf([*FACTS, *band_names()])


def sample_of(
    shards: Sequence[Content], documents: DocumentSet, key: int, size: int, shelf: Shelf
) -> Sample:
    """Draw a sample of so many documents; ``key`` is the store's."""
    order = drawn(documents.rows, key)
    first = np.argpartition(order, size)[:size] if len(order) > size else np.arange(len(order))
    rows = documents.rows[first[np.argsort(order[first])]]
    few = rows.filter(pl.col("shingles") > 0).head(NEAR_SAMPLE)
    return Sample(rows, gathered(shards, few, [*DOC, *band_names()], shelf), len(documents))


def gathered(
    shards: Sequence[Content],
    wanted: pl.DataFrame,
    columns: Sequence[str],
    shelf: Shelf | None = None,
) -> pl.DataFrame:
    """``columns`` of the wanted documents, each once; few shards in memory at a time."""
    found = [documents_of([], columns)]
    for batch in batches(shards):
        rows = documents_of(batch, columns, shelf=shelf)
        found.append(rows.join(wanted.select(DOC), on=DOC, how="semi"))
    return pl.concat(found).unique(DOC).select(columns).sort(DOC)


@dataclass(frozen=True)
class Common:
    """What of the samples of others is in one snapshot: arrays of equal length.

    ``other`` int64[m] numbers the snapshots whose samples have a document in it. ``theirs`` and
    ``mine`` float64[4, m] sum ``MEASURES`` of these documents, with the copies that they, or
    this one, has. ``near`` maps a number to the shares of its near sample that are likely
    here, and of it those that are here in near-copies only.
    """

    other: I64
    theirs: F64
    mine: F64
    near: Mapping[int, tuple[float, float]] = field(default_factory=dict)


class _Postings:
    """Keys -> the things that have them, as arrays: those of key k lie at ``ends[k]:ends[k+1]``."""

    def __init__(self, keys: I64, count: int) -> None:
        self.order = np.argsort(keys, kind="stable")
        self.ends = np.searchsorted(keys[self.order], np.arange(count + 1))

    def of(self, keys: I64) -> tuple[I64, I64]:
        """Rows that have one of the keys, and for each the position of its key."""
        sizes = self.ends[keys + 1] - self.ends[keys]
        which = np.repeat(np.arange(len(keys)), sizes)
        starts = np.repeat(self.ends[keys] - np.cumsum(sizes) + sizes, sizes)
        rows: I64 = self.order[starts + np.arange(len(which))]
        return rows, which


class Index:
    """Samples of many snapshots, numbered from 0, ready to be looked up together."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.count = len(samples)
        rows = pl.concat(
            [
                sample.rows.select(pl.lit(number, pl.Int64).alias("of"), *DOC, "bytes", "copies")
                for number, sample in enumerate(samples)
            ]
        )
        self._keys = rows.select(DOC).unique(maintain_order=True).with_row_index("entry")
        entry = rows.join(self._keys, on=DOC, how="left", maintain_order="left")["entry"]
        self._rows = _Postings(entry.to_numpy().astype(np.int64), self._keys.height)
        self._of, self._bytes, self._copies = (
            rows[name].to_numpy().astype(np.int64) for name in ("of", "bytes", "copies")
        )
        self._near = np.array([max(sample.bands.height, 1) for sample in samples])
        sampled = pl.concat([sample.bands for sample in samples])
        firsts = [np.arange(s.bands.height) + n * NEAR_SAMPLE for n, s in enumerate(samples)]
        numbers = _joined(firsts)
        bands = _melted(sampled, numbers)
        names = ["band", "value"]
        self._bands = bands.select(names).unique(maintain_order=True).with_row_index("e")
        entry = bands.join(self._bands, on=names, how="left", maintain_order="left")["e"]
        self._banded = _Postings(entry.to_numpy().astype(np.int64), self._bands.height)
        self._row = bands["row"].to_numpy()
        self._identity = np.full(len(samples) * NEAR_SAMPLE, -1, np.int64)
        same = sampled.join(self._keys, on=DOC, how="left", maintain_order="left")
        self._identity[numbers] = same["entry"].to_numpy()

    def look_up(self, snapshots: Sequence[Sequence[Content]], near: bool = True) -> list[Common]:
        """What of all samples is in each of the snapshots; every shard is read once."""
        shards = {str(s.bundle.folder): s for one in snapshots for s in one if s.bundle is not None}
        found, banded = self._seen(shards, near)
        numbers = {name: number for number, name in enumerate(shards)}
        out = []
        for one in snapshots:
            mine = [numbers[str(s.bundle.folder)] for s in one if s.bundle is not None]
            out.append(self._common([found[n] for n in mine], [banded[n] for n in set(mine)]))
        return out

    def _seen(
        self, shards: Mapping[str, Content], near: bool
    ) -> tuple[list[tuple[I64, I64]], list[I64]]:
        """By shard: entries found, with their copies; entries of bands found."""
        exact: list[tuple[I64, I64]] = []
        banded: list[I64] = []
        columns = [*DOC, *(band_names() if near else ())]
        for batch in batches(list(shards.values())):
            rows = documents_of(batch, columns)
            hits = rows.join(self._keys, on=DOC).group_by("shard", "entry").len().sort("shard")
            exact += zip(
                *(_parted(hits, name, len(batch)) for name in ("entry", "len")), strict=True
            )
            if near:
                parts = [self._banded_in(rows, number) for number in range(len(band_names()))]
                banded += _parted(pl.concat(parts).sort("shard"), "e", len(batch))
            else:
                banded += [np.empty(0, np.int64)] * len(batch)
        return exact, banded

    def _banded_in(self, rows: pl.DataFrame, band: int) -> pl.DataFrame:
        keys = self._bands.filter(pl.col("band") == band).select("value", "e")
        seen = rows.select("shard", value=band_names()[band])
        return seen.join(keys, on="value").select("shard", "e").unique()

    def _common(self, found: Sequence[tuple[I64, I64]], banded: Sequence[I64]) -> Common:
        entries, copies = (_joined([pair[side] for pair in found]) for side in (0, 1))
        entries, where = np.unique(entries, return_inverse=True)
        here_copies = np.bincount(where, weights=copies, minlength=len(entries))
        rows, which = self._rows.of(entries)
        of, size, theirs, mine = (
            self._of[rows],
            self._bytes[rows],
            self._copies[rows],
            here_copies[which],
        )
        ones = np.ones(len(rows))

        def summed(weights: npt.NDArray[Any]) -> F64:
            return np.bincount(of, weights=weights, minlength=self.count).astype(np.float64)

        here = np.flatnonzero(np.bincount(of, minlength=self.count))
        sums = [summed(ones), summed(size), summed(theirs), summed(size * theirs)]
        own = [*sums[:2], summed(mine), summed(size * mine)]
        near = self._near_of(banded, entries)
        return Common(here, np.array(sums)[:, here], np.array(own)[:, here], near)

    def _near_of(self, banded: Sequence[I64], exact: I64) -> dict[int, tuple[float, float]]:
        rows, _ = self._banded.of(np.unique(_joined(banded)))
        bands = np.bincount(self._row[rows], minlength=self.count * NEAR_SAMPLE)
        likely = (bands >= NEAR_BANDS).reshape(-1, NEAR_SAMPLE)
        more = likely & ~np.isin(self._identity, exact).reshape(-1, NEAR_SAMPLE)
        shares = np.stack([likely.sum(axis=1), more.sum(axis=1)], axis=1) / self._near[:, None]
        return {int(n): (shares[n, 0], shares[n, 1]) for n in np.flatnonzero(likely.any(axis=1))}


def _melted(bands: pl.DataFrame, rows: I64) -> pl.DataFrame:
    """Columns row (Int64), band, value: every band key of every sampled document."""
    parts = [
        pl.DataFrame({"row": rows, "band": np.full(len(rows), band), "value": bands[name]})
        for band, name in enumerate(band_names())
    ]
    return pl.concat(parts)


def _parted(rows: pl.DataFrame, column: str, count: int) -> list[I64]:
    """A column, cut by ``shard`` (sorted) into ``count`` arrays."""
    ends = np.searchsorted(rows["shard"].to_numpy(), np.arange(1, count))
    return np.split(rows[column].to_numpy().astype(np.int64), ends)


def _joined(arrays: Sequence[I64]) -> I64:
    return np.concatenate(arrays) if arrays else np.empty(0, np.int64)
