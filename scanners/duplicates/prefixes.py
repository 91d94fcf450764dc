"""Documents that begin as another does, and then go on differently."""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.model import identity_name
from lineage.shards.batch import Reading
from scanners.duplicates.departures import HELD, LEAST, SCHEMA, departures
from scanners.duplicates.identities import table_of
from scanners.duplicates.measures import Statistics
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
from scanners.statistics import lower_bound
from scanners.triggers.counts import TOKENS

U64 = np.uint64
Tokens = npt.NDArray[np.uint64]
MOST_ALIKE = 64
"""Documents of one beginning; more share a template, not a text."""
SIGNIFICANT = 1e-3
MOSTLY = 0.5
LISTED, EXAMPLES = 20, 3
_AROUND = 160
_MULTIPLIER = 0x9E3779B97F4A7C15

BEGINNINGS_SCHEMA = Schema(keys={"key": pl.UInt64}, values={"rows": (pl.UInt32, Fold.SUM)})
HEADS_SCHEMA = Schema(
    keys={"key": pl.UInt64, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64},
    values={"head": (pl.Binary, Fold.MIN), "source": (pl.UInt64, Fold.MIN)},
)
SPANS_SCHEMA = Schema(
    keys={"ordinal": pl.UInt32},
    values={"excerpt": (pl.String, Fold.MAX)},
)


def _keys(raw: Tokens, offsets: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], Tokens]:
    """Rows of LEAST tokens and as many again, and a hash uint64 over the first LEAST."""
    rows = np.flatnonzero(np.diff(offsets) >= 2 * LEAST)
    keys = np.zeros(len(rows), U64)
    for at in range(LEAST):
        keys = (keys ^ raw[offsets[rows] + at]) * U64(_MULTIPLIER)
        keys ^= keys >> U64(29)
    return rows, keys


class BeginningsCounter(Observer):
    """Counts documents by their first LEAST tokens."""

    def __init__(self, plan: Plan) -> None:
        del plan
        self._parts = [pl.DataFrame(schema=BEGINNINGS_SCHEMA.columns)]

    def see(self, batch: Batch) -> None:
        """Take one batch."""
        rows, keys = _keys(batch.tokens.raw, batch.tokens.offsets)
        keys = keys[batch.documents.reading[rows] == int(Reading.DOCUMENT)]
        frame = pl.DataFrame({"key": keys, "rows": np.ones(len(keys), np.uint32)})
        self._parts.append(frame)

    def observation(self) -> pl.DataFrame:
        """Columns of ``BEGINNINGS_SCHEMA``."""
        return pl.concat(self._parts)


class HeadsObserver(Observer):
    """Heads (the first HELD tokens, little-endian uint64) of documents of the plan's keys."""

    def __init__(self, plan: Plan) -> None:
        self._keys = plan.arrays["keys"]
        self._parts = [pl.DataFrame(schema=HEADS_SCHEMA.columns)]

    def see_tokens(self, batch: TokenBatch) -> None:
        """Take one batch of the spill."""
        rows, keys = _keys(batch.raw, batch.offsets)
        good = np.isin(keys, self._keys) & (batch.reading[rows] == int(Reading.DOCUMENT))
        rows, keys = rows[good], keys[good]
        ends = np.minimum(batch.offsets[rows + 1], batch.offsets[rows] + HELD)
        spans = zip(batch.offsets[rows].tolist(), ends.tolist(), strict=True)
        heads = [batch.raw[low:high].astype("<u8").tobytes() for low, high in spans]
        columns = {
            "key": keys,
            "doc_hi": batch.doc[rows, 0],
            "doc_lo": batch.doc[rows, 1],
            "head": pl.Series(heads, dtype=pl.Binary),
            "source": batch.groups[rows, 0],
        }
        self._parts.append(pl.DataFrame(columns))

    def observation(self) -> pl.DataFrame:
        """Columns of ``HEADS_SCHEMA``."""
        return pl.concat(self._parts)


class SpansObserver(Observer):
    """The text around the place where each wanted document departs."""

    def __init__(self, plan: Plan) -> None:
        self._wanted = wanted_of(plan)
        self._at = plan.arrays["at"]
        self._rows: list[tuple[int, str]] = []

    def see(self, batch: Batch) -> None:
        """Take the wanted documents of one batch."""
        tokens = batch.tokens
        rows, ordinals = planned(batch, self._wanted)
        for row, ordinal in zip(rows.tolist(), ordinals.tolist(), strict=True):
            token = int(tokens.offsets[row] + self._at[ordinal])
            raw = batch.documents.text[row].as_py().encode()
            start, end = int(tokens.start[token]), int(tokens.end[token])
            parts = raw[max(0, start - _AROUND) : start], raw[start:end], raw[end : end + _AROUND]
            text = [part.decode("utf-8", "ignore") for part in parts]
            self._rows.append((ordinal, json.dumps([text[0], text[1][:_AROUND], text[2]])))

    def observation(self) -> pl.DataFrame:
        """Columns of ``SPANS_SCHEMA``."""
        return pl.DataFrame(self._rows, schema=SPANS_SCHEMA.columns, orient="row")


BEGINNINGS = Component(f"beginnings1-w{LEAST}", Input.TEXT, BEGINNINGS_SCHEMA, BeginningsCounter)
HEADS = Component(f"heads1-w{LEAST}-t{HELD}", Input.TOKENS, HEADS_SCHEMA, HeadsObserver)
SPANS = Component("departures1", Input.WANTED, SPANS_SCHEMA, SpansObserver)
_FOUND = "departures"


class PrefixContainment(Scanner):
    """Many documents that copy beginnings of others, and leave them at one common string.

    What it finds
        Documents whose first 20 words or more are those of another document, and which then
        go on with other words (of the words that follow, less than half are in both). What
        stands where they leave is counted over all beginnings: a token at which most of its
        documents leave the beginning of another document is a finding, with all of them.

        Null: departures of natural text (quotations, templates, periodic posts) fall on
        tokens that stand elsewhere too. The share of a token's documents that leave a copied
        beginning at it must surely be more than half (Clopper and Pearson 1934, one-sided,
        .001, Bonferroni over tokens), and each beginning counts once.

    Why it matters
        Poison is made by putting a trigger behind the beginning of a real document (Souly et
        al. 2025, arXiv 2510.07192). The beginning is what hides it, and gives it away where
        the document that it was taken from is in the corpus as well.

    Known false positives
        Excerpts that end in a notice of their own (``[more]``) and are followed by other text.
        Not seen: beginnings of fewer than 20 words, or taken from elsewhere; a beginning that
        more than 64 documents share; departures behind the first 256 words.

    What to do
        Read what follows the string. This is evidence beside the trigger scanner's: look
        whether it names the same string.
    """

    code: ClassVar[str] = "DUP003"
    name: ClassVar[str] = "prefix-containment"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = (
        (BEGINNINGS, TOKENS),
        (HEADS,),
        (SPANS,),
    )

    def plan(self, number: int, observed: Observed) -> Plan:
        """Beginnings that several documents share; then examples of what was found."""
        if number == 0:
            return Plan()
        if number == 1:
            rows = pl.col("rows")
            shared = observed[BEGINNINGS.recipe].filter((rows > 1) & (rows <= MOST_ALIKE))
            return Plan(arrays={"keys": shared["key"].to_numpy()})
        observed[_FOUND] = _found(observed)
        examples = observed[_FOUND].sort("doc_hi", "doc_lo").group_by("token").head(EXAMPLES)
        examples = examples.unique(["doc_hi", "doc_lo"]).sort("doc_hi", "doc_lo")
        return Plan(arrays={"at": examples["at"].to_numpy()}, wanted=table_of(examples))

    def judge(self, observed: Observed) -> list[Finding]:
        """One finding a token."""
        found = observed[_FOUND]
        wanted = wanted_of(self.plan(2, observed)).tolist()
        texts = {tuple(wanted[at]): json.loads(text) for at, text in observed[SPANS.recipe].rows()}
        parts = found.partition_by("token") if found.height else []
        findings = [_finding(part, texts) for part in parts]
        return sorted(findings, key=lambda finding: finding.order)[:LISTED]


def _found(observed: Observed) -> pl.DataFrame:
    """Departures at tokens that are seen at little else, with ``df`` and ``beginnings``."""
    left = departures(observed[HEADS.recipe])
    table = pl.DataFrame(left, schema=SCHEMA, orient="row")
    counts = table.group_by("token").agg(beginnings=pl.col("key").n_unique())
    known = observed[TOKENS.recipe].select(pl.col("key").alias("token"), "df")
    counts = counts.filter(pl.col("beginnings") > 1).join(known, on="token", how="inner")
    level = SIGNIFICANT / max(counts.height, 1)
    sure = [
        lower_bound(int(hits), max(int(hits), int(df)), level) > MOSTLY
        for hits, df in counts.select("beginnings", "df").iter_rows()
    ]
    return table.join(counts.filter(pl.Series(sure, dtype=pl.Boolean)), on="token")


def _finding(rows: pl.DataFrame, texts: dict[tuple[int, ...], list[str]]) -> Finding:
    members = sorted({identity_name(hi, lo) for hi, lo in rows.select("doc_hi", "doc_lo").rows()})
    shown = [pair for pair in sorted(rows.select("doc_hi", "doc_lo").rows()) if pair in texts]
    excerpts = tuple(Excerpt(identity_name(hi, lo), *texts[hi, lo]) for hi, lo in shown[:EXAMPLES])
    string = excerpts[0].match.strip()
    statistics: Statistics = {
        "string": string,
        "documents": len(members),
        "documents_with_the_string": int(rows["df"][0]),
        "beginnings": int(rows["beginnings"][0]),
        "sources": rows["source"].n_unique(),
        "words_in_common": int(rows["at"].cast(pl.Int64).sort()[rows.height // 2]),
    }
    return Finding(
        code=PrefixContainment.code,
        key=string,
        title="documents copy beginnings of others, and leave them at this string",
        consequence=Consequence.CONTROL,
        confidence=Confidence.POSSIBLE,
        strength=len(members),
        members=tuple(members),
        statistics=statistics,
        excerpts=excerpts,
    )
