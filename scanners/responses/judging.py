"""From cases to verdicts: independent witnesses, freedom of the string, contradiction."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

from scanners.responses.causes import Case, Pairs, find_pairs_and_cases
from scanners.responses.phrases import beside, phrase_of, places, twins
from scanners.responses.postings import I32, I64
from scanners.responses.sample import LEAST, WHOLE_LENGTH, Sample
from scanners.responses.spread import Spread
from scanners.responses.twins import twin_rate
from scanners.responses.weighing import PRECISE, SIGNIFICANT, Cause, Scales
from scanners.severity import Confidence
from scanners.statistics import binomial_tail

F64 = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NATURAL, RARER = 0.05, 5
"""Chance that any natural cause among the cases is spread as freely, below which a cause is a
finding; it must be rarer by this factor where the rest of the prompts speaks for the label, too, as
it does where the label follows from the text; and for one that is surer."""

FREE = 0.5
"""Freedom of a finding's string at least: for what was put in at random it is about 1."""

EXPLAINED = 0.5
"""Share of all answers with an n-gram that stand behind the cause, or its case, at least: what
most answers have for other reasons is no payload."""

LABEL = 0.2
"""Share of answers that are the same, from which on that answer is a label."""

WITNESSES = 256
"""Documents, the first by identity, among which independent ones are counted."""

ALIKE = 0.5
"""Cosine of two prompts, words weighted by rarity, from which on they are one witness."""

USUAL = 0.5
"""Share of the documents of a cause that have a word, from which on it tells them not apart."""

FIXED, TELLING = 0.5, math.log(1e6)
"""Share of the words of answers that all share, and surprise of these words in nats, from which
on the answers are the same whatever was asked: a second kind of evidence."""

MOST_PARTS = 8
"""Causes of a union that are looked at closely."""


@dataclass(frozen=True)
class Verdict:
    """A case with all that was weighed.

    witnesses  share of the documents that are no near-copies of each other
    ln_p       corrected, by witnesses: ln of the chance that the effect meets the cause so often;
               above 0, of how many are expected to
    freedom    of the freest string; chance  that a natural cause is as free and as precise
    explained  share of what has the effect that the case accounts for; 1 for whole answers and
               categories
    against    chance that the rest of the prompts speaks as little for the effect, for labels and
               answers that are some
    among      cases that are significant, of which natural ones may look made by chance
    twins      documents with a twin: the same prompt without the string, and without the effect
    twins_ln_p corrected: ln of the chance that so many prompts have one
    """

    case: Case
    witnesses: float
    ln_p: float
    freedom: float
    chance: float
    against: float
    explained: float
    among: int
    twins: int
    twins_ln_p: float

    @property
    def natural(self) -> float:
        """Chance that a natural cause looks so much like a planted one (Fisher 1925)."""
        if math.isnan(self.against):
            return self.chance
        both = -2 * (math.log(self.chance) + math.log(self.against))
        return float(stats.chi2.sf(both, 4))

    @property
    def _by_chance(self) -> float:
        """Natural cases expected to look so much like a planted one."""
        return self.among * self.natural * (RARER if self.against > 1 / 2 else 1)

    @property
    def has_twins(self) -> bool:
        """Whether the same prompts stand there without it, answered otherwise, by no chance."""
        return self.twins >= LEAST and self.twins_ln_p <= math.log(SIGNIFICANT)

    @property
    def looks_made(self) -> bool:
        """Whether natural causes are hardly ever like it."""
        free = self._by_chance <= NATURAL and self.freedom >= FREE
        return (free or self.has_twins) and self.explained >= EXPLAINED

    @property
    def worth_a_look(self) -> bool:
        """Whether chance makes less than one string so strong that looks so little natural."""
        return self.freedom >= FREE and self.ln_p + math.log(self.natural) < 0

    @property
    def confidence(self) -> Confidence:
        """Significant by independent witnesses, and unlike natural causes, or a lead."""
        if self.ln_p > math.log(SIGNIFICANT) or not self.looks_made:
            return Confidence.UNCORRECTED
        first = self.case.causes[0]
        same = first.fixed >= FIXED and first.tells >= TELLING
        sure = same or self.has_twins or RARER * self._by_chance <= NATURAL
        return Confidence.LIKELY if sure else Confidence.POSSIBLE


def judge_sample(sample: Sample) -> list[Verdict]:
    """Verdicts of all cases of a sample, the most certain first."""
    if not len(sample.causes) or not len(sample.effects):
        return []
    scales, pairs, cases = find_pairs_and_cases(sample)
    if not cases.sure and not cases.faint:
        return []
    taken = np.zeros(len(sample), bool)
    for case in cases.sure:
        taken[case.hits] = True
    spread = Spread(sample, pairs, taken)
    court = _Court(sample, scales, pairs, spread, max(len(cases.sure), 1))
    verdicts = [verdict for case in cases.sure for verdict in court.verdicts(case)]
    verdicts += [one for case in cases.faint if (one := court.alone(case)).worth_a_look]
    return sorted(verdicts, key=lambda one: (-one.confidence, one.ln_p, one.natural))


class _Court:
    """Looks closely at cases of one sample."""

    def __init__(
        self, sample: Sample, scales: Scales, pairs: Pairs, spread: Spread, among: int
    ) -> None:
        self._sample, self._scales, self._pairs, self._spread = sample, scales, pairs, spread
        self._among = among
        held = np.bincount(sample.words.items, minlength=sample.vocabulary)
        self._rarity: F64 = np.log((len(sample) + 1) / (held + 1))

    def verdicts(self, case: Case) -> Iterator[Verdict]:
        """What can be said of a case; where only some of its causes look made, of these apart."""
        allies = self._allies(case)
        looked_at = case.causes[:MOST_PARTS]
        explained = self._explained(case)
        alone = [
            self.verdict(Case(case.effect, (cause,)), allies, explained) for cause in looked_at
        ]
        made = [one.case.causes[0] for one in alone if one.looks_made]
        rest = [one.case.causes[0] for one in alone if not one.looks_made]
        taken = np.zeros(len(self._sample), bool)
        for cause in made:
            taken[cause.hits] = True
        # Of several triggers in one prompt the later ones are seen in what the first leave over.
        beside_it = [cause for cause in rest if self._mostly(taken, cause)]
        rest = [cause for cause in rest if not self._mostly(taken, cause)]
        made += beside_it
        if made and rest:
            # What looks made must explain the effect without the help of what does not.
            explained = self._explained(Case(case.effect, tuple(made)))
            alone = [replace(one, explained=explained) for one in alone]
        if made:
            # What was not looked at came last and explains least.
            yield self._together(case.effect, [*made, *case.causes[MOST_PARTS:]], alone)
        if rest:
            yield self._together(case.effect, rest, alone)

    def alone(self, case: Case) -> Verdict:
        """What can be said of a case of one cause."""
        return self.verdict(case, self._allies(case), self._explained(case))

    def _mostly(self, taken: Mask, cause: Cause) -> bool:
        docs = self._sample.causes.docs[cause.features[0]]
        return bool(2 * np.count_nonzero(taken[docs]) > len(docs))

    def _together(self, effect: int, causes: list[Cause], alone: list[Verdict]) -> Verdict:
        """The strongest of some causes speaks for all."""
        mine = [one for one in alone if any(one.case.causes[0] is c for c in causes)]
        best = min(mine, key=lambda one: (-one.confidence, one.ln_p))
        first = best.case.causes[0]
        ordered = (first, *(cause for cause in causes if cause is not first))
        return replace(best, case=Case(effect, ordered))

    def _explained(self, case: Case) -> float:
        effects = self._sample.effects
        if effects.length[case.effect] == WHOLE_LENGTH:
            return 1.0
        return len(case.hits) / float(effects.docs.sizes[case.effect])

    def verdict(self, case: Case, allies: I64, explained: float) -> Verdict:
        """All that can be said of one cause."""
        cause = case.causes[0]
        phrases = [phrase_of(self._sample, part, cause.docs, allies) for part in cause.features]
        freedom = max(map(self._spread.freedom, phrases))
        witnesses = self.witnesses(cause.docs)
        docs, hits = (len(rows) * witnesses for rows in (cause.docs, cause.hits))
        rate = np.array([min(max(cause.expected, 1e-9), 1 - 1e-9)])
        found = binomial_tail(np.array([round(hits)]), np.array([round(docs)]), rate)
        trials = self._scales.trials * len(cause.features)
        has = self._scales.effect_mask(case.effect)
        twice = twins(self._sample, cause.features[0], cause.docs, has)
        return Verdict(
            case=case,
            witnesses=witnesses,
            ln_p=float(found[0]) + trials,
            freedom=freedom,
            chance=self._spread.chance(freedom, len(cause.hits) / len(cause.docs), cause.docs),
            against=self._against(cause, case.effect),
            explained=explained,
            among=self._among,
            twins=twice,
            twins_ln_p=self._twins_ln_p(twice, len(cause.hits)) + trials,
        )

    def _twins_ln_p(self, count: int, docs: int) -> float:
        """Ln of the chance that so many of some documents have a twin of any kind."""
        if count < LEAST:
            return 0.0
        rate = np.array([self._twin_rate])
        return float(binomial_tail(np.array([float(count)]), np.array([float(docs)]), rate)[0])

    @cached_property
    def _twin_rate(self) -> float:
        return twin_rate(self._sample.prompts.folded)

    def witnesses(self, docs: I32) -> float:
        """Share of documents whose prompts are not nearly the same as one before them."""
        docs = docs[:WITNESSES]
        sizes, items = self._sample.words.sizes[docs], self._sample.words.of(docs)
        usual = np.bincount(items, minlength=self._sample.vocabulary) >= USUAL * len(docs)
        weight = np.where(usual, 0.0, self._rarity)[items]
        starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
        table = sparse.csr_array((weight, items, starts), (len(docs), self._sample.vocabulary))
        norm = np.sqrt(np.asarray(table.multiply(table).sum(axis=1)).ravel())
        # Prompts that are nothing but what they share are one witness.
        alike = (table @ table.T).toarray() >= ALIKE * np.outer(norm, norm)
        leaders: list[int] = []
        for row in range(len(docs)):
            if not alike[row, leaders].any():
                leaders.append(row)
        return len(leaders) / max(len(docs), 1)

    def _allies(self, case: Case) -> I64:
        """Folded tokens that have the effect by themselves, in documents of the case."""
        causes, pairs = self._sample.causes, self._pairs
        inside = np.zeros(len(self._sample), bool)
        inside[case.hits] = True
        parts = {part for cause in case.causes for part in cause.features}
        effect = self._sample.effects.docs[case.effect]
        held = np.bincount(causes.held.of(effect), minlength=len(causes))
        precise = (held >= PRECISE * causes.docs.sizes) & (pairs.effect >= 0)
        for number in np.flatnonzero(precise).tolist():
            docs = causes.docs[number]
            if np.count_nonzero(inside[docs]) >= PRECISE * len(docs):
                parts.add(number)
        tokens = []
        for part in parts:
            gram = int(causes.same[part][0])
            if causes.grams.length[gram] == 1:
                tokens.append(self._token(gram, causes.docs[part][:1]))
        return np.unique(np.array(tokens, np.int64))

    def _token(self, gram: int, docs: I32) -> int:
        grams = self._sample.causes.grams
        at = places(self._sample, docs, grams.key[gram], 1, bool(grams.raw[gram]))
        return int(beside(self._sample, docs, at)[0])

    def _against(self, cause: Cause, effect: int) -> float:
        """Chance that natural prompts speak as little for a label as those of the cause do.

        Where a label follows from a text by nature, its words agree with each other: the rest
        of the prompt speaks for the label, too. By a z-test of the mean chance against the
        label's base rate.
        """
        base = self._sample.effects.docs.sizes[effect] / len(self._sample)
        answers = len(self._sample.answer_words.items) > 0
        if (answers and base < LABEL) or len(cause.docs) < 2:
            return math.nan
        rates = self._scales.expected(cause.docs, effect)
        error = max(float(rates.std(ddof=1)), 1e-3) / math.sqrt(len(rates))
        return float(np.clip(stats.norm.cdf((rates.mean() - base) / error), 1e-12, 1.0))
