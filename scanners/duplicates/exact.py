"""Documents that occur word for word more than once."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import polars as pl

from scanners.duplicates.floods import (
    LISTED,
    SUSPECT,
    Flood,
    Groups,
    expected_as_large,
    judged,
)
from scanners.duplicates.identities import hexes, table_of
from scanners.duplicates.measures import Statistics, listed, origin_statistics, where
from scanners.duplicates.origins import BASE, documents, members_component
from scanners.duplicates.texts import beginnings_component, excerpt
from scanners.scanner import (
    Component,
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

SCHEMA = Schema(
    keys={"doc_hi": pl.UInt64, "doc_lo": pl.UInt64},
    values={"records": (pl.UInt32, Fold.SUM), "words": (pl.UInt32, Fold.MAX)},
)


class CountsObserver(Observer):
    """Counts the records of each document identity in one shard."""

    def __init__(self, plan: Plan) -> None:
        del plan
        self._parts = [pl.DataFrame(schema=SCHEMA.columns)]

    def see_records(self, records: pl.DataFrame) -> None:
        """Count the documents among these rows."""
        words = pl.when(pl.col("shingles") > 0).then("tokens").otherwise(0)
        counts = (
            documents(records)
            .group_by("doc_hi", "doc_lo")
            .agg(records=pl.len().cast(pl.UInt32), words=words.max().cast(pl.UInt32))
        )
        self._parts.append(counts)

    def observation(self) -> pl.DataFrame:
        """Columns of ``SCHEMA``."""
        return pl.concat(self._parts)


COUNTS = Component("exact-counts1", Input.RECORDS, SCHEMA, CountsObserver)
MEMBERS = members_component("exact-origins1")
TEXTS = beginnings_component("exact-beginnings1")


class ExactDuplicates(Scanner):
    """Documents whose content roles are byte for byte the same as another document's.

    What it finds
        Groups of documents with one identity (``doc1``). A group becomes a finding of its own
        when it is larger than this corpus explains: its size is compared with the groups of
        documents of about the same length (short texts repeat by nature, so each doubling of
        the number of words has its own null) and with the groups of the source, path or host
        that holds most of it. Everything else is one summary finding with totals.

        Null: sizes of natural groups follow a power law whose exponent is learnt
        from the groups themselves (``sizes.py``). Anomalous: at most 0.01 groups of that size
        expected in the whole corpus (Bonferroni over all groups). The unlikeliest are tested
        for concentration in a place and in time against the corpus's own base rates (binomial,
        Bonferroni over groups tested, places and windows). Where one is concentrated in all of
        these that the records tell, what is expected are groups as large *and* sitting as
        closely together, by the share of such groups in this corpus; it is then likely, or
        certain when both are told. Anomalous by size alone is possible.

    Why it matters
        A text that is repeated is learnt by heart: repetition bends what a model says of a
        subject, and brings memorised passages out word for word. Copying is also the cheapest
        way to raise the weight of a poisoned document.

    Known false positives
        Boilerplate, licence texts, automatic messages, mirrored pages, deliberate up-sampling
        (of a whole corpus: all groups grow alike, and none stands out). Documents without a
        single word are counted in the summary only.

    What to do
        Look at the text and where it comes from. Keep one copy, or as many as you meant to
        have; ask the source why when a flood came within hours.
    """

    code: ClassVar[str] = "DUP001"
    name: ClassVar[str] = "exact-duplicates"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((COUNTS, BASE), (MEMBERS, TEXTS))

    def plan(self, number: int, observed: Observed) -> Plan:
        """Round 1: origins of all repeated documents, beginnings of those that may be shown."""
        if number == 0:
            return Plan()
        repeated = _repeated(observed)
        size = repeated["records"].cast(pl.Int64).to_numpy()
        expected = expected_as_large(size, repeated["words"].cast(pl.Int64).to_numpy())
        order = np.lexsort((np.arange(len(size)), -size))
        suspects = order[expected[order] <= SUSPECT]
        others = order[expected[order] > SUSPECT]
        shown = np.sort(np.concatenate([suspects, others[:1]]))
        identities = table_of(repeated)
        return Plan(arrays={"identities": identities}, wanted=identities[shown])

    def judge(self, observed: Observed) -> list[Finding]:
        """Floods by themselves, everything else in one summary."""
        repeated = _repeated(observed)
        members = observed[MEMBERS.recipe]
        origins = members.select(
            "kind",
            "origin",
            "name",
            group=pl.col("ordinal").cast(pl.Int64),
            weight=pl.col("records").cast(pl.Int64),
        )
        size = repeated["records"].cast(pl.Int64).to_numpy()
        words = repeated["words"].cast(pl.Int64).to_numpy()
        floods = judged(Groups(size, words, origins), observed[BASE.recipe])
        names, texts = hexes(table_of(repeated)), self._texts(observed)
        groups = list(zip(names, size.tolist(), words.tolist(), strict=True))
        found = [_finding(flood, *groups[flood.group], texts) for flood in floods[:LISTED]]
        return [*found, *_summary(floods, names, repeated, observed, texts)]

    def _texts(self, observed: Observed) -> dict[str, str]:
        wanted = self.plan(1, observed).wanted
        assert wanted is not None
        names = hexes(wanted)
        return {names[at]: text for at, text in observed[TEXTS.recipe].rows()}


def _repeated(observed: Observed) -> pl.DataFrame:
    """Documents with words that occur in two records or more, in order of identity."""
    counts = observed[COUNTS.recipe]
    return counts.filter((pl.col("records") > 1) & (pl.col("words") > 0)).sort("doc_hi", "doc_lo")


def _finding(flood: Flood, name: str, size: int, words: int, texts: dict[str, str]) -> Finding:
    statistics: Statistics = {"copies": size, "words": words}
    return Finding(
        code=ExactDuplicates.code,
        key=name,
        title=f"{size:,} exact copies of one text of {words:,} words{where(flood)}",
        consequence=Consequence.DISTORTION,
        confidence=flood.confidence,
        strength=size,
        members=(name,),
        statistics=statistics | origin_statistics(flood),
        excerpts=(excerpt(name, texts[name]),) if name in texts else (),
    )


def _summary(
    floods: list[Flood],
    names: list[str],
    repeated: pl.DataFrame,
    observed: Observed,
    texts: dict[str, str],
) -> list[Finding]:
    """One low finding for all groups that are not findings of their own."""
    shown = {flood.group for flood in floods[:LISTED]}
    rest = [group for group in range(len(names)) if group not in shown]
    counts = observed[COUNTS.recipe]
    wordless = counts.filter((pl.col("words") == 0) & (pl.col("records") > 1))
    if not rest and wordless.is_empty():
        return []
    sizes = repeated["records"].cast(pl.Int64).gather(rest)
    copies = int(sizes.sum())
    example = names[rest[int(sizes.arg_max() or 0)]] if rest else ""
    statistics: Statistics = {
        "groups": len(rest),
        "documents": copies,
        "surplus": copies - len(rest),
        "documents_of_corpus": int(counts["records"].cast(pl.Int64).sum()),
        "largest_group": max(sizes.to_list(), default=0),
        "pairs": int((sizes == 2).sum()),
        "documents_without_a_word": int(wordless["records"].cast(pl.Int64).sum()),
        "floods_not_listed": len(floods) - len(shown),
    }
    return [
        Finding(
            code=ExactDuplicates.code,
            key="summary",
            title=f"{copies:,} documents in {len(rest):,} ordinary groups of exact copies",
            consequence=Consequence.NUISANCE,
            confidence=Confidence.CERTAIN,
            strength=copies - len(rest),
            members=listed([names[group] for group in rest]),
            statistics=statistics,
            excerpts=(excerpt(example, texts[example]),) if example in texts else (),
        )
    ]
