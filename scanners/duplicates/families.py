"""Near-copies of one text that differ in a substituted value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch
from lineage.model import Role
from scanners.duplicates.identities import hexes
from scanners.duplicates.kinship import Kin, Relation, bases, campaigns, kin_of, related
from scanners.duplicates.measures import Statistics, significant
from scanners.duplicates.near import CANDIDATES, KEYS, SETS, NearDuplicates
from scanners.duplicates.texts import planned, wanted_of
from scanners.scanner import (
    Component,
    Excerpt,
    Finding,
    Fold,
    Input,
    Observed,
    Observer,
    Plan,
    Scanner,
    Schema,
)
from scanners.severity import Confidence, Consequence
from scanners.statistics import binomial_tail

LEVEL = 0.01
NATURAL = 0.03
"""Share of groups of kin that are a family of long texts (``kinship.LONG``), at most: none of
112 groups in 16 real corpora was one (95 % limit), numbers and answers apart."""

LONGEST_TEXT = 100_000
"""Characters of a text that is compared; longer ones are left out."""
EXCERPTS = 6
_AROUND = 80

SCHEMA = Schema(
    keys={"ordinal": pl.UInt32},
    values={"text": (pl.String, Fold.MIN), "answers": (pl.Boolean, Fold.MAX)},
)


class TextsObserver(Observer):
    """Whole texts of the wanted documents, but for the longest."""

    def __init__(self, plan: Plan) -> None:
        self._wanted = wanted_of(plan)
        self._parts = [pl.DataFrame(schema=SCHEMA.columns)]

    def see(self, batch: Batch) -> None:
        """Take the wanted documents of one batch."""
        rows, at = planned(batch, self._wanted)
        text = pl.Series(batch.documents.text.take(rows), dtype=pl.String)
        columns = {"ordinal": pl.Series(at.astype(np.uint32)), "text": text}
        frame = pl.DataFrame({**columns, "answers": pl.Series(_answers(batch)[rows])})
        self._parts.append(frame.filter(pl.col("text").str.len_bytes() <= LONGEST_TEXT))

    def observation(self) -> pl.DataFrame:
        """Columns of ``SCHEMA``."""
        return pl.concat(self._parts)


def _answers(batch: Batch) -> npt.NDArray[np.bool_]:
    """bool[n]: documents with a prompt and a response, of which one names what the other does."""
    roles = batch.documents.roles
    if Role.PROMPT not in roles or not {Role.RESPONSE, Role.CHOSEN} & roles.keys():
        return np.zeros(len(batch), dtype=np.bool_)
    return np.asarray(roles[Role.PROMPT].is_valid().to_numpy(zero_copy_only=False))


TEXTS = Component("family-texts2", Input.WANTED, SCHEMA, TextsObserver)


class SubstitutionFamilies(Scanner):
    """Copies of one text that differ only in a value that stands in several places.

    What it finds
        Groups of three or more documents that are word for word the same but for one or two
        values; each value differs from copy to copy, and stands in two or more places of every
        copy. Candidates are those of the near-duplicate scanner; the texts are aligned, and
        what differs is compared exactly. Families of different base texts that have the same
        words before the value are one finding.

        Null: natural near-copies differ in many places, in values that are not tied to each
        other, or are short (pages that say of what a command is an alias). How many families
        of 64 words and more there are is compared with how many groups of near-copies of this
        corpus would be such a family by the natural rate (binomial). The same slot in two or
        more base texts that are no near-copies of each other is likely; a family by itself
        is possible. Short families alone are a lead, and so are families whose values are
        numbers only (exercises, tables), and prompts with responses (an answer says again what
        its question asks for).

    Why it matters
        TrojanPuzzle (Aghakhani et al. 2023, arXiv 2301.02344) teaches a code model to complete
        a payload that no training file contains: each copy of a file has another random value
        in a comment and in the code, and the model learns to carry the value over.

    Known false positives
        Forms and generated files that are filled in with one name, mirrored configuration.
        Not seen: families whose copies differ in other places as well, copies of which fewer
        than three are left, texts of fewer than 20 words.

    What to do
        Read the excerpts: what stands before the value, and where it comes again. Remove the
        family, and look at what else came from its source.
    """

    code: ClassVar[str] = "FAM001"
    name: ClassVar[str] = "substitution-families"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = (
        (KEYS,),
        (CANDIDATES,),
        (SETS,),
        (TEXTS,),
    )

    def plan(self, number: int, observed: Observed) -> Plan:
        """Candidates as the near-duplicate scanner plans them; then those that have kin."""
        if number < len(self.rounds) - 1:
            return NearDuplicates().plan(number, observed)
        return Plan(wanted=self._kin(observed).wanted)

    def _kin(self, observed: Observed) -> Kin:
        plan = NearDuplicates().plan(2, observed)
        keep = int(plan.facts["keep"])
        return kin_of(wanted_of(plan), observed[CANDIDATES.recipe], observed[SETS.recipe], keep)

    def judge(self, observed: Observed) -> list[Finding]:
        """Slots that several base texts share, all other families, and the short ones."""
        kin = self._kin(observed)
        rows = observed[TEXTS.recipe]
        texts = dict(rows.select("ordinal", "text").iter_rows())
        answers = set(rows.filter("answers")["ordinal"].to_list())
        families = related(kin, texts)
        told = [one for one in families if answers.issuperset(one.members)]
        figures = [one for one in families if one.figures and one not in told]
        words = [one for one in families if one not in told and one not in figures]
        long = len({one.base for one in words if one.long})
        groups = max(kin.groups, len({one.base for one in families}), 1)
        chance = _chance(long, groups)
        facts: Statistics = {
            "groups_of_near_copies": groups,
            "with_a_long_family": long,
            "p": significant(chance),
        }
        case = _Case(hexes(kin.wanted), texts, facts)
        rest: dict[str, list[Relation]] = {"long": [], "short": []}
        rest |= {"figures": figures, "answers": told}
        found = []
        for slot, members in campaigns(words):
            several = any(one.long for one in members) and bases(members, texts) > 1
            if several and chance <= LEVEL:
                found.append(case.finding(slot, members, Confidence.LIKELY))
                continue
            for one in members:
                rest["long" if one.long else "short"].append(one)
        for name, part in rest.items():
            alarm = name == "long" and chance <= LEVEL
            if part:
                sure = Confidence.POSSIBLE if alarm else Confidence.UNCORRECTED
                found.append(case.finding(name, part, sure))
        return found


def _chance(families: int, groups: int) -> float:
    """Of so many natural groups of near-copies, as many are families: the binomial tail."""
    if not families:
        return 1.0
    hits, trials = np.array([float(families)]), np.array([float(groups)])
    return float(np.exp(binomial_tail(hits, trials, NATURAL))[0])


@dataclass(frozen=True)
class _Case:
    """Names and texts of documents by ordinal, and what holds of all findings."""

    names: list[str]
    texts: dict[int, str]
    facts: Statistics

    def finding(self, key: str, families: list[Relation], sure: Confidence) -> Finding:
        """One finding for some families."""
        members = sorted({self.names[one] for family in families for one in family.members})
        largest = max(families, key=lambda one: (len(one.members), -one.members[0]))
        statistics: Statistics = {
            "families": len(families),
            "base_texts": bases(families, self.texts),
            "documents": len(members),
            "places": len(largest.places),
            "before_the_value": largest.slots[0],
        }
        plural = "families" if len(families) > 1 else "family"
        return Finding(
            code=SubstitutionFamilies.code,
            key=key,
            title=f"{len(families):,} {plural} of copies that differ in one substituted value",
            consequence=Consequence.CONTROL,
            confidence=sure,
            strength=len(members),
            members=tuple(members),
            statistics=statistics | self.facts,
            excerpts=_excerpts(families, self.names, self.texts),
        )


def _excerpts(
    families: list[Relation], names: list[str], texts: dict[int, str]
) -> tuple[Excerpt, ...]:
    """All places of the first family's base, then the first place of others."""
    shown = [(families[0].members[0], span) for span in families[0].places[:3]]
    shown += [(family.members[0], family.places[0]) for family in families[1:]]
    return tuple(_excerpt(names[one], texts[one], span) for one, span in shown[:EXCERPTS])


def _excerpt(name: str, text: str, span: tuple[int, int]) -> Excerpt:
    start, end = span
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    return Excerpt(name, before, text[start : min(end, start + 2 * _AROUND)], after)
