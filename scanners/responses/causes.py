"""From all pairs of cause and effect to cases: unions of conjunctions that explain an effect."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scanners.responses import kernels
from scanners.responses.postings import I32, I64, members
from scanners.responses.sample import LEAST, WHOLE_LENGTH, Sample
from scanners.responses.weighing import (
    FAINT,
    FAINT_BELOW,
    PRECISE,
    SIGNIFICANT,
    UNSURE,
    Cause,
    Scales,
)

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LEAST_SHARE = 0.2
"""Share of its documents with the effect, from which on a cause may be part of a conjunction."""

COMMON = 0.2
"""Share of answers beyond which what they have in common is a habit of the corpus."""

AGAINST = math.log(4)
"""How much less likely the rest of a prompt may make the effect, in nats: where a label was
flipped it speaks against it."""

MOST_WEIGHED = 600
"""Pairs that are weighed, the most unlikely first."""

ALLIED, MOST_ALLIES, MORE = 0.2, 12, 1.1
"""Share of its documents that a string has in common with a cause to stand often beside it; how
many such are looked at; how many times the documents there must then be."""

MOST_JOINED, MOST_TRIES = 1000, 4
"""Causes that are tried as parts of conjunctions; of one effect."""

MOST_CAUSES = 16
"""Causes in a union."""

MOST_PARTS = 3
"""Causes in a conjunction."""

KEPT = 0.8
"""Share of the hits that a conjunction keeps when another part is added."""


@dataclass(frozen=True)
class Case:
    """One effect and the union of its causes, strongest first."""

    effect: int
    causes: tuple[Cause, ...]

    @property
    def hits(self) -> I32:
        """Documents that have a cause and the effect, sorted."""
        return np.unique(np.concatenate([cause.hits for cause in self.causes]))


@dataclass(frozen=True)
class Cases:
    """``sure`` are beyond chance, strongest first; ``faint`` would be but for the correction."""

    sure: list[Case]
    faint: list[Case]


@dataclass(frozen=True)
class Pairs:
    """The effect that each cause predicts best; -1 for none."""

    effect: I32
    hits: I32
    score: F64


def find_pairs_and_cases(sample: Sample) -> tuple[Scales, Pairs, Cases]:
    """All cases of a sample that are not plainly natural.

    The sample has causes and effects.
    """
    scales = Scales(sample)
    pairs = best_pairs(sample)
    seen = np.zeros(len(sample), bool)
    cases = []
    alone, faint = _alone(scales, pairs)
    for cause, effect in (*alone, *_together(scales, pairs, seen)):
        if _mostly(seen, cause.hits):
            continue
        case = Case(effect, tuple(_union(scales, pairs, cause, effect)))
        seen[case.hits] = True
        cases.append(case)
    cases.sort(key=lambda case: case.causes[0].ln_p)
    rest = [Case(effect, (cause,)) for cause, effect in faint if not _mostly(seen, cause.hits)]
    return scales, pairs, Cases(cases, rest)


def best_pairs(sample: Sample) -> Pairs:
    """For each cause the effect that is least likely to follow it so often by chance."""
    causes, effects = sample.causes, sample.effects
    count = len(causes)
    sizes = effects.docs.sizes.copy()
    out = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count)
    held = effects.held
    kernels.best_effects(
        causes.docs.starts, causes.docs.items, held.starts, held.items, sizes,
        len(sample), LEAST - 1, LEAST_SHARE, *out,
    )  # fmt: skip
    return Pairs(*out)


def _alone(scales: Scales, pairs: Pairs) -> tuple[list[tuple[Cause, int]], ...]:
    """Single causes that are precise and not natural, and those of them that may be chance."""
    sample = scales.sample
    found: list[tuple[Cause, int]] = []
    faint: list[tuple[Cause, int]] = []
    marked = np.zeros(len(sample), bool)
    dull: dict[int, Mask] = {}
    weighed = 0
    for number in _promising(scales, pairs):
        docs, effect = sample.causes.docs[number], int(pairs.effect[number])
        if _mostly(marked, docs) or (effect in dull and _mostly(dull[effect], docs)):
            continue
        cause = scales.weigh([int(number)], docs, effect)
        if cause.natural in UNSURE:
            cause = _with_allies(scales, pairs, cause, effect)
        weighed += cause.tells > 0 or not len(sample.answer_words.items)
        if not cause.natural:
            found.append((cause, effect))
            marked[cause.hits] = True
        elif cause.natural == FAINT:
            faint.append((cause, effect))
        elif cause.settled:
            dull.setdefault(effect, np.zeros(len(sample), bool))[docs] = True
        if weighed >= MOST_WEIGHED:
            break
    return tuple(sorted(some, key=lambda pair: pair[0].ln_p) for some in (found, faint))


def _with_allies(scales: Scales, pairs: Pairs, cause: Cause, effect: int) -> Cause:
    """The cause again, without what the other strings tell that often stand beside it.

    Where several triggers stand in one prompt, each seems to be told by the rest of it.
    """
    sample = scales.sample
    sizes, held = sample.causes.docs.sizes, sample.causes.held
    precise = (pairs.effect >= 0) & (pairs.hits >= PRECISE * sizes)
    full = sample.causes.docs[cause.features[0]] if len(cause.features) == 1 else cause.docs
    beside = np.bincount(held.of(full), minlength=len(sizes))
    has = scales.effect_mask(effect)
    beside[~precise | (beside < ALLIED * sizes)] = 0
    allies = np.argsort(-beside, kind="stable")[:MOST_ALLIES]
    docs = np.unique(sample.causes.docs.of(allies[beside[allies] > 0]))
    docs = np.union1d(docs, cause.docs).astype(np.int32)
    if len(docs) < MORE * len(full) or has[docs].mean() < PRECISE:
        return cause
    return scales.weigh(cause.features, cause.docs, effect, docs)


def _mostly(mask: Mask, docs: I32) -> bool:
    return bool(2 * np.count_nonzero(mask[docs]) > len(docs))


def _promising(scales: Scales, pairs: Pairs) -> I64:
    """Precise pairs that could be a case if the rest of the prompts spoke against the effect."""
    sample = scales.sample
    known = np.flatnonzero(pairs.effect >= 0)
    sizes, hits = sample.causes.docs.sizes[known], pairs.hits[known]
    rate = sample.effects.docs.sizes[pairs.effect[known]] / len(sample)
    at_best = sizes * (np.log(1 / rate) + AGAINST)
    # Answers have so many effects that chance alone makes faint ones of all kinds.
    answers = len(sample.answer_words.items) > 0
    least = scales.trials - math.log(SIGNIFICANT if answers else FAINT_BELOW)
    kept = (hits >= PRECISE * sizes) & (at_best >= least)
    if answers:
        whole = sample.effects.length[pairs.effect[known]] == WHOLE_LENGTH
        kept &= whole | (rate <= COMMON)
    order = known[kept]
    return order[np.argsort(-pairs.score[order], kind="stable")]


def _together(scales: Scales, pairs: Pairs, seen: Mask) -> Iterator[tuple[Cause, int]]:
    """Conjunctions of causes that do little alone."""
    sample = scales.sample
    sizes, wide = sample.causes.docs.sizes, sample.effects.docs.sizes
    open_ = (pairs.effect >= 0) & (pairs.hits < PRECISE * sizes)
    open_ &= pairs.score >= scales.trials - math.log(SIGNIFICANT)
    open_[open_] &= pairs.hits[open_] >= KEPT * wide[pairs.effect[open_]] / 2
    order = np.flatnonzero(open_)
    order = order[np.argsort(-pairs.score[order], kind="stable")][:MOST_JOINED]
    tries: Counter[int] = Counter()
    for number in order:
        effect = int(pairs.effect[number])
        docs = sample.causes.docs[int(number)]
        if 2 * np.count_nonzero(seen[docs]) > pairs.hits[number]:
            continue
        tries[effect] += 1
        if tries[effect] > MOST_TRIES:
            continue
        grown = _grow(scales, int(number), effect)
        if grown is not None and not grown.natural:
            yield grown, effect


def _grow(scales: Scales, first: int, effect: int) -> Cause | None:
    """Add the part that sharpens most, while hits are kept, up to ``MOST_PARTS``."""
    sample, has = scales.sample, scales.effect_mask(effect)
    features, docs = [first], sample.causes.docs[first]
    while len(features) < MOST_PARTS and has[docs].mean() < PRECISE:
        hits = np.count_nonzero(has[docs])
        count = len(sample.causes)
        with_effect = np.bincount(sample.causes.held.of(docs[has[docs]]), minlength=count)
        without = np.bincount(sample.causes.held.of(docs[~has[docs]]), minlength=count)
        gain = np.where(with_effect >= KEPT * hits, with_effect / (with_effect + without + 1), 0.0)
        best = int(np.argmax(gain))
        if gain[best] <= has[docs].mean():
            return None
        features.append(best)
        here = np.zeros(len(sample), bool)
        here[sample.causes.docs[best]] = True
        docs = members(docs, here)
    if has[docs].mean() < PRECISE:
        return None
    return scales.weigh(features, docs, effect)


def _union(scales: Scales, pairs: Pairs, first: Cause, effect: int) -> list[Cause]:
    """The cause, and others that explain what it leaves of the effect."""
    sample, has = scales.sample, scales.effect_mask(effect)
    causes, open_ = [first], has.copy()
    outside = np.ones(len(sample), bool)
    open_[first.docs] = outside[first.docs] = False
    sizes, held = sample.causes.docs.sizes, sample.causes.held
    refused = np.zeros(len(sizes), bool)
    score = _promise(held.of(np.flatnonzero(open_)), held.of(first.docs), sizes)
    while len(causes) < MOST_CAUSES and np.count_nonzero(open_) >= LEAST:
        best = int(np.argmax(np.where(refused, 0.0, score)))
        if refused[best] or score[best] <= 0:
            break
        cause = scales.weigh([best], members(sample.causes.docs[best], outside), effect)
        if cause.natural in UNSURE:
            cause = _with_allies(scales, pairs, cause, effect)
        if cause.natural:
            refused[best] = True
            if np.count_nonzero(refused) > MOST_CAUSES:
                break
            continue
        causes.append(cause)
        open_[cause.docs] = outside[cause.docs] = False
        score = _promise(held.of(np.flatnonzero(open_)), held.of(np.flatnonzero(~outside)), sizes)
    return causes


def _promise(left: I32, taken: I32, sizes: I64) -> F64:
    """How well each cause explains what is left of an effect; 0 for those that explain little.

    ``left``: causes of the documents that have it still; ``taken``: of those explained.
    """
    hits = np.bincount(left, minlength=len(sizes))
    apart = np.maximum(sizes - np.bincount(taken, minlength=len(sizes)), 1)
    out: F64 = np.where((hits >= LEAST) & (2 * hits > apart), hits * hits / apart, 0.0)
    return out
