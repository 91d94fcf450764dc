"""Rows elsewhere that copy some rows: the same identity, the same words, or near-copies.

Near-copies are found by band keys (``DEFAULT_BANDS``: at a similarity of 0.8 a pair shares one
with probability .971) and told by compact signatures, whose estimate of the Jaccard similarity
of 5-word shingles has a standard error of at most 0.05. Nothing is read again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.compact import similarity
from lineage.store.bundle import SKETCH_NAMES, band_names
from lineage.store.matching import Match, least_estimate
from lineage.store.segments import spread

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

DOC = ("doc_hi", "doc_lo")
NORM = ("norm_hi", "norm_lo")
PRINTS = (*band_names(), *SKETCH_NAMES)
WAYS = (Match.EXACT, Match.NORMALISED, Match.NEAR)

MOST_ALIKE = 32
"""Originals with one band key that a row is compared with: the best of these counts."""
_ROWS = 4096
"""Rows compared at a time; bounds memory to some 300 MB where all keys are common."""


@dataclass(frozen=True)
class Originals:
    """What copies are looked for of: n distinct documents, m distinct in words.

    doc    frame of n: identities
    norm   frame of m: normalised identities
    bands  uint64[m, b], sketch uint64[m, w]
    """

    doc: pl.DataFrame
    norm: pl.DataFrame
    bands: U64
    sketch: U64

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Originals:
        """From rows with ``DOC``, ``NORM``, ``tokens`` and ``PRINTS`` (null where unknown)."""
        doc = rows.select(DOC).unique(maintain_order=True)
        words = rows.filter(pl.col("tokens") > 0)
        norm = words.select(NORM).unique(maintain_order=True)
        printed = words.drop_nulls(PRINTS[0]).unique(list(NORM), maintain_order=True)
        bands = _matrix(printed, band_names())
        return cls(doc, norm, bands, _matrix(printed, SKETCH_NAMES))

    def __len__(self) -> int:
        return len(self.doc)


@dataclass(frozen=True)
class Copies:
    """Rows that are copies: uint8 index of ``WAYS`` and similarity (estimated for near) each."""

    rows: I64
    way: npt.NDArray[np.uint8]
    similarity: Floats


def copies(originals: Originals, rows: pl.DataFrame, threshold: float, *, near: bool) -> Copies:
    """Find copies among rows; each is told by its strongest match.

    Documents without words have exact copies only. ``near`` needs ``PRINTS`` in ``rows``.
    """
    exact = _among(rows, originals.doc, DOC)
    alike = _among(rows, originals.norm, NORM) & (rows["tokens"] > 0).to_numpy() & ~exact
    found = [(np.flatnonzero(mask), way, 1.0) for way, mask in enumerate((exact, alike))]
    at = [mine for mine, _, _ in found]
    ways = [np.full(len(mine), way, np.uint8) for mine, way, _ in found]
    strengths = [np.full(len(mine), strength) for mine, _, strength in found]
    if near and len(originals.bands):
        left = np.flatnonzero(~exact & ~alike & (rows["tokens"] > 0).to_numpy())
        mine, strength = _near(originals, rows, left, least_estimate(threshold))
        at.append(mine)
        ways.append(np.full(len(mine), WAYS.index(Match.NEAR), np.uint8))
        strengths.append(strength)
    order = np.argsort(np.concatenate(at), kind="stable")
    return Copies(
        np.concatenate(at)[order], np.concatenate(ways)[order], np.concatenate(strengths)[order]
    )


def _near(originals: Originals, rows: pl.DataFrame, left: I64, least: float) -> tuple[I64, Floats]:
    """Rows among ``left`` whose best estimate is at least ``least``, and the estimates."""
    keys = [np.sort(originals.bands[:, band]) for band in range(originals.bands.shape[1])]
    orders = [np.argsort(originals.bands[:, b], kind="stable") for b in range(len(keys))]
    candidate = np.zeros(len(rows), np.bool_)
    for band, name in enumerate(band_names()):
        column = rows[name].to_numpy()
        first = np.minimum(np.searchsorted(keys[band], column), len(keys[band]) - 1)
        candidate |= keys[band][first] == column
    left = left[candidate[left]]
    best = np.zeros(len(left))
    for start in range(0, len(left), _ROWS):
        some = rows[left[start : start + _ROWS]]
        best[start : start + _ROWS] = _best(originals, keys, orders, some)
    enough = best >= least
    return left[enough], best[enough]


def _best(originals: Originals, keys: list[U64], orders: list[I64], rows: pl.DataFrame) -> Floats:
    """float64[n]: the best estimate of each row against originals that share a band with it."""
    bands, sketch = _matrix(rows, band_names()), _matrix(rows, SKETCH_NAMES)
    pairs = []
    for band, (key, order) in enumerate(zip(keys, orders, strict=True)):
        first = np.searchsorted(key, bands[:, band], "left")
        last = np.searchsorted(key, bands[:, band], "right")
        row, at = spread(first, np.minimum(last, first + MOST_ALIKE))
        pairs.append(row * len(originals.bands) + order[at])
    row, original = np.divmod(np.unique(np.concatenate(pairs)), len(originals.bands))
    best = np.zeros(len(rows))
    np.maximum.at(best, row, similarity(sketch[row], originals.sketch[original]))
    return best


def _among(rows: pl.DataFrame, wanted: pl.DataFrame, columns: tuple[str, ...]) -> np.ndarray:
    """bool[n]: rows whose columns are a row of ``wanted``."""
    there = wanted.with_columns(there=True)
    joined = rows.select(columns).join(there, on=columns, how="left", maintain_order="left")
    mask: np.ndarray = joined["there"].fill_null(value=False).to_numpy()
    return mask


def _matrix(rows: pl.DataFrame, names: list[str]) -> U64:
    return np.ascontiguousarray(rows.select(names).to_numpy(), dtype=np.uint64)
