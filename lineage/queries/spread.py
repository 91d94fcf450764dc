"""Rows of a subject, and copies of them elsewhere, counted shard by shard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from lineage.graph import Basis
from lineage.model import identity_name
from lineage.queries.copies import WAYS, Originals, copies
from lineage.queries.sets import DOC, NEAR, NORM
from lineage.queries.subject import Belongs
from lineage.queries.window import Window
from lineage.store.holdings import Holding
from lineage.store.matching import Match

COUNTED = (
    *("record", "reading", *DOC, *NORM, "bytes", "tokens", "shingles"),
    *("source", "url", "timestamp", "id"),
)
EXAMPLES = 3
"""Copies that are kept of each source and match."""


@dataclass(frozen=True)
class Counts:
    """Records, and bytes and tokens of their documents (what a last-wins reader sees)."""

    records: int = 0
    bytes: int = 0
    tokens: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.records + other.records, self.bytes + other.bytes, self.tokens + other.tokens
        )

    def times(self, factor: int) -> Counts:
        """So many times as much."""
        return Counts(self.records * factor, self.bytes * factor, self.tokens * factor)

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Counts:
        """Of rows of one shard; bytes and tokens are those of reading 0."""
        documents = rows.filter(pl.col("reading") == 0)
        return cls(
            rows["record"].n_unique(),
            int(documents["bytes"].sum()),
            int(documents["tokens"].sum()),
        )


@dataclass(frozen=True)
class Own:
    """What of one shard belongs to the subject, within the window.

    ``documents`` are the distinct identities as 32 hex digits. ``undated`` counts records
    without a time: with a window, they are in no other number.
    """

    holding: Holding
    basis: Basis
    counts: Counts
    undated: int
    documents: frozenset[str] = field(repr=False)


@dataclass(frozen=True)
class Copied:
    """Copies in one shard of one source, by one match; similarities are the least and the most.

    ``examples`` are (record, identifier or URL, similarity), best first.
    """

    holding: Holding
    source: str | None
    match: Match
    counts: Counts
    documents: frozenset[str] = field(repr=False)
    similarity: tuple[float, float]
    examples: tuple[tuple[int, str | None, float], ...] = ()


def own_rows(
    belongs: Belongs, holdings: Sequence[Holding], window: Window
) -> tuple[list[Own], Originals]:
    """Count what belongs to the subject, and keep what its copies are found by."""
    found, kept = [], []
    for holding in holdings:
        if belongs.nowhere_in(holding):
            continue
        rows = holding.bundle.records(COUNTED)
        mine = belongs.rows(holding, rows)
        if not mine.any():
            continue
        inside, undated = window.split(rows)
        chosen = rows.filter(mine & inside)
        itself = bool((belongs.own(holding, rows) & inside).any())
        basis = Basis.RECORDED if itself else belongs.shards.get(holding.digest, Basis.RECORDED)
        found.append(
            Own(
                holding,
                basis,
                Counts.of(chosen),
                rows.filter(mine & undated)["record"].n_unique(),
                frozenset(_names(chosen)),
            )
        )
        kept.append(_printed(holding, chosen, (mine & inside).arg_true()))
    empty = pl.DataFrame(schema=dict.fromkeys((*DOC, *NORM, "shingles", *NEAR), pl.UInt64))
    return found, Originals.of(pl.concat([empty, *kept]))


def copied_rows(
    belongs: Belongs, holdings: Sequence[Holding], originals: Originals, threshold: float
) -> Iterator[Copied]:
    """Count copies among all rows that do not belong to the subject, whatever their time."""
    if not len(originals):
        return
    for holding in holdings:
        near = holding.current
        rows = holding.bundle.records([*COUNTED, *NEAR] if near else COUNTED)
        rows = rows.filter(~belongs.rows(holding, rows))
        found = copies(originals, rows, threshold, near=near)
        if len(found.rows):
            told = (
                rows[found.rows]
                .select(COUNTED)
                .with_columns(way=pl.Series(found.way), similarity=pl.Series(found.similarity))
            )
            yield from _by_source(holding, told)


def _by_source(holding: Holding, rows: pl.DataFrame) -> Iterator[Copied]:
    # A record of several readings counts once, as its strongest match.
    strongest = pl.col("way").min().over("record")
    rows = rows.filter(pl.col("way") == strongest)
    declared = ", ".join(holding.sources) or None
    rows = rows.with_columns(pl.col("source").fill_null(pl.lit(declared, pl.String)))
    for (source, way), some in sorted(
        rows.group_by(["source", "way"]), key=lambda group: (str(group[0][0]), group[0][1])
    ):
        best = some.sort("similarity", "record", descending=[True, False]).head(EXAMPLES)
        name = pl.coalesce("id", "url")
        least, most = (float(f(some["similarity"].to_numpy())) for f in (np.min, np.max))
        yield Copied(
            holding,
            None if source is None else str(source),
            WAYS[int(way)],
            Counts.of(some),
            frozenset(_names(some)),
            (least, most),
            tuple(best.select("record", name, "similarity").iter_rows()),
        )


def _printed(holding: Holding, chosen: pl.DataFrame, at: pl.Series) -> pl.DataFrame:
    """Columns that copies are found by, all UInt64; prints are null where a bundle has none."""
    names = chosen.select(pl.col(*DOC, *NORM, "shingles").cast(pl.UInt64))
    if not holding.current:
        return names.with_columns(pl.lit(None, pl.UInt64).alias(name) for name in NEAR)
    return pl.concat([names, holding.bundle.records(NEAR)[at]], how="horizontal")


def _names(rows: pl.DataFrame) -> list[str]:
    return [identity_name(*halves) for halves in rows.select(DOC).unique().iter_rows()]
