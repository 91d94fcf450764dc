"""Which document of one snapshot is which of the other, and what became of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.duplicates.identities import table_of
from scanners.duplicates.origins import documents
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema

U64 = npt.NDArray[np.uint64]

KINDS = ("url", "id", "path")
"""Roles that may tell a document; of equals the first is taken."""

_DOC = ["doc_hi", "doc_lo"]
SCHEMA = Schema(
    keys={"kind": pl.UInt8, "key": pl.UInt64, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64},
    values={"records": (pl.UInt32, Fold.SUM)},
)


def _hashed(names: pl.Series) -> pl.Series:
    """The first 64 bits of SHA-256: nobody can aim collisions within reason."""
    digests = (hashlib.sha256(name.encode()).digest() for name in names)
    return pl.Series([int.from_bytes(digest[:8], "big") for digest in digests], dtype=pl.UInt64)


class KeysObserver(Observer):
    """Documents under each key of each kind."""

    def __init__(self, plan: Plan) -> None:
        del plan
        self._parts = [pl.DataFrame(schema=SCHEMA.columns)]

    def see_records(self, records: pl.DataFrame) -> None:
        """Take the keys of the documents among these rows."""
        for number, kind in enumerate(KINDS):
            rows = documents(records).filter(pl.col(kind).is_not_null())
            keyed = rows.with_columns(
                key=_hashed(rows[kind]), kind=pl.lit(number, dtype=pl.UInt8)
            ).group_by("kind", "key", *_DOC)
            counts = keyed.agg(records=pl.len().cast(pl.UInt32))
            self._parts.append(counts.select(*SCHEMA.columns))

    def observation(self) -> pl.DataFrame:
        """Columns of ``SCHEMA``."""
        return pl.concat(self._parts)


KEYED = Component("drift-keys1", Input.RECORDS, SCHEMA, KeysObserver)


@dataclass(frozen=True)
class Pairs:
    """What became of the documents of the older snapshot, by one kind of key.

    ``old`` and ``new`` uint64[c, 2] are identities of changed documents, in order of their
    keys. Keys that stand for several documents on a side are ``ambiguous`` unless both sides
    have the same ones.
    """

    kind: str
    unchanged: int
    added: int
    removed: int
    ambiguous: int
    old: U64
    new: U64

    @property
    def changed(self) -> int:
        """Keys whose document is another now."""
        return len(self.new)

    @property
    def statistics(self) -> dict[str, int | float | str]:
        """Counts as a diff has them."""
        return {
            "key": self.kind,
            "unchanged": self.unchanged,
            "changed": self.changed,
            "added": self.added,
            "removed": self.removed,
            "ambiguous": self.ambiguous,
        }


def paired(older: pl.DataFrame, newer: pl.DataFrame, chosen: str = "") -> Pairs | None:
    """Pair documents by the kind of key under which most are unchanged, then most are met again.

    A running number is a key, too, and may tell nothing: so the same content counts before the
    same key. None where no key is on both sides. ``chosen`` overrides.
    """
    kinds = [chosen] if chosen else list(KINDS)
    found = [_by_kind(kind, older, newer) for kind in kinds]
    best = max(found, key=lambda pairs: (pairs.unchanged, pairs.changed))
    return best if best.unchanged + best.changed + best.ambiguous else None


def _by_kind(kind: str, older: pl.DataFrame, newer: pl.DataFrame) -> Pairs:
    number = KINDS.index(kind)
    sides = [side.filter(pl.col("kind") == number).drop("kind") for side in (older, newer)]
    sizes = [side.group_by("key").agg(documents=pl.len()) for side in sides]
    both = sizes[0].join(sizes[1], on="key", suffix="_new")
    shared = [side.join(both.select("key"), on="key", how="semi") for side in sides]
    same = shared[0].join(shared[1], on=["key", *_DOC]).group_by("key").agg(same=pl.len())
    both = both.join(same, on="key", how="left").with_columns(pl.col("same").fill_null(0))
    equal = pl.col("same") == pl.max_horizontal("documents", "documents_new")
    single = (pl.col("documents") == 1) & (pl.col("documents_new") == 1)
    changed = both.filter(single & ~equal).select("key").sort("key")
    documents_of = [
        changed.join(side, on="key", how="left", maintain_order="left") for side in shared
    ]
    return Pairs(
        kind=kind,
        unchanged=both.filter(equal).height,
        added=sizes[1].height - both.height,
        removed=sizes[0].height - both.height,
        ambiguous=both.filter(~single & ~equal).height,
        old=_identities(documents_of[0]),
        new=_identities(documents_of[1]),
    )


def _identities(rows: pl.DataFrame) -> U64:
    return np.ascontiguousarray(rows.select(_DOC).to_numpy().astype(np.uint64).reshape(-1, 2))


def both_sides(pairs: Pairs) -> U64:
    """Identities of all changed documents, old and new: uint64[m, 2], rows sorted."""
    rows = np.concatenate([pairs.old, pairs.new])
    return table_of(pl.DataFrame({"doc_hi": rows[:, 0], "doc_lo": rows[:, 1]}))
