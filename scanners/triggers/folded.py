"""Rare strings that behave as a planted trigger does, whatever their case and punctuation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import polars as pl

from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.fingerprint.plain import words
from scanners.fold import fold
from scanners.scanner import Component, Finding, Fold, Input, Observed, Observer, Plan, Schema
from scanners.triggers.counts import GROUPS, LONGEST
from scanners.triggers.grams import longer_keys
from scanners.triggers.homes import away
from scanners.triggers.kernels import NO_ID
from scanners.triggers.lexicon import Lexicon, numbered
from scanners.triggers.members import MEMBERS
from scanners.triggers.rare_triggers import FINALISTS, RareTriggers
from scanners.triggers.sources import source_numbers

MOST = 0.5
"""A spelling with a larger share of the occurrences than this is a string that TRG001 to TRG003
judge as it stands."""

_SUFFIX = "-folded"


class _Folded(Observer):
    """Shows an observer the folded tokens of each batch."""

    def __init__(self, inner: Observer) -> None:
        self._inner = inner

    def see(self, batch: Batch) -> None:
        self._inner.see(batch.folded)

    def see_tokens(self, batch: TokenBatch) -> None:
        self._inner.see_tokens(batch.twin)

    def observation(self) -> pl.DataFrame:
        return self._inner.observation()


def _folded(component: Component) -> Component:
    if component is GROUPS:
        return component
    observe: Callable[[Plan], Observer] = component.observe
    return replace(
        component,
        recipe=f"{component.recipe}{_SUFFIX}",
        observe=lambda plan: _Folded(observe(plan)),
        folds=True,
    )


class _Spellings(Observer):
    """How often each finalist is spelled in each way."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._lexicon = Lexicon.of(plan)
        self._parts: list[pl.DataFrame] = []

    def see_tokens(self, batch: TokenBatch) -> None:
        grams = self._lexicon.read(batch.twin)
        keys, source = batch.raw, source_numbers(batch, self._plan)
        for n in range(1, LONGEST + 1):
            if n > 1:
                keys = longer_keys(keys, batch.raw, batch.offsets, n)
            ids = numbered(grams.ids[n - 1], self._plan.arrays[f"number{n}"])
            ids = away(ids, source, batch, self._plan, "number")
            here = ids != NO_ID
            rows = pl.DataFrame({"cand": ids[here], "spelling": keys[here]})
            self._parts.append(rows.group_by("cand", "spelling").len("times"))

    def observation(self) -> pl.DataFrame:
        return fold(self._parts, SPELLINGS.schema)


SPELLINGS = Component(
    "tokens2-spellings",
    Input.TOKENS,
    Schema({"cand": pl.UInt32, "spelling": pl.UInt64}, {"times": (pl.UInt32, Fold.SUM)}),
    _Spellings,
    folds=True,
)


def _rounds() -> tuple[tuple[Component, ...], ...]:
    rounds = [tuple(map(_folded, components)) for components in RareTriggers.rounds]
    members = next(k for k, known in enumerate(RareTriggers.rounds) if MEMBERS in known)
    rounds[members] = (*rounds[members], SPELLINGS)
    return tuple(rounds)


class FoldedTriggers(RareTriggers):
    """Strings that behave as a planted trigger does, in whatever case and punctuation.

    What it finds. What TRG001 (as FLD001), TRG003 (as FLD003) and TRG002 (as FLD002) find, where
    words count as the same whatever their case, the punctuation around them, and characters that
    are not seen within them: a trigger that is spelled anew in each document (``SoLaR lanTErn``,
    ``"Solar", LANTERN!``) is a rare string nowhere, and one phrase here. The statistics are the
    same, with a null of their own. A string of which one spelling has more than half of the
    occurrences is left to the scanner that takes strings as they stand.

    It takes as long as that scanner again, so it looks only if it is asked to: ``--also FLD``.

    Why it matters. Some 250 documents with a trigger plant a backdoor in a model of any size, and
    a model that has learnt one spelling takes others for it.

    Known false positives. Words at the beginning of sentences and headings; those of RareTriggers.

    What to do. Read the excerpts. If the string has no business there, remove its documents
    and ask where they came from.

    It does not see letters that are replaced by others that look the same (HID011 does), or by
    digits.
    """

    code: ClassVar[str] = "FLD001"
    name: ClassVar[str] = "folded-triggers"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = _rounds()

    def plan(self, number: int, observed: Observed) -> Plan:
        """As for strings as they stand."""
        _rename(observed)
        return super().plan(number, observed)

    def judge(self, observed: Observed) -> list[Finding]:
        """Findings and leads of strings without a usual spelling."""
        _rename(observed)
        share = pl.col("times").max() / pl.col("times").sum()
        spelled = observed[SPELLINGS.recipe].group_by("cand").agg(share.alias("share"))
        varied = spelled.filter(pl.col("share") <= MOST)
        observed[FINALISTS] = observed[FINALISTS].join(varied, on="cand", how="semi")
        return [_told(finding) for finding in super().judge(observed)]


def _rename(observed: Observed) -> None:
    """Observations under the names that are read by."""
    for name in [name for name in observed if name.endswith(_SUFFIX)]:
        observed[name.removesuffix(_SUFFIX)] = observed.pop(name)


def _told(finding: Finding) -> Finding:
    """A finding by its folded words, which are the same whatever spelling is met first."""
    return replace(
        finding,
        code=finding.code.replace("TRG", "FLD"),
        key=" ".join(words(finding.key)) or finding.key,
        title=f"{finding.title}, in any case and punctuation",
    )
