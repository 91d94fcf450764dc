"""How freely a string is spread: what a string put in by hand cannot hide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from scanners.responses.causes import Pairs
from scanners.responses.phrases import NONE, Phrase, behind_template, phrase_of
from scanners.responses.postings import I32, I64
from scanners.responses.sample import Sample

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

CONTROLS = 200
"""Strings that are the null."""

REACH = 1.5
"""Factor within which document frequencies are about the same."""

DRAWS = 4
"""Times that neighbours are drawn for each string."""


@dataclass(frozen=True)
class _Beside:
    """Tokens that follow (or precede) each token somewhere in the corpus."""

    token: I64
    other: I64

    @classmethod
    def of(cls, token: I64, other: I64) -> _Beside:
        order = np.argsort(token, kind="stable")
        return cls(token[order], other[order])

    def drawn(self, tokens: I64, draw: F64) -> I64:
        """One neighbour of each token, as likely as it is frequent."""
        first = np.searchsorted(self.token, tokens, "left")
        last = np.searchsorted(self.token, tokens, "right")
        at = first + (draw * (last - first)).astype(np.int64)
        out = np.full(len(tokens), NONE, np.int64)
        known = first < last
        out[known] = self.other[at[known]]
        return out


class Spread:
    """Compares the neighbours of a string with those that a string put in at random has.

    Such a string stands between two tokens that belong together: what follows it is what
    follows the token before it. So the different tokens on its right are as many as if each
    were drawn from those that follow its left neighbour, and the other way round. At a fixed
    place, its neighbours are as varied as what other prompts have at that place. The ratio
    of observed and expected (the less to the greater, for more variety than chance gives is
    no chance either), on the side where it is less, is a string's *freedom*. The null
    are the strings of like document frequency that predict an effect best, for what must be
    told apart from triggers are natural causes, of ``pairs``; ``taken`` bool[n] are documents
    of causes under suspicion, whose parts are no controls. Natural causes that are free are
    seldom precise as well, so the shares of the null that are as free and as precise are
    combined as if they were independent (Fisher 1925), which errs on the side of chance.
    """

    def __init__(self, sample: Sample, pairs: Pairs, taken: Mask) -> None:
        self._sample, self._score, self._taken = sample, pairs.score, taken
        sizes = sample.causes.docs.sizes
        self._precision: F64 = pairs.hits / sizes
        self._order = np.argsort(sizes, kind="stable")
        self._sizes = sizes[self._order]
        self._nulls: dict[int, F64] = {}
        left, right = _pairs(sample)
        self._after, self._before = _Beside.of(left, right), _Beside.of(right, left)

    def chance(self, freedom: float, precision: float, docs: I32) -> float:
        """Chance that a natural cause of like frequency is as free and as precise."""
        null = self._null(len(docs))
        reached = np.count_nonzero(null >= (freedom, precision), axis=0)
        shares = (1 + reached) / (1 + len(null))
        return float(stats.chi2.sf(-2 * np.log(shares).sum(), 4))

    def freedom(self, phrase: Phrase) -> float:
        """How near neighbours are to those expected, 0 to 1; 0 for what is a whole prompt."""
        sides = []
        if not phrase.ends:
            sides.append(self._side(phrase, phrase.left, phrase.right, 1))
        if not phrase.begins:
            sides.append(self._side(phrase, phrase.right, phrase.left, -1))
        return min(sides, default=0.0)

    def _side(self, phrase: Phrase, across: I64, seen: I64, step: int) -> float:
        draws = np.random.default_rng(len(seen)).random((DRAWS, len(seen)))
        fixed = phrase.begins if step > 0 else phrase.ends
        if fixed:
            there = behind_template(self._sample, phrase, step)
            drawn = [there[(draw * len(there)).astype(np.int64)] for draw in draws]
        else:
            pairs = self._after if step > 0 else self._before
            drawn = [pairs.drawn(across, draw) for draw in draws]
        ratio = len(np.unique(seen)) / float(np.mean([len(np.unique(one)) for one in drawn]))
        return min(ratio, 1 / ratio)

    def _null(self, size: int) -> F64:
        """float64[k, 2]: freedom and precision of controls."""
        step = int(np.log(size) / np.log(REACH) * 2)
        if step not in self._nulls:
            middle = REACH ** (step / 2)
            first, at, last = np.searchsorted(self._sizes, [middle / REACH, middle, middle * REACH])
            # Where few are alike, those that are nearest.
            first, last = max(min(first, at - CONTROLS), 0), max(last, at + CONTROLS)
            like = self._order[first:last]
            values = []
            docs = self._sample.causes.docs
            for number in like[np.lexsort((like, -self._score[like]))]:
                held = docs[int(number)]
                if 2 * np.count_nonzero(self._taken[held]) <= len(held):
                    free = self.freedom(phrase_of(self._sample, int(number), held))
                    values.append((free, self._precision[number]))
                if len(values) >= CONTROLS:
                    break
            self._nulls[step] = np.array(values).reshape(-1, 2)
        return self._nulls[step]


def _pairs(sample: Sample) -> tuple[I64, I64]:
    """All neighbouring tokens of prompts; NONE stands before the first and behind the last."""
    tokens = sample.prompts.folded
    count = len(tokens.offsets) - 1
    padded = np.insert(tokens.hashes.astype(np.int64), tokens.offsets[:-1], NONE)
    ends = tokens.offsets[1:] + np.arange(1, count + 1)
    padded = np.insert(padded, ends, NONE)
    starts = np.ones(len(padded), bool)
    starts[tokens.offsets[:-1] + 2 * np.arange(count)] = False
    at = np.flatnonzero(starts)
    return padded[at - 1], padded[at]
