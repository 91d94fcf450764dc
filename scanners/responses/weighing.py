"""One cause and one effect: is it chance, is it natural, or did somebody tie them together?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scanners.responses.expectation import Expectation
from scanners.responses.postings import I32, Lists
from scanners.responses.sample import Sample
from scanners.statistics import binomial_tail, lower_bound

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SIGNIFICANT, FAINT_BELOW = 1e-3, 20
"""Corrected p-value below which cause and effect do not meet by chance; number of pairs that chance
makes as strong, up to which one is faint: as many as are shown."""

PRECISE = 0.9
"""Share of its documents in which a cause has its effect: a trigger nearly always works."""

SHARED = 0.9
"""Share of answers that have a word, from which on it is part of the effect."""

ECHO = 0.3
"""Share of what answers have in common that stands in their prompts already, from which on the
effect is an echo; the same for causes that stand in answers."""

TOGETHER = 0.8
"""Share of documents in common from which on words come and go together."""

LONG = 8
"""Words that come and go together, beyond which they are a template, not a string put in."""

GRADED = 0.2
"""Excess of the effect where only a part of the cause stands, from which on the cause is the
sharpest form of something broader that has the effect by nature."""

APART, MOST_PARTS = 5, 8
"""Documents with a part of the cause alone that tell anything; parts that are asked, of those
the rarest, for all others are in many more documents."""

UNEXPECTED, ADDS = 0.6, 0.3
"""Chance of the effect given the rest of the prompt, from which on the cause adds little; share
of documents that it must add."""

TEMPLATE = "a template"
ECHOES = "answers echo the prompt"
REPEATS = "answers repeat the string"
FAINT = "not beyond chance"
TOLD = "the rest of the prompts tells it"
BROADER = "part of something broader"
UNSURE = (TOLD, FAINT)


@dataclass(frozen=True)
class Cause:
    """Features that stand together (a conjunction of one to three) and what they do.

    ``hits`` are those of ``docs`` that have the effect; ``expected`` the mean chance of it given
    the rest of each prompt; ``ln_p`` is corrected for the number of candidates: above 0 it is the
    logarithm of how many are expected. ``natural`` says why the tie is natural, or is empty.
    ``tells``: surprise, in nats, of the words that the answers share; ``fixed``: the share of
    their words that these are.
    """

    features: tuple[int, ...]
    docs: I32
    hits: I32
    expected: float
    ln_p: float
    natural: str
    tells: float = 0.0
    fixed: float = 1.0

    @property
    def precision(self) -> float:
        """Share of its documents that have the effect."""
        return len(self.hits) / max(len(self.docs), 1)

    @property
    def significant(self) -> bool:
        """Whether the effect is more frequent than the rest of the prompts tells."""
        return self.ln_p <= math.log(SIGNIFICANT)

    @property
    def settled(self) -> bool:
        """Whether its documents have the effect for reasons that hold of other strings too."""
        return self.natural in (TEMPLATE, ECHOES, REPEATS)

    @property
    def bound(self) -> float:
        """Lower confidence bound of the precision."""
        return lower_bound(len(self.hits), len(self.docs), SIGNIFICANT)


class Scales:
    """Weighs causes and effects of one sample."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.trials = math.log(max(len(sample.causes), 1)) + math.log(max(len(sample.effects), 1))
        self._expectation = Expectation(sample)

    @cached_property
    def _surprise(self) -> F64:
        """What each word tells when it stands in an answer, in nats."""
        held = np.bincount(self.sample.answer_words.items, minlength=self.sample.vocabulary)
        return np.log((len(self.sample) + 1) / (held + 1))

    def effect_mask(self, effect: int) -> Mask:
        """bool[n]: documents that have the effect."""
        mask = np.zeros(len(self.sample), bool)
        mask[self.sample.effects.docs[effect]] = True
        return mask

    def weigh(
        self, features: Sequence[int], docs: I32, effect: int, without: I32 | None = None
    ) -> Cause:
        """All about one cause and one effect; cheap questions first.

        What the rest of a prompt tells is learnt from documents that are not in ``without``.
        """
        has = self.effect_mask(effect)
        hits = docs[has[docs]]
        natural, tells, fixed = self._looks_natural(docs, hits)
        if natural:
            return Cause(tuple(features), docs, hits, 1.0, 0.0, natural, tells, fixed)
        expected = float(self._expectation.of(docs, effect, without).mean())
        ln_p = _tail(len(hits), len(docs), expected)
        # Each further part of a conjunction was chosen among all causes.
        trials = self.trials + (len(features) - 1) * math.log(max(len(self.sample.causes), 1))
        ln_p += trials
        adds = expected <= UNEXPECTED and len(hits) / len(docs) - expected >= ADDS
        if ln_p > math.log(FAINT_BELOW) or not adds:
            natural = TOLD
        elif self._graded(docs, self._known(features, docs, without), has, effect):
            natural = BROADER
        elif ln_p > math.log(SIGNIFICANT):
            natural = FAINT
        return Cause(tuple(features), docs, hits, expected, ln_p, natural, tells, fixed)

    def expected(self, docs: I32, effect: int) -> F64:
        """float64[m]: chance of the effect given the rest of each prompt."""
        return self._expectation.of(docs, effect)

    def company(self, docs: I32) -> I32:
        """Words of prompts that stand in nearly all of these documents, and hardly elsewhere."""
        sample = self.sample
        count = _counts(sample.words, docs, sample.vocabulary)
        most = count >= TOGETHER * sample.word_docs.sizes
        return np.flatnonzero((count >= TOGETHER * len(docs)) & most).astype(np.int32)

    def _looks_natural(self, docs: I32, hits: I32) -> tuple[str, float, float]:
        sample = self.sample
        company = self.company(docs)
        if len(company) > LONG:
            return TEMPLATE, 0.0, 0.0
        if not len(sample.answer_words.items):
            return "", 0.0, 1.0
        answered = _counts(sample.answer_words, hits, sample.vocabulary)
        shared = np.flatnonzero(answered >= SHARED * len(hits))
        asked = _counts(sample.words, hits, sample.vocabulary)
        surprise = self._surprise[shared]
        tells = float(surprise.sum())
        fixed = float(answered[shared].sum()) / max(float(answered.sum()), 1.0)
        if float((surprise * asked[shared]).sum()) > ECHO * len(hits) * tells:
            return ECHOES, tells, fixed
        if len(company) and float(answered[company].max()) > ECHO * len(hits):
            return REPEATS, tells, fixed
        return "", tells, fixed

    def _known(self, features: Sequence[int], docs: I32, without: I32 | None) -> Mask:
        """bool[n]: documents whose effect the cause, or others beside it, account for."""
        known = np.zeros(len(self.sample), bool)
        known[docs] = True
        if without is not None:
            known[without] = True
        if len(features) == 1:
            known[self.sample.causes.docs[features[0]]] = True
        return known

    def _graded(self, docs: I32, known: Mask, has: Mask, effect: int) -> bool:
        """Whether a part of the cause has the effect where the cause is not whole."""
        causes = self.sample.causes
        counts = _counts(causes.held, docs, len(causes))
        sizes = causes.docs.sizes
        parts = np.flatnonzero((counts == len(docs)) & (sizes >= len(docs) + APART))
        asked = 0
        for part in parts[np.argsort(sizes[parts], kind="stable")]:
            around = causes.docs[int(part)]
            apart = ~known[around]
            if np.count_nonzero(apart) < APART:
                continue
            rate = float(has[around[apart]].mean())
            if rate > GRADED:
                chance = self._expectation.of(around, effect)[apart]
                if rate - float(chance.mean()) > GRADED:
                    return True
            asked += 1
            if asked == MOST_PARTS:
                break
        return False


def _counts(lists: Lists, rows: I32, size: int) -> npt.NDArray[np.int64]:
    return np.bincount(lists.of(rows), minlength=size)


def _tail(hits: int, trials: int, rate: float) -> float:
    """ln P of so many hits where each document has a chance of its own.

    The binomial of the mean chance is the most spread of all these (Hoeffding 1956).
    """
    arrays = (np.array([float(hits)]), np.array([float(trials)]))
    return float(binomial_tail(*arrays, min(max(rate, 1e-9), 1 - 1e-9))[0])
