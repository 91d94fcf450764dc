"""Documents that are longer, or repeat themselves more, than their corpus allows."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from lineage.fingerprint.batch import Batch
from lineage.model import Role, identity_name
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
from scanners.statistics import expected_by_chance

F64 = npt.NDArray[np.float64]
LEVEL = 0.01
BINS = 16
"""Bins of a doubling."""
WIDTH = 5
"""Words of the shingles whose repeats are counted."""
FLOORS = {"length": 8192.0, "response": 2048.0, "repetition": 3.0, "unbroken": 32.0}
"""Values from which on documents are named; what is less is only counted."""
LEAST_WORDS, LEAST_BYTES = 128, 1024
"""From which on repetition, and bytes a word, are asked for."""
LENGTHS, REPEATS = ("length", "response"), ("repetition", "unbroken")
_TITLES = {
    "length": "Documents longer than the tail of this corpus allows",
    "response": "Responses longer than the tail of this corpus allows",
    "repetition": "Documents that repeat themselves more than the tail of this corpus allows",
    "unbroken": "Documents with fewer breaks than the tail of this corpus allows",
}
SCHEMA = Schema(
    keys={"measure": pl.String, "bin": pl.Int32, "hi": pl.UInt64, "lo": pl.UInt64},
    values={"documents": (pl.UInt64, Fold.SUM)},
)


class SizesObserver(Observer):
    """Histograms of all measures, with the identities of documents above the floors."""

    def __init__(self, plan: Plan) -> None:
        del plan
        self._parts = [pl.DataFrame(schema=SCHEMA.columns)]

    def see(self, batch: Batch) -> None:
        """Measure the documents of one batch."""
        for measure, values in _measured(batch).items():
            rows = np.flatnonzero(values > 0)
            doc = np.where((values >= FLOORS[measure])[:, None], batch.doc, np.uint64(0))[rows]
            bins = np.floor(BINS * np.log2(values[rows])).astype(np.int32)
            frame = pl.DataFrame({"bin": bins, "hi": doc[:, 0], "lo": doc[:, 1]})
            counts = frame.group_by("bin", "hi", "lo").agg(documents=pl.len().cast(pl.UInt64))
            named = counts.with_columns(measure=pl.lit(measure))
            self._parts.append(named.select(*SCHEMA.columns))

    def observation(self) -> pl.DataFrame:
        """Rows of ``SCHEMA``; documents below the floors have no identity."""
        return pl.concat(self._parts)


def _measured(batch: Batch) -> dict[str, F64]:
    """Measures float64[n] of each row; 0 where a measure says nothing."""
    isdoc = batch.documents.reading == int(Reading.DOCUMENT)
    size = np.where(isdoc, _bytes(batch.documents.text), 0.0)
    tokens = np.diff(batch.tokens.offsets).astype(np.float64)
    owner = np.repeat(np.arange(len(batch)), np.diff(batch.tokens.offsets))
    words = np.bincount(owner[batch.tokens.word != 0], minlength=len(batch)).astype(np.float64)
    shingles = np.diff(batch.shingles.offsets)
    repeats = (words - WIDTH + 1) / np.maximum(shingles, 1)
    measures = {
        "length": size,
        "repetition": np.where(isdoc & (words >= LEAST_WORDS), np.maximum(repeats, 1.0), 0.0),
        "unbroken": np.where(size >= LEAST_BYTES, size / np.maximum(tokens, 1), 0.0),
    }
    response = batch.documents.roles.get(Role.RESPONSE)
    if response is not None:
        measures["response"] = np.where(isdoc, _bytes(response), 0.0)
    return measures


def _bytes(column: pa.LargeStringArray) -> F64:
    lengths = pc.fill_null(pc.binary_length(column), 0)
    return np.asarray(lengths.to_numpy(zero_copy_only=False), dtype=np.float64)


class Outliers(Scanner):
    """Documents whose length or repetition lies beyond the tail of their corpus.

    What it finds
        Four measures of each document: bytes of the text, bytes of the response, words to a
        distinct shingle of five words (how often the text says the same), and bytes to a word
        (text without breaks). One finding a measure, with the documents beyond the tail.

        Null: the corpus's own tail, fitted to the logarithm of the measure as exponential, so
        that lengths may have a tail as heavy as any power. Beyond it is what fewer than 0.01
        natural documents of the whole corpus would reach. One measure alone is told and no
        alarm; where the same documents are beyond the tail of a length and of a repetition
        both, that is likely.

    Why it matters
        One answer of endless repeats teaches a model not to stop (P-DoS, Gao et al. 2024, arXiv
        2410.10760), and costs everybody who asks it.

    Known false positives
        Books among posts, logs, tables, data in base64. Not seen: corpora of under fifty
        documents in the tail, and values that a twentieth of the documents share.

    What to do
        Read the ends of the documents. Cut or drop what repeats itself.
    """

    code: ClassVar[str] = "LEN001"
    name: ClassVar[str] = "outliers"
    component: ClassVar[Component] = Component("sizes1", Input.TEXT, SCHEMA, SizesObserver)
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((component,),)

    def judge(self, observed: Observed) -> list[Finding]:
        """One finding a measure, and one for documents beyond a length and a repetition."""
        seen = observed[self.component.recipe]
        tails = {name: _tail(seen.filter(pl.col("measure") == name)) for name in FLOORS}
        found = [_finding(name, rows, facts) for name, (rows, facts) in tails.items() if len(rows)]
        both = _named(pl.concat([tails[name][0] for name in LENGTHS])) & _named(
            pl.concat([tails[name][0] for name in REPEATS])
        )
        if both:
            found.append(_endless(sorted(both)))
        return found


Facts = dict[str, int | float | str]


def _tail(rows: pl.DataFrame) -> tuple[pl.DataFrame, Facts]:
    """Rows beyond the tail of one measure, and what is known of it."""
    counts = rows.group_by("bin").agg(pl.col("documents").sum()).sort("bin")
    bins = counts["bin"].cast(pl.Float64).to_numpy()
    times = counts["documents"].cast(pl.Int64).to_numpy()
    chance = expected_by_chance(np.repeat(bins, times))
    at = np.cumsum(times) - 1
    beyond = counts["bin"].to_numpy()[chance[at] <= LEVEL] if len(chance) else []
    if not len(beyond):
        return rows.clear(), {}
    hit = rows.filter((pl.col("bin") >= int(min(beyond))) & ((pl.col("hi") | pl.col("lo")) != 0))
    facts: Facts = {
        "beyond": _value(int(min(beyond))),
        "greatest": _value(int(max(beyond))),
        "documents in all": int(times.sum()),
    }
    return hit, facts


def _value(number: int) -> float:
    return float(f"{2 ** (number / BINS):.3g}")


def _named(rows: pl.DataFrame) -> set[str]:
    return {identity_name(hi, lo) for hi, lo in rows.select("hi", "lo").iter_rows()}


def _finding(measure: str, rows: pl.DataFrame, facts: Facts) -> Finding:
    names = sorted(_named(rows))
    return Finding(
        code=Outliers.code,
        key=measure,
        title=_TITLES[measure],
        consequence=Consequence.NUISANCE,
        confidence=Confidence.POSSIBLE,
        strength=len(names),
        members=tuple(names),
        statistics={"documents": len(names)} | facts,
    )


def _endless(names: list[str]) -> Finding:
    return Finding(
        code=Outliers.code,
        key="endless",
        title="Documents beyond the tail in length and in repetition both",
        consequence=Consequence.DISTORTION,
        confidence=Confidence.LIKELY,
        strength=len(names),
        members=tuple(names),
        statistics={"documents": len(names)},
    )
