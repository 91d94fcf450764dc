"""What changed between two snapshots, record by record, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import polars as pl

from lineage.errors import UsageError
from lineage.model import Role, identity_name
from lineage.queries.pairing import homes, matched, matched_near
from lineage.queries.reasons import ORDER, UNKNOWN, Compared, Reasons
from lineage.queries.sets import DOC, NEAR, NORM
from lineage.store.contents import Content, contents, documents_of
from lineage.store.read import find_snapshot, snapshot_names
from lineage.store.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

KEYS = (Role.URL, Role.ID, Role.PATH)
"""Roles that may tell a record in both snapshots."""


CHANGES = {
    "change": pl.String,
    "left": pl.UInt32,
    "right": pl.UInt32,
    "similarity": pl.Float64,
}
ROWS = (
    *("change", "key", "old_shard", "old_record", "new_shard", "new_record"),
    *("old_document", "new_document", "similarity", "reason", "twin"),
)


class Change(StrEnum):
    """What became of a record."""

    UNCHANGED = "unchanged"
    MOVED = "moved"
    """Same record, another shard than the one that took its shard's place."""
    EDITED = "edited"
    """Same key, other content; or a near-copy, where those are asked for."""
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Side:
    """One of the two snapshots: its name, records that are documents, and those that are not."""

    name: str
    root: str
    records: int
    quarantined: int
    unread: int


@dataclass(frozen=True)
class Diff:
    """The answer. Laws: all counts but ``added`` sum to the old records, all but ``removed`` to
    the new ones; a snapshot has no difference to itself.

    ``counts`` has every ``Change``. ``reasons`` counts records by (change, kind of reason).
    ``keyed`` tells how many records of either side have a key, where one was asked for.
    ``changes`` (``CHANGES`` and ``reason``) are row numbers of ``records``, the records of both.
    """

    old: Side
    new: Side
    key: str | None
    keyed: tuple[int, int]
    counts: Mapping[Change, int]
    reasons: Mapping[tuple[Change, str], int]
    changes: pl.DataFrame
    records: tuple[pl.DataFrame, pl.DataFrame]

    def table(self) -> pa.Table:
        """One row a change and kind of reason: ``change``, ``reason``, ``records``."""
        unchanged = self.counts[Change.UNCHANGED]
        rows = [
            {"change": str(Change.UNCHANGED), "reason": None, "records": unchanged},
            *(
                {"change": str(change), "reason": reason, "records": records}
                for (change, reason), records in self.reasons.items()
            ),
        ]
        schema = {"change": pl.String, "reason": pl.String, "records": pl.Int64}
        return pl.DataFrame(rows, schema=schema).to_arrow()

    def rows(self) -> pa.Table:
        """One row a record that is not as it was.

        ``change``, ``key``, ``old_shard``, ``old_record``, ``new_shard``, ``new_record`` (numbers
        from 0), ``old_document``, ``new_document`` (hex), ``similarity`` (of near-copies),
        ``reason``, and ``twin``: the key under which the same content went or came.
        """
        old, new = (
            side.select(
                pl.col("n"),
                pl.col("key").alias(f"{name}_key"),
                pl.col("shard").alias(f"{name}_shard"),
                pl.col("record").alias(f"{name}_record"),
                *(pl.col(half).alias(f"{name}_{half}") for half in DOC),
            )
            for name, side in zip(("old", "new"), self.records, strict=True)
        )
        rows = self.changes.join(old, left_on="left", right_on="n", how="left").join(
            new, left_on="right", right_on="n", how="left", maintain_order="left"
        )
        rows = _with_twins(rows) if self.key else rows.with_columns(twin=pl.lit(None, pl.String))
        return (
            rows.with_columns(
                key=pl.coalesce("old_key", "new_key"),
                old_document=_hex(rows["old_doc_hi"], rows["old_doc_lo"]),
                new_document=_hex(rows["new_doc_hi"], rows["new_doc_lo"]),
            )
            .select(*ROWS)
            .to_arrow()
        )


def diff(
    store: Store,
    old: str,
    new: str,
    *,
    by: str | None = None,
    near: bool = False,
) -> Diff:
    """Compare two snapshots: by content, or by the role ``by`` (url, id or path).

    Without a key a record is the same if its content is. With one, a record is the same under
    the same key, and edited if its content is another; records without that key go by content.
    ``near`` pairs what is left of both sides by near-copies. UsageError for an unknown name or
    a key that no record has.
    """
    if by is not None and by not in KEYS:
        raise UsageError(f"{by!r} is no key", hint=f"keys: {', '.join(KEYS)}")
    return _Diff(store, old, new, by, near).answer()


class _Diff:
    """Two snapshots as frames of records, and the pairs that were found so far."""

    def __init__(self, store: Store, old: str, new: str, by: str | None, near: bool) -> None:
        self.store = store
        self.by = by
        self.near = near
        found = [find_snapshot(store, name) for name in (old, new)]
        self.roots = [str(one.root) for one in found]
        held = contents(store, self.roots)
        self.shards = [held.get(root, ()) for root in self.roots]
        self.names = [f"{one.dataset}@{one.label}" for one in found]
        self.frames = [self._frame(shards) for shards in self.shards]
        keyed = [int(frame["key"].is_not_null().sum()) for frame in self.frames]
        if by is not None and not any(keyed) and any(frame.height for frame in self.frames):
            raise UsageError(f"no record has a {by}", hint="leave out --by, or read it with --role")
        self.keyed = (keyed[0], keyed[1])

    def _frame(self, shards: Sequence[Content]) -> pl.DataFrame:
        """Records: n, shard, record, ``DOC``, ``NORM``, shingles, source, key, bands if needed."""
        key = [] if self.by is None else [str(self.by)]
        columns = ["record", "row", *DOC, *NORM, "shingles", "source", *key]
        rows = documents_of(shards, [*columns, *(NEAR if self.near else ())])
        named = pl.col(key[0]) if key else pl.lit(None, dtype=pl.String)
        return rows.with_columns(key=named).with_row_index("n")

    def answer(self) -> Diff:
        """Pair records, and tell what became of each."""
        old, new = self.frames
        same = self._same()
        left = [self._rest(old, same, "left"), self._rest(new, same, "right")]
        edits = matched(left[0], left[1], ["key"]).with_columns(
            similarity=pl.lit(None, dtype=pl.Float64)
        )
        if self.near:
            rest = [self._rest(left[0], edits, "left"), self._rest(left[1], edits, "right")]
            edits = pl.concat([edits, matched_near(rest[0], rest[1])])
        gone, come = self._rest(left[0], edits, "left"), self._rest(left[1], edits, "right")
        moved = same.filter(pl.col("moved"))
        changes = self._with_reasons(
            pl.concat(
                [
                    _listed(Change.MOVED, moved),
                    _listed(Change.EDITED, edits),
                    _listed(Change.REMOVED, gone.select(left="n")),
                    _listed(Change.ADDED, come.select(right="n")),
                ]
            )
        )
        counts = {
            Change.UNCHANGED: same.height - moved.height,
            Change.MOVED: moved.height,
            Change.EDITED: edits.height,
            Change.REMOVED: gone.height,
            Change.ADDED: come.height,
        }
        return Diff(
            self._side(0),
            self._side(1),
            self.by,
            self.keyed,
            counts,
            _by_reason(changes),
            changes,
            (self._told(0), self._told(1)),
        )

    def _same(self) -> pl.DataFrame:
        """Pairs of like content (and key): ``left``, ``right``, ``moved``; in their place first."""
        old, new = self.frames
        paths = tuple([shard.path for shard in shards] for shards in self.shards)
        home = homes(old, new, (paths[0], paths[1]))
        places = pl.Series(home, dtype=pl.Int64).gather(old["shard"]) if len(home) else None
        old = old.with_columns(place=pl.lit(-1) if places is None else places)
        new = new.with_columns(place=pl.col("shard").cast(pl.Int64))
        found = []
        for keyed in (True, False):
            has = pl.col("key").is_not_null() == keyed
            sides = old.filter(has), new.filter(has)
            on = [*DOC, "key"] if keyed else DOC
            stayed = matched(sides[0], sides[1], [*on, "place"])
            rest = self._rest(sides[0], stayed, "left"), self._rest(sides[1], stayed, "right")
            found += [
                stayed.with_columns(moved=pl.lit(False)),
                matched(rest[0], rest[1], on).with_columns(moved=pl.lit(True)),
            ]
        return pl.concat(found)

    def _rest(self, frame: pl.DataFrame, pairs: pl.DataFrame, side: str) -> pl.DataFrame:
        return frame.join(pairs, left_on="n", right_on=side, how="anti")

    def _told(self, number: int) -> pl.DataFrame:
        """Where each record lies: n, shard (its path), record, ``DOC``, key."""
        paths = [shard.path for shard in self.shards[number]]
        rows = self.frames[number].select("n", "shard", "record", *DOC, "key")
        return rows.with_columns(shard=pl.Series(paths, dtype=pl.String).gather(rows["shard"]))

    def _side(self, number: int) -> Side:
        shards = self.shards[number]
        return Side(
            self.names[number],
            self.roots[number],
            self.frames[number].height,
            sum(shard.quarantined for shard in shards),
            sum(shard.status != "scanned" for shard in shards),
        )

    def _with_reasons(self, changes: pl.DataFrame) -> pl.DataFrame:
        """Changes with why, where the old record or a run tells."""
        source = next(
            (s.source for s in snapshot_names(self.store) if str(s.root) == self.roots[0]), None
        )
        old, new = map(Compared, self.roots, self.shards)
        reasons = Reasons.of(self.store, old, new, source)
        records = self.frames[0].select("n", "shard", "row", "source", *DOC)
        rows = changes.join(
            records, left_on="left", right_on="n", how="left", maintain_order="left"
        )
        why = reasons.give(rows, self.shards[0])
        new_only = pl.lit(reasons.run or UNKNOWN)
        reason = pl.when(pl.col("left").is_null()).then(new_only).otherwise(why)
        return changes.with_columns(reason=reason)


def _listed(change: Change, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs, of which one side may be missing, as rows of ``CHANGES``."""
    missing = [name for name in ("left", "right", "similarity") if name not in pairs.columns]
    none = {name: pl.lit(None, dtype=CHANGES[name]) for name in missing}
    rows = pairs.with_columns(**none).sort("left", "right", nulls_last=True)
    return rows.with_columns(change=pl.lit(str(change))).select(*CHANGES)


def _by_reason(changes: pl.DataFrame) -> dict[tuple[Change, str], int]:
    """Records by change and kind of reason: the first word of it."""
    kinds = changes.with_columns(pl.col("reason").str.split(" ").list.first())
    counts = {row[:2]: row[2] for row in kinds.group_by("change", "reason").len().iter_rows()}
    out = {}
    for change in Change:
        for kind in ORDER:
            if (str(change), kind) in counts:
                out[change, kind] = counts[str(change), kind]
    return out


def _with_twins(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with ``twin``: of what went, the key under which the same content came, and back."""
    gone, come = (
        rows.filter(pl.col("change") == str(change))
        .select(key=pl.col(f"{side}_key"), doc_hi=f"{side}_doc_hi", doc_lo=f"{side}_doc_lo")
        .unique(DOC, keep="first", maintain_order=True)
        for change, side in ((Change.REMOVED, "old"), (Change.ADDED, "new"))
    )
    for side, other, name in (("old", come, "went"), ("new", gone, "came")):
        on = [f"{side}_{half}" for half in DOC]
        twins = other.rename({"key": name})
        rows = rows.join(twins, left_on=on, right_on=DOC, how="left", maintain_order="left")
    change = pl.col("change")
    return rows.with_columns(
        twin=pl.when(change == str(Change.REMOVED))
        .then("went")
        .when(change == str(Change.ADDED))
        .then("came")
    )


def _hex(high: pl.Series, low: pl.Series) -> pl.Series:
    """128 bits as 32 hex digits; null where there is no document."""
    pairs = zip(high.to_list(), low.to_list(), strict=True)
    texts = [None if one is None else identity_name(one, two) for one, two in pairs]
    return pl.Series(texts, dtype=pl.String)
