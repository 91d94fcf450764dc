"""The documents of a snapshot as a set: each once, with how often it is there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.store.bundle import SKETCH_NAMES, band_names
from lineage.store.contents import Content, Shelf, documents_of

U64 = npt.NDArray[np.uint64]

DOC = ["doc_hi", "doc_lo"]
NORM = ["norm_hi", "norm_lo"]
FACTS = [*DOC, *NORM, "bytes", "shingles"]
NEAR = [*band_names(), *SKETCH_NAMES]
"""Columns that tell near-copies: band keys, and the compact signature."""


@dataclass(frozen=True)
class DocumentSet:
    """Distinct documents of a snapshot, by identity.

    ``rows`` has a row a document: ``FACTS`` (``doc1``, ``norm1``, UTF-8 bytes of the text,
    shingle windows), ``copies`` (UInt32, records that hold it), sorted by ``doc1``.
    """

    rows: pl.DataFrame

    @classmethod
    def of(
        cls, shards: Sequence[Content], columns: Sequence[str] = (), shelf: Shelf | None = None
    ) -> DocumentSet:
        """Gather them from bundles; ``columns`` are kept beside ``FACTS``."""
        rows = documents_of(shards, [*FACTS, *columns], shelf=shelf)
        others = [name for name in rows.columns if name not in ("shard", *DOC)]
        return cls(
            rows.group_by(DOC)
            .agg(pl.len().cast(pl.UInt32).alias("copies"), pl.col(others).first())
            .sort(DOC)
        )

    def __len__(self) -> int:
        return self.rows.height

    @cached_property
    def weights(self) -> pl.DataFrame:
        """``MEASURES`` of each document (Int64)."""
        return self.rows.with_columns(**measured()).select(MEASURES)

    @cached_property
    def totals(self) -> dict[str, int]:
        """Sum of each of ``MEASURES``."""
        return {name: int(self.weights[name].sum()) for name in MEASURES}

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over the sorted identities: equal for equal sets of documents."""
        return _sha256(self.rows.select(DOC))

    @cached_property
    def copies_digest(self) -> str:
        """The same with how often each is there: equal for equal multisets."""
        return _sha256(self.rows.select(*DOC, pl.col("copies").cast(pl.UInt64)))


MEASURES = ("documents", "bytes", "records", "record_bytes")
"""What a share is taken of: distinct documents and their bytes, all records and theirs."""


def measured() -> dict[str, pl.Expr]:
    """``MEASURES`` of a row with ``bytes`` and ``copies``."""
    size, copies = pl.col("bytes").cast(pl.Int64), pl.col("copies").cast(pl.Int64)
    return {
        "documents": pl.lit(1, pl.Int64),
        "bytes": size,
        "records": copies,
        "record_bytes": size * copies,
    }


def among(rows: pl.DataFrame, others: pl.DataFrame, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """bool[n]: rows that are alike in these columns to a row of ``others``."""
    there = others.select(names).unique().with_columns(there=pl.lit(True))
    joined = rows.select(names).join(there, on=names, how="left", maintain_order="left")
    mask: npt.NDArray[np.bool_] = joined["there"].fill_null(False).to_numpy()
    return mask


def drawn(rows: pl.DataFrame, key: int) -> U64:
    """uint64[n]: a keyed order of identities; its least are a fair sample of distinct documents.

    The finaliser of SplitMix64 (Steele, Lea and Flood 2014) over both halves. ``doc1`` is
    SHA-256 already; the store's secret keeps anybody from grinding documents into the sample.
    """
    high, low = (rows[name].to_numpy() for name in DOC)
    return _mixed(_mixed(high ^ np.uint64(key)) ^ low)


def _mixed(value: U64) -> U64:
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: U64 = value ^ (value >> np.uint64(31))
    return mixed


def _sha256(rows: pl.DataFrame) -> str:
    return hashlib.sha256(np.ascontiguousarray(rows.to_numpy(), "<u8").tobytes()).hexdigest()
