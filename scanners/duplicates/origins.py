"""Where and when documents come from: counts over a corpus, and over the documents of a plan."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import IntEnum

import polars as pl

from lineage.shards.batch import Reading
from lineage.times import hours
from scanners.duplicates.identities import U64, positions
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema

NAME_CHARACTERS = 200


class Kind(IntEnum):
    """What an origin is a name of."""

    SOURCE = 0
    PATH = 1
    HOST = 2
    HOUR = 3
    """Not hashed: the origin is the hour since 1970-01-01 itself."""


PLACES = (Kind.SOURCE, Kind.PATH, Kind.HOST)

_HOST = r"(?i)^[a-z][a-z0-9+.\-]*://(?:[^/@?#]*@)?([^/:?#]+)"
_NAMES = {
    Kind.SOURCE: pl.col("source"),
    Kind.PATH: pl.col("path"),
    Kind.HOST: pl.col("url").str.extract(_HOST, 1).str.to_lowercase(),
    Kind.HOUR: hours("timestamp").cast(pl.String),
}


def documents(records: pl.DataFrame) -> pl.DataFrame:
    """Only the rows that are documents: what most trainers see of each record."""
    return records.filter(pl.col("reading") == int(Reading.DOCUMENT))


def _hashed(kind: Kind, names: pl.Series) -> pl.Series:
    """Names as UInt64: the first 64 bits of their SHA-256, or the hour itself."""
    if kind is Kind.HOUR:
        return names.cast(pl.UInt64)
    digests = (hashlib.sha256(name.encode()).digest() for name in names)
    return pl.Series([int.from_bytes(digest[:8], "big") for digest in digests], dtype=pl.UInt64)


def counted(records: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """Records per ``by`` and origin: columns ``by``, kind, origin, records, name."""
    parts = []
    for kind, expression in _NAMES.items():
        rows = (
            records.select(*by, name=expression)
            .filter(pl.col("name").is_not_null())
            .group_by(*by, "name")
            .agg(records=pl.len().cast(pl.UInt32))
        )
        names = rows["name"].unique()
        known = pl.DataFrame({"name": names, "origin": _hashed(kind, names)})
        parts.append(
            rows.join(known, on="name", how="left").select(
                *by,
                pl.lit(int(kind), dtype=pl.UInt8).alias("kind"),
                "origin",
                "records",
                name=pl.col("name").str.slice(0, NAME_CHARACTERS),
            )
        )
    return pl.concat(parts)


def placed(rows: pl.DataFrame) -> pl.DataFrame:
    """Each row once for every kind of place that it has: its columns, kind, origin, name."""
    parts = []
    for kind in PLACES:
        named = rows.with_columns(name=_NAMES[kind]).filter(pl.col("name").is_not_null())
        names = named["name"].unique()
        known = pl.DataFrame({"name": names, "origin": _hashed(kind, names)})
        kinds = pl.lit(int(kind), dtype=pl.UInt8).alias("kind")
        parts.append(named.join(known, on="name", how="left").with_columns(kinds))
    return pl.concat(parts).with_columns(pl.col("name").str.slice(0, NAME_CHARACTERS))


class BaseObserver(Observer):
    """Counts the records of each origin in one shard."""

    def __init__(self, plan: Plan) -> None:
        del plan
        self._parts = [pl.DataFrame(schema=BASE_SCHEMA.columns)]

    def see_records(self, records: pl.DataFrame) -> None:
        """Count the documents among these rows."""
        self._parts.append(counted(documents(records)).select(*BASE_SCHEMA.columns))

    def observation(self) -> pl.DataFrame:
        """Columns of ``BASE_SCHEMA``."""
        return pl.concat(self._parts)


class MembersObserver(Observer):
    """Counts origins of those documents that the plan's ``identities`` name."""

    def __init__(self, plan: Plan) -> None:
        self._identities: U64 = plan.arrays["identities"]
        self._parts = [pl.DataFrame(schema=MEMBERS_SCHEMA.columns)]

    def see_records(self, records: pl.DataFrame) -> None:
        """Count the planned documents among these rows."""
        rows = documents(records)
        at = positions(self._identities, rows.select("doc_hi", "doc_lo").to_numpy())
        rows = rows.with_columns(ordinal=pl.Series(at)).filter(pl.col("ordinal") >= 0)
        rows = rows.with_columns(pl.col("ordinal").cast(pl.UInt32))
        self._parts.append(counted(rows, by=("ordinal",)).select(*MEMBERS_SCHEMA.columns))

    def observation(self) -> pl.DataFrame:
        """Columns of ``MEMBERS_SCHEMA``."""
        return pl.concat(self._parts)


BASE_SCHEMA = Schema(
    keys={"kind": pl.UInt8, "origin": pl.UInt64},
    values={"records": (pl.UInt32, Fold.SUM)},
)
MEMBERS_SCHEMA = Schema(
    keys={"ordinal": pl.UInt32, "kind": pl.UInt8, "origin": pl.UInt64},
    values={"records": (pl.UInt32, Fold.SUM), "name": (pl.String, Fold.MIN)},
)

BASE = Component("origins1", Input.RECORDS, BASE_SCHEMA, BaseObserver)
"""Records per origin over the whole corpus: the base rates."""


def members_component(recipe: str) -> Component:
    """Origins of the documents of a plan; ``ordinal`` is the row in its ``identities``."""
    return Component(recipe, Input.RECORDS, MEMBERS_SCHEMA, MembersObserver)
