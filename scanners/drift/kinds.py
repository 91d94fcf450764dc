"""Kinds of change, one for each changed document."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from scanners.drift.links import Stream

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class Kind(IntEnum):
    """What happened to a document; the first that fits."""

    EMPTIED = 0
    """A tenth of its tokens is left, or less, and nothing else came."""
    REPLACED = 1
    """It shares no more words with its older text than with that of any other document."""
    REWRITTEN = 2
    """Less than half of its words are shared, but more than with any other document."""
    EDITED = 3
    """At least half of its words are shared."""


EMPTIED, EDITED = 0.1, 0.5
LEAST_TOKENS = 20
"""Fewer tokens on a side do not tell whether two texts are about the same."""

CHANCE = 0.95
"""Quantile of what documents share with others' older texts, up to which they are unrelated."""


@dataclass(frozen=True)
class Changes:
    """By changed document: ``kind`` int64[n], and ``alike`` float64[n], the weighted Jaccard
    similarity of the words of both texts, where a word weighs the more the rarer it is."""

    kind: I64
    alike: F64

    def count(self, kind: Kind) -> int:
        """Documents of one kind."""
        return int(np.count_nonzero(self.kind == kind))


def changes(older: Stream, newer: Stream) -> Changes:
    """Tell the kind of every change; documents in the same order on both sides."""
    n = len(older.offsets) - 1
    if n == 0:
        return Changes(np.zeros(0, np.int64), np.zeros(0))
    words, ids = np.unique(np.concatenate([older.tokens, newer.tokens]), return_inverse=True)
    sides = [
        _sets(ids[: len(older.tokens)], older.owner, len(words)),
        _sets(ids[len(older.tokens) :], newer.owner, len(words)),
    ]
    df = np.bincount(sides[0] % len(words), minlength=len(words))
    weight = np.log((n + 1) / (df + 0.5))
    weight = np.maximum(weight, 0)
    alike = _alike(sides[0], sides[1], weight, n)
    # The text of the next document in order of keys, which are hashes: a stranger.
    owner, word = np.divmod(sides[0], len(words))
    strangers = np.sort(((owner + 1) % n) * len(words) + word)
    chance = np.quantile(_alike(strangers, sides[1], weight, n), CHANCE) if n > 1 else 0.0
    sizes = [np.diff(side.offsets) - 2 for side in (older, newer)]
    told = np.minimum(*sizes) >= LEAST_TOKENS
    kind = np.full(n, int(Kind.REWRITTEN))
    kind[alike >= EDITED] = int(Kind.EDITED)
    kind[told & (alike <= chance)] = int(Kind.REPLACED)
    kind[(sizes[1] <= EMPTIED * sizes[0]) & (sizes[1] < LEAST_TOKENS)] = int(Kind.EMPTIED)
    return Changes(kind.astype(np.int64), alike)


def _sets(ids: I64, owner: I64, words: int) -> I64:
    return np.unique(owner * words + ids)


def _alike(first: I64, second: I64, weight: F64, n: int) -> F64:
    def total(keys: I64) -> F64:
        owner, word = np.divmod(keys, len(weight))
        sums: F64 = np.bincount(owner, weight[word], minlength=n).astype(np.float64)
        return sums

    both = total(np.intersect1d(first, second, assume_unique=True))
    return np.asarray(both / np.maximum(total(first) + total(second) - both, 1e-9))
