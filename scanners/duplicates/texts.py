"""Beginnings of those documents that a plan wants to read again."""

from __future__ import annotations

import numpy as np
import polars as pl

from lineage.fingerprint.batch import Batch
from lineage.shards.batch import Reading
from scanners.duplicates.identities import I64, U64, positions
from scanners.scanner import Component, Excerpt, Fold, Input, Observer, Plan, Schema

CHARACTERS = 240


def planned(batch: Batch, wanted: U64) -> tuple[I64, I64]:
    """Rows of a batch that hold wanted documents, and their rows in ``wanted``."""
    at = positions(wanted, batch.doc)
    at[batch.documents.reading != int(Reading.DOCUMENT)] = -1
    rows = np.flatnonzero(at >= 0)
    return rows, at[rows]


def wanted_of(plan: Plan) -> U64:
    """The plan's wanted identities; an empty table when it has none."""
    return np.zeros((0, 2), np.uint64) if plan.wanted is None else plan.wanted


def beginnings(batch: Batch, rows: I64) -> pl.Series:
    """The first characters of the text of the given rows."""
    texts = pl.Series(batch.documents.text.take(rows), dtype=pl.String)
    return texts.str.slice(0, CHARACTERS)


class BeginningsObserver(Observer):
    """Keeps the beginning of each wanted document."""

    def __init__(self, plan: Plan) -> None:
        self._wanted = wanted_of(plan)
        self._parts = [pl.DataFrame(schema=SCHEMA.columns)]

    def see(self, batch: Batch) -> None:
        """Take the wanted documents of one batch."""
        rows, at = planned(batch, self._wanted)
        ordinal = pl.Series(at.astype(np.uint32))
        self._parts.append(pl.DataFrame({"ordinal": ordinal, "text": beginnings(batch, rows)}))

    def observation(self) -> pl.DataFrame:
        """Columns of ``SCHEMA``."""
        return pl.concat(self._parts)


SCHEMA = Schema(keys={"ordinal": pl.UInt32}, values={"text": (pl.String, Fold.MIN)})


def beginnings_component(recipe: str) -> Component:
    """Beginnings of the wanted documents; ``ordinal`` is the row in ``plan.wanted``."""
    return Component(recipe, Input.WANTED, SCHEMA, BeginningsObserver)


def excerpt(document: str, text: str) -> Excerpt:
    """The beginning of a document, all of it part of what was found."""
    return Excerpt(document=document, before="", match=text, after="")
