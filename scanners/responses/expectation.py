"""What the rest of a prompt says: how often an effect is expected without the cause."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from scanners.responses.postings import I32
from scanners.responses.sample import Sample

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

PRIOR = 0.5
"""Added to each count, as Krichevsky and Trofimov (1981) do."""

RUNGS = 40
"""Groups of documents of like score in which the effect's rate is counted."""


class Expectation:
    """Naive Bayes over the words of prompts, learnt from documents without the cause.

    Two halves of those documents score each other, and the rate of the effect among documents
    of like score, made to rise with the score, is the expectation: so that it is calibrated,
    however much words depend on each other.
    """

    def __init__(self, sample: Sample) -> None:
        starts, items = sample.words.starts, sample.words.items
        shape = len(sample), sample.vocabulary
        self._words = sparse.csr_array((np.ones(len(items)), items, starts), shape=shape)
        self._turned = self._words.T.tocsr()
        # By identity, of which nobody can choose the lowest bit for many documents.
        self._half = (sample.docs[:, 1] & np.uint64(1)).astype(bool)

    def of(self, cause: I32, effect: I32) -> F64:
        """Chance of the effect for each of the documents of ``cause`` as if it were not there."""
        count = self._words.shape[0]
        free, hit = np.ones(count, bool), np.zeros(count, bool)
        free[cause], hit[effect] = False, True
        score = np.zeros(count)
        for half in (self._half, ~self._half):
            weights, base = self._learn(free & half, hit)
            other = ~half | ~free
            score[other] += np.where(free, 1.0, 0.5)[other] * (self._words @ weights + base)[other]
        return _calibrated(score[free], hit[free], score[cause])

    def _learn(self, rows: Mask, hit: Mask) -> tuple[F64, float]:
        with_effect, without = (rows & hit).astype(float), (rows & ~hit).astype(float)
        held, missed = self._turned @ with_effect, self._turned @ without
        held_all, missed_all = with_effect.sum(), without.sum()
        odds = np.log((held + PRIOR) / (held_all + 2 * PRIOR)) - np.log(
            (missed + PRIOR) / (missed_all + 2 * PRIOR)
        )
        # Words that no document of this half has tell nothing.
        odds[held + missed == 0] = 0.0
        return odds, float(np.log((held_all + PRIOR) / (missed_all + PRIOR)))


def _calibrated(score: F64, hit: Mask, asked: F64) -> F64:
    order = np.argsort(-score, kind="stable")
    # Groups grow downwards from the best score, where few documents have the effect.
    edges = np.unique(np.geomspace(10, max(len(score), 11), RUNGS).astype(np.int64))
    edges = np.concatenate(([0], edges[edges < len(score)], [len(score)]))
    sizes = np.diff(edges).astype(float)
    hits = np.add.reduceat(hit[order].astype(float), edges[:-1])
    rate = _falling((hits + PRIOR) / (sizes + 2 * PRIOR), sizes)
    bounds = score[order][edges[1:-1]]
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
