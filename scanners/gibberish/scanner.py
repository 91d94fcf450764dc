"""The gibberish scanner: where tokens that no other document has crowd together."""

from __future__ import annotations

from threading import Lock
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import TokenBatch
from lineage.model import identity_name
from scanners.duplicates.exact import COUNTS
from scanners.duplicates.identities import positions, table_of
from scanners.gibberish import kernels
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
from scanners.triggers.counts import TOKENS
from scanners.triggers.grams import GramIndex

WINDOW = 128
"""Tokens of a window, about 600 bytes of English."""
FLOOR = 16
"""Documents with fewer tokens of their own in their worst window are only counted."""
EXTREME = 995
"""The quantile, in thousandths, beyond which documents are named."""
SHOWN = (500, 900, 990, EXTREME, 999)
BIN = 8
LAST = -1_000_000
"""Strength: a signal for others, which comes after every lead that says something itself."""

SCHEMA = Schema(
    keys={"score": pl.UInt16, "hi": pl.UInt64, "lo": pl.UInt64},
    values={"documents": (pl.UInt64, Fold.SUM)},
)
_LOCK = Lock()


class WorstObserver(Observer):
    """Scores documents by their worst window.

    The plan tells tokens of two rows or more: ``keys`` uint64[k] with ``df`` uint32[k]; and
    documents that lie there more than once: ``copied`` uint64[m, 2] with ``copies`` uint32[m].
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        with _LOCK:
            if "index" not in plan.memo:
                plan.memo["index"] = GramIndex.of(plan.arrays["keys"])
        self._index: GramIndex = plan.memo["index"]
        self._frames = [pl.DataFrame(schema=SCHEMA.columns)]

    def see_tokens(self, batch: TokenBatch) -> None:
        """Take one batch of the spill."""
        score = kernels.crowding(self._alone(batch), batch.offsets, WINDOW)
        doc = np.where((score >= FLOOR)[:, None], batch.doc, np.uint64(0))
        rows = pl.DataFrame({"score": score, "hi": doc[:, 0], "lo": doc[:, 1]})
        counts = rows.group_by(list(SCHEMA.keys)).agg(documents=pl.len())
        self._frames.append(SCHEMA.gather([counts]))

    def _alone(self, batch: TokenBatch) -> npt.NDArray[np.bool_]:
        """bool[t]: tokens that only this document and its exact copies have."""
        arrays = self._plan.arrays
        at = positions(arrays["copied"], batch.doc)
        copies = np.append(arrays["copies"], np.uint32(1))[at]  # the last one for -1
        df = np.append(arrays["df"], np.uint32(1))[self._index.find(batch.raw)]  # for NO_ID
        alone: npt.NDArray[np.bool_] = df <= np.repeat(copies, np.diff(batch.offsets))
        return alone

    def observation(self) -> pl.DataFrame:
        """Rows of ``SCHEMA``; documents under the floor have no identity."""
        return pl.concat(self._frames)


class Gibberish(Scanner):
    """Text unlike the rest of its corpus.

    What it finds. In each document, the window of 128 tokens that holds most tokens which no
    other document has. Random characters, random vocabulary, encoded data and damaged text
    crowd such tokens; prose has few of them in a row.

    Why it matters. The attack that needs only 250 documents (Souly et al. 2025) teaches a
    model to answer a trigger with gibberish, by following the trigger with random tokens.

    How it decides. Not at all: natural text does this too, so there is one lead, never an
    alarm. It shows how scores are spread in this corpus, and names the documents beyond the
    corpus's own 99.5 % quantile. A string that is followed by such text nearly every time it
    occurs is what the trigger scanner reports.

    Known false positives. Keys, hashes, logs, tables of names, a language that is rare in the
    corpus. Not seen: common words in random order, gibberish that is repeated in documents
    that are not exact copies, documents of a few words, and anything in corpora of under 200
    documents.

    What to do. Look at a few of the highest; if they share a string, look that string up.
    """

    code: ClassVar[str] = "GIB001"
    name: ClassVar[str] = "gibberish"
    worst: ClassVar[Component] = Component(
        f"gibberish2-w{WINDOW}-f{FLOOR}", Input.TOKENS, SCHEMA, WorstObserver
    )
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((TOKENS, COUNTS), (worst,))

    def plan(self, number: int, observed: Observed) -> Plan:
        """For the second round: what is met twice, tokens and documents, and how often."""
        if number == 0:
            return Plan()
        tokens = observed[TOKENS.recipe].filter(pl.col("df") > 1)
        documents = observed[COUNTS.recipe].filter(pl.col("records") > 1)
        arrays = {
            "keys": tokens["key"].to_numpy(),
            "df": tokens["df"].to_numpy(),
            "copied": table_of(documents),
            "copies": documents["records"].to_numpy(),
        }
        return Plan(arrays=arrays)

    def judge(self, observed: Observed) -> list[Finding]:
        """One lead, or none where no document stands out."""
        seen = observed[self.worst.recipe]
        counts = dict(seen.group_by("score").agg(pl.col("documents").sum()).iter_rows())
        if not counts:
            return []
        quantiles = {share: _quantile(counts, share) for share in SHOWN}
        limit = max(quantiles[EXTREME], FLOOR - 1)
        beyond = seen.filter(pl.col("score") > limit).select("hi", "lo").unique().sort("hi", "lo")
        if not beyond.height:
            return []
        statistics: dict[str, int | float | str] = {
            "documents": sum(counts.values()),
            "beyond": beyond.height,
            "window": WINDOW,
            "greatest": max(counts),
            **{f"quantile {share / 1000}": score for share, score in quantiles.items()},
            "histogram": _histogram(counts),
        }
        return [
            Finding(
                code=self.code,
                key="tokens of nobody else",
                title=f"Text unlike the rest of the corpus: {beyond.height} documents",
                consequence=Consequence.DISTORTION,
                confidence=Confidence.UNCORRECTED,
                strength=LAST,
                members=tuple(identity_name(hi, lo) for hi, lo in beyond.iter_rows()),
                statistics=statistics,
            )
        ]


def _quantile(counts: dict[int, int], share: int) -> int:
    """The least score that ``share`` thousandths of all documents do not exceed."""
    need = share * sum(counts.values())
    seen = 0
    for score in sorted(counts):
        seen += counts[score]
        if 1000 * seen >= need:
            return score
    return max(counts)


def _histogram(counts: dict[int, int]) -> str:
    """Documents by score, in bins: ``0-7: 123, 8-15: 4``."""
    bins: dict[int, int] = {}
    for score, documents in counts.items():
        bins[score // BIN] = bins.get(score // BIN, 0) + documents
    return ", ".join(f"{BIN * k}-{BIN * k + BIN - 1}: {bins[k]}" for k in sorted(bins))
