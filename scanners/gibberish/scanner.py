"""The gibberish scanner: where tokens that no other document has crowd together."""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.shards.batch import Reading
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

WINDOW = 128
"""Tokens of a window, about 600 bytes of English."""
FLOOR = 16
"""Documents with fewer tokens of their own in their worst window are only counted."""
EXTREME = 995
"""The quantile, in thousandths, beyond which documents are named."""
SHOWN = (500, 900, 990, EXTREME, 999)
BIN = 8

U32 = npt.NDArray[np.uint32]

USERS = Schema(
    keys={"cell": pl.UInt32},
    values={"least": (pl.UInt32, Fold.MIN), "greatest": (pl.UInt32, Fold.MAX)},
)
WORST = Schema(
    keys={"score": pl.UInt16, "hi": pl.UInt64, "lo": pl.UInt64},
    values={"documents": (pl.UInt64, Fold.SUM)},
)


def _kernels() -> ModuleType:
    """The kernel module, imported late: that loads compiled code, or compiles it."""
    from scanners.gibberish import kernels  # noqa: PLC0415

    return kernels


class UsersObserver(Observer):
    """Notes of each token's cell the least and the greatest document (32 bits of identity).

    Equal documents count as one, and other readings of a document not at all: nobody makes
    his tokens common by saying them twice.
    """

    def __init__(self) -> None:
        self._kernels = _kernels()
        self._table = self._empty(1 << 12)
        self._used = 0

    def see(self, batch: Batch) -> None:
        """Take the tokens of one batch."""
        tokens = batch.tokens
        kept = batch.documents.reading != Reading.OTHER
        who = (batch.doc[:, 0] >> np.uint64(32)).astype(np.uint32)
        edges = np.flatnonzero(np.diff(kept, prepend=False, append=False))
        for start, end in edges.reshape(-1, 2).tolist():
            self._note(tokens.raw, tokens.offsets[start : end + 1], who[start:end])

    def _note(self, raw: npt.NDArray[np.uint64], offsets: npt.NDArray[np.int64], who: U32) -> None:
        at = 0
        while at < len(who):
            self._used, at = self._kernels.users(raw, offsets, who, self._table, self._used, at)
            if at < len(who):
                self._grow()

    def _grow(self) -> None:
        old = self._rows()
        self._table = self._empty(4 * len(self._table))
        cells = old[:, 0].astype(np.uint64) << np.uint64(64 - self._kernels.CELL_BITS)
        each = np.arange(len(old) + 1, dtype=np.int64)
        self._used = 0
        for column in (1, 2):
            who = np.ascontiguousarray(old[:, column])
            self._used, _ = self._kernels.users(cells, each, who, self._table, self._used, 0)

    def _empty(self, size: int) -> U32:
        shape = min(size, self._kernels.CELLS), 3
        return np.full(shape, self._kernels.EMPTY, dtype=np.uint32)

    def _rows(self) -> U32:
        rows: U32 = self._table[self._table[:, 0] != self._kernels.EMPTY]
        return rows

    def observation(self) -> pl.DataFrame:
        """Rows of ``USERS``."""
        rows = self._rows()
        return pl.DataFrame({name: rows[:, k] for k, name in enumerate(USERS.columns)})


class WorstObserver(Observer):
    """Scores documents by their worst window, under a plan that tells shared cells."""

    def __init__(self, plan: Plan) -> None:
        self._kernels = _kernels()
        self._shared = np.asarray(plan.arrays["shared"], dtype=np.uint8)
        self._frames: list[pl.DataFrame] = []

    def see_tokens(self, batch: TokenBatch) -> None:
        """Take one batch of the spill."""
        score = self._kernels.crowding(batch.raw, batch.offsets, self._shared, WINDOW)
        named = score >= FLOOR
        doc = np.where(named[:, None], batch.doc, np.uint64(0))
        columns = {"score": score.astype(np.uint16), "hi": doc[:, 0], "lo": doc[:, 1]}
        frame = pl.DataFrame(columns)
        self._frames.append(frame.group_by(list(WORST.keys)).agg(pl.len().alias("documents")))

    def observation(self) -> pl.DataFrame:
        """Rows of ``WORST``; documents under the floor have no identity."""
        if not self._frames:
            return pl.DataFrame(schema=WORST.columns)
        return pl.concat(self._frames)


def _users(_: Plan) -> Observer:
    return UsersObserver()


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
    corpus. Not seen: common words in random order, gibberish that is repeated in several
    documents, documents of a few words, and anything in corpora of under 200 documents.
    Tokens are told apart by 24 bits of their hash, so that far beyond 10 million different
    tokens scores fall, for all documents alike.

    What to do. Look at a few of the highest; if they share a string, look that string up.
    """

    code: ClassVar[str] = "GIB001"
    name: ClassVar[str] = "gibberish"
    users: ClassVar[Component] = Component("token-users1-24", Input.TEXT, USERS, _users)
    worst: ClassVar[Component] = Component(
        f"gibberish1-w{WINDOW}-f{FLOOR}", Input.TOKENS, WORST, WorstObserver
    )
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((users,), (worst,))

    def plan(self, number: int, observed: Observed) -> Plan:
        """For the second round: one bit a cell, whether two different documents have it."""
        if number == 0:
            return Plan()
        seen = observed[self.users.recipe]
        cells = seen.filter(pl.col("least") != pl.col("greatest"))["cell"].to_numpy()
        shared = np.zeros(_kernels().CELLS, dtype=np.uint8)
        shared[cells] = 1
        return Plan(arrays={"shared": np.packbits(shared, bitorder="little")})

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
                strength=beyond.height,
                members=tuple(f"{hi:016x}{lo:016x}" for hi, lo in beyond.iter_rows()),
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
