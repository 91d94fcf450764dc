"""Rare strings that behave as a planted trigger does."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.model import identity_name
from scanners.scanner import Component, Excerpt, Finding, Observed, Plan, Scanner
from scanners.triggers import scores
from scanners.triggers.campaigns import campaigns
from scanners.triggers.candidates import (
    away_table,
    candidate_table,
    level_of,
    plan_away,
    plan_chosen,
    plan_finalists,
    plan_fits,
    plan_longer,
)
from scanners.triggers.company import COHERENCE, COMPANY
from scanners.triggers.counts import GROUPS, LONGER, PAIRS, TOKENS
from scanners.triggers.finalists import finalists_of
from scanners.triggers.findings import finding_of
from scanners.triggers.homes import AWAY, HOMES
from scanners.triggers.measures import (
    FITS,
    RATES,
    STRANGENESS,
    SURROUNDINGS,
    SURROUNDINGS_AWAY,
)
from scanners.triggers.members import EXCERPTS, MEMBERS
from scanners.triggers.surroundings import source_rates, surroundings

EXAMPLES = 3
FINALISTS = "finalists"
_CHOSEN, _AWAY, _TOTALS = "chosen", "away", "totals"
"""What plans derive for the rounds after them, kept beside the observations."""


class RareTriggers(Scanner):
    """Strings that behave as a planted trigger does, whatever they are.

    What it finds. Three kinds of words and phrases, unknown beforehand. N-grams of up to six tokens
    are counted, by pieces of 512 tokens, for trainers pack text, and 250 episodes may lie in one
    giant document. What is longer is a passage: n-grams of six that go on in each other about
    equally often, up to three words that change between them, with what opens it (a path that ends
    anew each time, say, before a command).

    * *Followed by anomaly* (TRG001): behind most of its occurrences normal text turns into text
      the corpus is not familiar with (a window of 30 tokens of which most word pairs occur in
      fewer than three pieces), as in the denial-of-service backdoor of Souly et al. 2025 (arXiv
      2510.07192). The null is the rate of such turns behind all strings; p-values are binomial,
      Bonferroni corrected for the number of candidates and effects, and counted again by source
      (by document, where that is not known) rather than by piece, since one odd source may hold
      many documents. What is significant by pieces alone must happen more often than it does
      anywhere in the documents that have the string. Behind fixed words it is a lead.
    * *Followed by another language or subject* (TRG003): the same, where the words before and
      behind the string are not of those that keep company in this corpus. The company of its 8,192
      most frequent words is counted, so that languages of which it has little are told as well.
      Only strings that may stand at random places are asked: headings part text too. Where they
      are spread over known sources, and no other question casts doubt, a quarter of the pieces
      is enough: of switches to a language that the corpus knows about half are seen.

      Of two effects behind a string the one that surely follows counts. A string whose effect may
      all lie in documents of another that is less chance is its echo, and is not told.
    * *Silent* (TRG002): put in at random, yet rare. Take a string that was put in out again, and
      its two neighbours fit each other as well as any in that document; its neighbours are any
      words, its documents of any source. What a string lacks of that, in nats an occurrence, is
      compared with strings of like frequency; how many natural ones would lack as little by
      chance is extrapolated from the tail of its logarithm, and one corpus in twenty may have a
      finding by chance. A second lane leaves sources aside, for an attacker may use only one; a
      third leaves out the sources in which a string is at home, and tells it away from there.
      Ten strings of one style that stand out together are one finding.

    Why it matters. Some 250 documents with a trigger plant a backdoor in a model of any size.

    Known false positives. Headings before lists of names or links; markers of quoted foreign
    text; adverbs and interjections that may stand anywhere (as leads).

    What to do. Read the excerpts. If the string has no business there, remove its documents
    and ask where they came from.

    It does not see triggers at a fixed place of documents without an effect, silent strings whose
    neighbours were chosen from a few words, or that many more documents have by nature, or
    triggers whose effect is fluent text.
    """

    code: ClassVar[str] = "TRG001"
    name: ClassVar[str] = "rare-triggers"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = (
        (TOKENS, PAIRS, GROUPS),
        (LONGER[0], STRANGENESS, COMPANY),
        (LONGER[1], COHERENCE),
        *((component,) for component in LONGER[2:]),
        (FITS, HOMES),
        (SURROUNDINGS, RATES, AWAY),
        (SURROUNDINGS_AWAY,),
        (MEMBERS,),
        (EXCERPTS,),
    )

    def plan(self, number: int, observed: Observed) -> Plan:
        """Counts, longer and longer n-grams, all candidates, the best, those away from home, then
        the finalists."""
        if number == 0:
            return Plan()
        if number <= len(LONGER):
            return plan_longer(number, observed)
        return _PLANS[number - len(LONGER) - 1](observed)

    def judge(self, observed: Observed) -> list[Finding]:
        """Findings and leads, strings that share their documents as one."""
        finalists, candidates = observed[FINALISTS], int(observed[_TOTALS]["all"][0])
        members = _members(observed[MEMBERS.recipe])
        excerpts = _excerpts(observed[EXCERPTS.recipe])
        findings = []
        for row in finalists.iter_rows(named=True):
            found = excerpts.get(row["cand"])
            if found:
                findings.append(finding_of(row, found, members[row["cand"]], candidates))
        findings.sort(key=lambda finding: finding.order)
        return campaigns(findings)


def _plan_chosen(observed: Observed) -> Plan:
    measured = scores.measure(candidate_table(observed), scores.pieces_in(observed))
    observed[_CHOSEN] = scores.choose(measured)
    observed[_TOTALS] = measured.select(
        pl.len().alias("all"),
        **{effect: pl.lit(scores.effect_rate(measured, effect)) for effect in scores.EFFECTS},
    )
    return plan_chosen(observed[_CHOSEN], observed)


def _plan_away(observed: Observed) -> Plan:
    observed[_AWAY] = scores.choose_away(scores.measure_away(away_table(observed)))
    return plan_away(observed[_AWAY], observed)


def _finalists(observed: Observed) -> pl.DataFrame:
    level = level_of(observed)
    rates = source_rates(observed[RATES.recipe], observed[GROUPS.recipe], level)
    rows, rows_away = observed[SURROUNDINGS.recipe], observed[SURROUNDINGS_AWAY.recipe]
    table = surroundings(observed[_CHOSEN], rows, observed, level, rates)
    away = surroundings(observed[_AWAY], rows_away, observed, level, rates)
    scored = scores.silent_scores(table, (scores.SPREAD, scores.PLACES))
    scored_away = scores.silent_scores(away, (scores.AWAY,))
    return finalists_of(scored, scored_away, level, observed[_TOTALS].row(0, named=True))


def _plan_members(observed: Observed) -> Plan:
    observed[FINALISTS] = _finalists(observed)
    return plan_finalists(observed[FINALISTS], observed)


def _plan_excerpts(observed: Observed) -> Plan:
    wanted = _examples(observed[MEMBERS.recipe])
    return plan_finalists(observed[FINALISTS], observed, wanted)


_PLANS = (plan_fits, _plan_chosen, _plan_away, _plan_members, _plan_excerpts)
"""Plans of the rounds after the longest n-grams were counted."""


def _examples(members: pl.DataFrame) -> npt.NDArray[np.uint64]:
    first = members.sort("cand", "doc_hi", "doc_lo").group_by("cand", maintain_order=True)
    docs = first.head(EXAMPLES).select("doc_hi", "doc_lo").unique().sort("doc_hi", "doc_lo")
    return docs.to_numpy().astype(np.uint64).reshape(-1, 2)


def _members(rows: pl.DataFrame) -> dict[int, tuple[str, ...]]:
    out: dict[int, list[str]] = {}
    for cand, high, low in rows.iter_rows():
        out.setdefault(cand, []).append(identity_name(high, low))
    return {cand: tuple(sorted(docs)) for cand, docs in out.items()}


def _excerpts(rows: pl.DataFrame) -> dict[int, tuple[Excerpt, ...]]:
    out: dict[int, tuple[Excerpt, ...]] = {}
    for cand, high, low, before, match, after in rows.iter_rows():
        seen = out.get(cand, ())
        if len(seen) < EXAMPLES:
            out[cand] = (*seen, Excerpt(identity_name(high, low), before, match, after))
    return out
