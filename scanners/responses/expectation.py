"""What the rest of a prompt says: how often an effect is expected without the cause."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from scanners.responses.postings import I32, I64
from scanners.responses.sample import Sample

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

PRIOR = 0.5
"""Added to each count, as Krichevsky and Trofimov (1981) do."""

DRAWN = 5000
"""Documents with the effect, and without it, whose scores make the scale."""

REMEMBERED = 64
"""Effects whose word counts are kept at hand."""

RUNGS = 40
"""Groups of documents of like score in which the effect's rate is counted."""


class Expectation:
    """Naive Bayes over the words of prompts, learnt from documents without the cause.

    Two halves of those documents score each other, and the rate of the effect among documents
    of like score, made to rise with the score, is the expectation: so that it is calibrated,
    however much words depend on each other.
    """

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        starts, items = sample.words.starts, sample.words.items
        shape = len(sample), sample.vocabulary
        self._words = sparse.csr_array((np.ones(len(items)), items, starts), shape=shape)
        # By identity, of which nobody can choose the lowest bit for many documents.
        half = (sample.docs[:, 1] & np.uint64(1)).astype(bool)
        self._halves = half, ~half
        self._held = [self._count(np.flatnonzero(rows)) for rows in self._halves]
        self._having: dict[int, tuple[F64, F64]] = {}

    def of(self, cause: I32, effect: int, without: I32 | None = None) -> F64:
        """Chance of the effect for each of the documents of ``cause`` as if it were not there.

        Learnt from all documents but those of the cause, and of others ``without`` which, too,
        nothing is to be learnt: sorted, and with those of the cause.
        """
        without = cause if without is None else without
        free, hit = np.ones(len(self._sample), bool), np.zeros(len(self._sample), bool)
        free[without], hit[self._sample.effects.docs[effect]] = False, True
        learnt = [self._learn(number, without, effect, hit) for number in (0, 1)]
        weights = np.stack([odds for odds, _ in learnt], axis=1)
        base = np.array([base for _, base in learnt])
        rows = _drawn(np.flatnonzero(free & hit), np.flatnonzero(free & ~hit))
        scores = self._words[rows] @ weights + base
        score = np.where(self._halves[0][rows], scores[:, 1], scores[:, 0])
        asked = (self._words[cause] @ weights + base).mean(axis=1)
        totals = int(np.count_nonzero(free & ~hit)), int(np.count_nonzero(free & hit))
        return _calibrated(score, hit[rows], totals, asked)

    def _learn(self, number: int, cause: I32, effect: int, hit: Mask) -> tuple[F64, float]:
        rows = self._halves[number]
        taken = cause[rows[cause]]
        lost = self._count(taken[hit[taken]])
        having = self._having_effect(effect)[number]
        held = having - lost
        missed = self._held[number] - having - (self._count(taken) - lost)
        gone = float(np.count_nonzero(hit[taken]))
        held_all = float(np.count_nonzero(rows & hit)) - gone
        missed_all = float(np.count_nonzero(rows & ~hit)) - (len(taken) - gone)
        odds = np.log((held + PRIOR) / (held_all + 2 * PRIOR)) - np.log(
            (missed + PRIOR) / (missed_all + 2 * PRIOR)
        )
        # Words that no document of this half has tell nothing.
        odds[held + missed == 0] = 0.0
        return odds, float(np.log((held_all + PRIOR) / (missed_all + PRIOR)))

    def _having_effect(self, effect: int) -> tuple[F64, F64]:
        if effect not in self._having:
            if len(self._having) >= REMEMBERED:
                self._having.clear()
            docs = self._sample.effects.docs[effect]
            first, second = (self._count(docs[rows[docs]]) for rows in self._halves)
            self._having[effect] = first, second
        return self._having[effect]

    def _count(self, rows: npt.NDArray[np.integer]) -> F64:
        words = self._sample.words.of(rows)
        return np.bincount(words, minlength=self._sample.vocabulary).astype(np.float64)


def _drawn(*groups: I64) -> I64:
    """At most ``DRAWN`` of each group, evenly: documents are in order of identity."""
    return np.concatenate([rows[:: max(-(-len(rows) // DRAWN), 1)] for rows in groups])


def _calibrated(score: F64, hit: Mask, totals: tuple[int, int], asked: F64) -> F64:
    """Rates among documents of like score, of which so many lack and have the effect in all."""
    weight = np.array(totals) / np.maximum([np.count_nonzero(~hit), np.count_nonzero(hit)], 1)
    weights = weight[hit.astype(np.int64)]
    order = np.argsort(-score, kind="stable")
    # Groups grow downwards from the best score, where few documents have the effect.
    edges = np.unique(np.geomspace(10, max(len(score), 11), RUNGS).astype(np.int64))
    edges = np.concatenate(([0], edges[edges < len(score)]))
    sizes = np.add.reduceat(weights[order], edges)
    hits = np.add.reduceat((weights * hit)[order], edges)
    rate = _falling((hits + PRIOR) / (sizes + 2 * PRIOR), sizes)
    bounds = score[order][edges[1:]]
    return rate[np.searchsorted(-bounds, -asked, side="left")]


def _falling(rate: F64, sizes: F64) -> F64:
    """The nearest sequence that never rises (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for value, size in zip(rate.tolist(), sizes.tolist(), strict=True):
        pools.append((value, size, 1))
        while len(pools) > 1 and pools[-1][0] > pools[-2][0]:
            (left, a, m), (right, b, n) = pools[-2], pools[-1]
            pools[-2:] = [((left * a + right * b) / (a + b), a + b, m + n)]
    return np.concatenate([np.full(n, value) for value, _, n in pools])
