"""MinHash signatures, shingle sets and bands: which documents may be near-duplicates.

Signatures are those of datasketch 2.0's ``affine32`` scheme, bit for bit, over 32-bit hashes
of shingles. Everything here is public: equal for all stores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lineage.fingerprint import backend
from lineage.fingerprint.plain import shingle_hash, word_hash

if TYPE_CHECKING:
    import datasketch

    from lineage.fingerprint.tokens import Tokens

I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

RECALL = 0.97
"""Least probability that two documents exactly at the threshold share a band."""


@dataclass(frozen=True)
class Shingles:
    """Sets of shingle hashes of n documents: values of document i are
    ``values[offsets[i]:offsets[i + 1]]`` (uint32), sorted, each once; offsets int64[n + 1].
    """

    offsets: I64
    values: U32

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def of(self, document: int) -> U32:
        """The set of one document."""
        return self.values[self.offsets[document] : self.offsets[document + 1]]

    def shared(self, document: int, other: Shingles, its: int = 0) -> tuple[int, int]:
        """Sizes of intersection and union with a document of another batch."""
        mine, theirs = self.of(document), other.of(its)
        common = len(np.intersect1d(mine, theirs, assume_unique=True))
        return common, len(mine) + len(theirs) - common


def signatures(tokens: Tokens, *, width: int = 5, permutations: int = 128, seed: int = 1) -> U32:
    """uint32[n, permutations]: minima over each document's shingles; all ones without words.

    Shingles are windows of ``width`` consecutive words (tokens with a core); a document of
    fewer words has one shingle of all of them. ValueError if ``width`` is below 1.
    """
    _check(width)
    out = np.full((len(tokens), permutations), 0xFFFFFFFF, np.uint32)
    affine = permutations_of(permutations, seed)
    backend.kernels().sign(tokens.word, tokens.offsets, width, affine, out)
    return out


def _check(width: int) -> None:
    if width < 1:
        raise ValueError(f"a shingle has at least one word, not {width}")


@lru_cache(16)
def permutations_of(count: int, seed: int) -> U32:
    """uint32[2, count]: factors and summands, drawn as ``datasketch.MinHash`` draws them."""
    draw = np.random.RandomState(seed)
    factors = draw.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return np.array([factors, draw.randint(0, 1 << 32, count, dtype=np.uint32)])


def shingles(tokens: Tokens, *, width: int = 5) -> Shingles:
    """Set of 32-bit shingle hashes of each document: what signatures sketch."""
    _check(width)
    values = np.empty(len(tokens.word), np.uint32)
    ends = np.zeros(len(tokens) + 1, np.int64)
    count = backend.kernels().shingle(tokens.word, tokens.offsets, width, values, ends)
    document = np.repeat(np.arange(len(tokens), dtype=np.uint64), np.diff(ends))
    keyed = np.sort(document << np.uint64(32) | values[:count])
    keyed = keyed[np.diff(keyed, prepend=~keyed[:1]) != 0]
    bounds = np.arange(len(tokens) + 1, dtype=np.uint64) << np.uint64(32)
    return Shingles(np.searchsorted(keyed, bounds).astype(np.int64), keyed.astype(np.uint32))


def shingle_counts(tokens: Tokens, *, width: int = 5) -> I64:
    """int64[n]: shingles of each document, repetitions included."""
    cores = np.concatenate([[0], np.cumsum(tokens.word != 0, dtype=np.int64)])
    words = np.diff(cores[tokens.offsets])
    return np.where(words > 0, np.maximum(words - width + 1, 1), 0)


def jaccard(sets: Shingles, left: I64, right: I64) -> npt.NDArray[np.float64]:
    """float64[m]: true Jaccard similarity of documents ``left[i]`` and ``right[i]``.

    0 where both sets are empty: documents without words are nobody's near-duplicates.
    IndexError for documents that are not there.
    """
    sizes = np.diff(sets.offsets)
    left, right = (np.arange(len(sets))[side] for side in (left, right))
    common = np.zeros(len(left), np.int64)
    backend.kernels().intersect(sets.offsets, sets.values, left, right, common)
    union = sizes[left] + sizes[right] - common
    return common / np.maximum(union, 1)


@dataclass(frozen=True)
class Bands:
    """A cut of signatures into ``bands`` of ``rows`` minima."""

    bands: int
    rows: int

    def probability(self, similarity: float) -> float:
        """Chance that two documents of this Jaccard similarity share a band (the S-curve)."""
        return float(1 - (1 - similarity**self.rows) ** self.bands)

    def false_positives(self, threshold: float) -> float:
        """Mean chance below the threshold: the area under the S-curve there, over its width."""
        steps = np.linspace(0, threshold, 1001)
        return float(np.mean([self.probability(s) for s in (steps[1:] + steps[:-1]) / 2]))

    def curve(self) -> list[tuple[float, float]]:
        """The S-curve in steps of 0.05, as (similarity, probability)."""
        return [(i / 20, self.probability(i / 20)) for i in range(21)]


DEFAULT_BANDS = Bands(15, 7)
"""``choose_bands()``: recall .971 at 0.8, .9998 at 0.9; chance .11 at 0.5."""


def choose_bands(threshold: float = 0.8, permutations: int = 128, recall: float = RECALL) -> Bands:
    """Bands with the fewest false positives among those that find ``recall`` at the threshold.

    datasketch's own choice minimises the area of both errors instead, which leaves pairs at
    the threshold itself to chance. ValueError unless 0 < threshold <= 1.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, not {threshold}")
    choices = (
        Bands(bands, rows)
        for rows in range(1, permutations + 1)
        for bands in range(1, permutations // rows + 1)
    )
    enough = [c for c in choices if c.probability(threshold) >= recall]
    if not enough:
        raise ValueError(f"{permutations} permutations cannot find {recall} at {threshold}")
    return min(enough, key=lambda c: (c.false_positives(threshold), c.bands))


def band_keys(rows: U32, bands: Bands) -> U64:
    """uint64[n, bands]: equal where two signatures agree in a band; 0 throughout without words.

    ValueError if the signatures are shorter than the bands.
    """
    if bands.bands * bands.rows > rows.shape[1]:
        raise ValueError(f"{bands} needs more than {rows.shape[1]} permutations")
    out = np.empty((len(rows), bands.bands), np.uint64)
    backend.kernels().band(np.ascontiguousarray(rows), bands.rows, out)
    return out


def shingle_hash32(words: Sequence[str] | bytes) -> int:
    """Base hash of a shingle: ``hashfunc`` for datasketch.

    ``words`` are folded words (``plain.words``), as strings or as UTF-8 joined by spaces.
    """
    parts = words.split(b" ") if isinstance(words, bytes) else [word.encode() for word in words]
    return shingle_hash([word_hash(part) for part in parts])


def to_datasketch(row: U32, seed: int = 1) -> datasketch.MinHash:
    """Hand out a signature as ``datasketch.MinHash``, ready for updates with folded shingles."""
    import datasketch  # noqa: PLC0415

    options: dict[str, Any] = {"scheme": "affine32", "hashfunc": shingle_hash32}
    return datasketch.MinHash(num_perm=len(row), seed=seed, hashvalues=row, **options)
