"""Runs of one code point: how often each occurs, and in which documents."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import polars as pl
import pyarrow as pa

from lineage.fingerprint.batch import Batch
from lineage.fingerprint.code_points import load
from lineage.fingerprint.tokens import I64, U64, buffers
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers.grams import GramCounter

LENGTH_BITS = 20
LEAST_RUN = 3
"""Code points of one kind in a row, from which a run is a candidate and its documents are kept."""


@dataclass(frozen=True)
class Runs:
    """Runs of a batch: key (code point and length), row and first byte in the document."""

    key: U64
    row: I64
    start: I64

    @classmethod
    def of(cls, text: pa.LargeStringArray) -> Runs:
        """All runs of a column, in order."""
        data, bounds = buffers(text)
        room = int(bounds[-1] - bounds[0]) // 2 + len(bounds)
        return cls(*_kernels().runs(data, bounds, load(), room))


def _kernels() -> ModuleType:
    """The kernel module, imported late: that loads compiled code, or compiles it."""
    from scanners.markers import kernels  # noqa: PLC0415

    return kernels


def key_of(character: str, length: int) -> int:
    """Key of a run."""
    return ord(character) << LENGTH_BITS | min(length, (1 << LENGTH_BITS) - 1)


def read_key(key: int) -> tuple[str, int]:
    """Character and length of a run."""
    return chr(key >> LENGTH_BITS), key & ((1 << LENGTH_BITS) - 1)


def describe(key: int) -> str:
    """A run in words: ``U+FF61 HALFWIDTH IDEOGRAPHIC FULL STOP x 10``."""
    character, length = read_key(key)
    name = unicodedata.name(character, "")
    return " ".join(part for part in (f"U+{ord(character):04X}", name, f"x {length}") if part)


class _Counts(Observer):
    """Documents and occurrences of each run."""

    def __init__(self, _plan: Plan) -> None:
        self._counter = GramCounter()

    def see(self, batch: Batch) -> None:
        runs = Runs.of(batch.documents.text)
        offsets = np.searchsorted(runs.row, np.arange(len(batch) + 1))
        self._counter.add(runs.key, offsets)

    def observation(self) -> pl.DataFrame:
        return self._counter.frame()


class _Documents(Observer):
    """Documents of each run of ``LEAST_RUN`` or more."""

    def __init__(self, _plan: Plan) -> None:
        self._parts: list[pl.DataFrame] = []

    def see(self, batch: Batch) -> None:
        runs = Runs.of(batch.documents.text)
        long = (runs.key & np.uint64((1 << LENGTH_BITS) - 1)) >= LEAST_RUN
        rows = runs.row[long]
        doc = batch.doc[rows]
        columns = {"key": runs.key[long], "doc_hi": doc[:, 0], "doc_lo": doc[:, 1]}
        self._parts.append(pl.DataFrame(columns).unique())

    def observation(self) -> pl.DataFrame:
        return DOCUMENTS.schema.gather(self._parts)


COUNTS = Component(
    "runs1-counts",
    Input.TEXT,
    Schema({"key": pl.UInt64}, {"df": (pl.UInt32, Fold.SUM), "occ": (pl.UInt64, Fold.SUM)}),
    _Counts,
)
DOCUMENTS = Component(
    f"runs1-documents-l{LEAST_RUN}",
    Input.TEXT,
    Schema({"key": pl.UInt64, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64}),
    _Documents,
)
