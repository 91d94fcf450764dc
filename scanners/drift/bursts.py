"""Many documents of one place within a short time, with a second sign that they were made."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.model import identity_name
from lineage.times import hours
from scanners.drift.counts import excess_ln_p
from scanners.duplicates.origins import Kind, documents, placed
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
    rounded,
)
from scanners.severity import Confidence, Consequence
from scanners.statistics import binomial_tail

LEAST = 20
"""Fewest documents of a burst."""

LEAST_DAYS = 14
"""Days of history without which a place is new, and its own rate unknown."""

SIGNIFICANT = 1e-3
MOST_BURSTS = 1000
BANDS = 4
"""Bands that are looked at for near-copies; each finds the nearest ones by itself."""

_LOW_HALF = 0xFFFFFFFF
_PLACE = {"kind": pl.UInt8, "origin": pl.UInt64}
DAYS_SCHEMA = Schema(
    {**_PLACE, "day": pl.Int32},
    {"documents": (pl.UInt32, Fold.SUM), "name": (pl.String, Fold.MIN)},
)
COPIES_SCHEMA = Schema(
    {"burst": pl.UInt32, "inside": pl.Boolean, "band": pl.UInt8, "key": pl.UInt64},
    {
        "documents": (pl.UInt32, Fold.SUM),
        "least": (pl.UInt32, Fold.MIN),
        "most": (pl.UInt32, Fold.MAX),
    },
)
MEMBERS_SCHEMA = Schema({"burst": pl.UInt32, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64})


def _dated(records: pl.DataFrame) -> pl.DataFrame:
    """Documents with a time: columns of ``records``, ``day`` and each place they have."""
    rows = documents(records).with_columns(day=(hours("timestamp") // 24).cast(pl.Int32))
    return placed(rows.filter(pl.col("day").is_not_null()))


class DaysObserver(Observer):
    """Documents of each place and day."""

    def __init__(self, plan: Plan) -> None:
        del plan
        self._parts = [pl.DataFrame(schema=DAYS_SCHEMA.columns)]

    def see_records(self, records: pl.DataFrame) -> None:
        """Count the documents among these rows."""
        counts = (
            _dated(records)
            .group_by("kind", "origin", "day")
            .agg(documents=pl.len().cast(pl.UInt32), name=pl.col("name").min())
        )
        self._parts.append(counts.select(*DAYS_SCHEMA.columns))

    def observation(self) -> pl.DataFrame:
        """Columns of ``DAYS_SCHEMA``."""
        return pl.concat(self._parts)


class CopiesObserver(Observer):
    """Band keys of the places that had a burst: inside of it, and outside.

    The plan lists bursts: ``kind``, ``origin``, ``day``.
    """

    schema: ClassVar[Schema] = COPIES_SCHEMA

    def __init__(self, plan: Plan) -> None:
        arrays = {name: plan.arrays[name] for name in ("kind", "origin", "day")}
        bursts = pl.DataFrame(arrays).with_columns(
            pl.col("kind").cast(pl.UInt8),
            pl.col("origin").cast(pl.UInt64),
            burst_day=pl.col("day").cast(pl.Int32),
        )
        self._bursts = bursts.drop("day").with_row_index("burst")
        self._parts = [pl.DataFrame(schema=self.schema.columns)]

    def see_records(self, records: pl.DataFrame) -> None:
        """Take the documents of these places."""
        rows = _dated(records).join(self._bursts, on=["kind", "origin"])
        self._take(rows.with_columns(inside=pl.col("day") == pl.col("burst_day")))

    def _take(self, rows: pl.DataFrame) -> None:
        rows = rows.filter(pl.col("shingles") > 0)
        piece = (pl.col("doc_lo") & _LOW_HALF).cast(pl.UInt32)
        for band in range(BANDS):
            keyed = rows.select(
                "burst",
                "inside",
                band=pl.lit(band, dtype=pl.UInt8),
                key=pl.col(f"band_{band:02}"),
                piece=piece,
            )
            self._parts.append(
                keyed.group_by(*self.schema.keys).agg(
                    documents=pl.len().cast(pl.UInt32),
                    least=pl.col("piece").min(),
                    most=pl.col("piece").max(),
                )
            )

    def observation(self) -> pl.DataFrame:
        """Columns of the component's schema."""
        return pl.concat(self._parts)


class MembersObserver(CopiesObserver):
    """Documents of each burst."""

    schema: ClassVar[Schema] = MEMBERS_SCHEMA

    def _take(self, rows: pl.DataFrame) -> None:
        inside = rows.filter(pl.col("inside")).select(*self.schema.keys).unique()
        self._parts.append(inside)


DAYS = Component("burst-days1", Input.RECORDS, DAYS_SCHEMA, DaysObserver)
COPIES = Component("burst-copies1", Input.RECORDS, COPIES_SCHEMA, CopiesObserver)
MEMBERS = Component("burst-members1", Input.RECORDS, MEMBERS_SCHEMA, MembersObserver)


class Bursts(Scanner):
    """Many documents of one place within a day, and near-copies among them.

    What it finds. A source, path or host with more documents in one day than its other days
    explain (negative binomial with mean and variance of those up to their 95 % quantile,
    Bonferroni over all places and days); places with under 14 days of history are new, and any
    day of at least 20 documents is looked at. A burst alone is no alarm: forums have big days,
    crawls have days.
    The second sign is near-copies: more documents of the day share a MinHash band with
    another than such documents of the place's other days do, or of all bursts where the place
    is new (binomial, Bonferroni over bursts). Bursts without it are one summary.

    Why it matters. Poison is often made in one go and put in one place, in copies with small
    differences.

    Not seen: what is dealt out over several days, and less of what falls on both sides of a
    midnight (UTC), for days are counted as they are written.

    Known false positives. A bot that begins to post its daily report, a discussion thread
    that is opened many times in a day, a re-import.

    What to do. Read three members. Ask what opened that day, and who wrote them.
    """

    code: ClassVar[str] = "BST001"
    name: ClassVar[str] = "bursts"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((DAYS,), (COPIES, MEMBERS))

    def __init__(self) -> None:
        self._bursts = pl.DataFrame()

    def plan(self, number: int, observed: Observed) -> Plan:
        """Days, then the documents of those that stand out."""
        if number == 0:
            return Plan()
        self._bursts = _bursts(observed[DAYS.name])
        names = ("kind", "origin", "day")
        return Plan(arrays={name: self._bursts[name].to_numpy() for name in names})

    def judge(self, observed: Observed) -> list[Finding]:
        """Bursts with near-copies, then a summary of the others."""
        if not len(self._bursts):
            return []
        signs = _signs(observed[COPIES.name], self._bursts["new"].to_numpy())
        rows = self._bursts.with_row_index("burst").join(
            signs, on="burst", how="left", maintain_order="left"
        )
        made = rows.filter(pl.col("ln_p") <= math.log(SIGNIFICANT))
        members = observed[MEMBERS.name]
        findings = [_finding(row, members) for row in made.iter_rows(named=True)]
        kept: list[Finding] = []
        for finding in sorted(findings, key=lambda one: one.order):
            mine = set(finding.members)
            if not any(2 * len(mine & set(other.members)) > len(mine) for other in kept):
                kept.append(finding)
        return [*kept, _summary(rows.height, made.height)]


def _bursts(days: pl.DataFrame) -> pl.DataFrame:
    """Columns kind, origin, day, name, documents, new: bursts, least likely first."""
    out = []
    tries = max(days.height, 1)
    for place in days.sort("kind", "origin", "day").partition_by("kind", "origin"):
        counts = place["documents"].to_numpy().astype(np.int64)
        if counts.max() < LEAST:
            continue
        first, last = place["day"][0], place["day"][-1]
        every = np.zeros(last - first + 1, np.int64)
        every[place["day"].to_numpy() - first] = counts
        new = len(every) <= LEAST_DAYS
        for at in np.flatnonzero(counts >= LEAST):
            others = np.delete(every, place["day"][int(at)] - first)
            # Its other big days shall not hide one that was made: the second sign decides.
            others = others[others <= np.quantile(others, 0.95)] if len(others) else others
            ln_p = -math.inf if new else excess_ln_p(int(counts[at]), others) + math.log(tries)
            if ln_p <= math.log(SIGNIFICANT):
                row = place.row(int(at), named=True)
                out.append({**row, "new": new, "burst_ln_p": max(ln_p, -700.0)})
    schema = {**DAYS_SCHEMA.columns, "new": pl.Boolean, "burst_ln_p": pl.Float64}
    order = ["burst_ln_p", "documents", "kind", "origin", "day"]
    found = pl.DataFrame(out, schema=schema)
    return found.sort(order, descending=[False, True, False, False, False]).head(MOST_BURSTS)


def _signs(copies: pl.DataFrame, new: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """By burst: near-copies, documents, usual share, and the corrected ln p of a second sign."""
    several = pl.col("least") != pl.col("most")
    by_band = copies.group_by("burst", "inside", "band").agg(
        seen=pl.col("documents").sum().cast(pl.Int64),
        near=pl.col("documents").filter(several).sum().cast(pl.Int64),
    )
    sides = by_band.group_by("burst", "inside").agg(pl.col("seen", "near").max())
    inside = sides.filter(pl.col("inside")).drop("inside")
    # The other days of a new place may be of the same making.
    fresh = pl.Series(np.flatnonzero(new).astype(np.uint32))
    old = ~pl.col("burst").is_in(fresh.implode())
    outside = sides.filter(~pl.col("inside") & old).drop("inside")
    both = inside.join(outside, on="burst", how="left", suffix="_other").fill_null(0).sort("burst")
    near, seen = both["near"].to_numpy(), both["seen"].to_numpy()
    # The upper quartile of all bursts: what a burst is like, where its place cannot tell.
    usual = float(np.quantile(near / seen, 0.75)) if len(seen) else 0.0
    prior = 10.0
    rate = (both["near_other"].to_numpy() + prior * usual + 0.5) / (
        both["seen_other"].to_numpy() + prior + 1
    )
    rate = np.minimum(rate, 1 - 1e-9)
    ln_p = binomial_tail(near.astype(float), seen.astype(float), rate) + math.log(max(len(new), 1))
    return both.with_columns(ln_p=pl.Series(np.minimum(ln_p, 0.0)), rate=pl.Series(rate))


def _finding(row: dict[str, object], members: pl.DataFrame) -> Finding:
    docs = members.filter(pl.col("burst") == row["burst"]).select("doc_hi", "doc_lo")
    place = f"{Kind(int(str(row['kind']))).name.lower()} {row['name']}"
    date = str(np.datetime64(int(str(row["day"])), "D"))
    ln_p = float(str(row["ln_p"]))
    return Finding(
        code=Bursts.code,
        key=f"{place} {date}",
        title=f"{row['documents']:,} documents of {place} in one day, near-copies among them",
        consequence=Consequence.DISTORTION,
        confidence=Confidence.LIKELY,
        strength=round(-1000 * ln_p),
        members=tuple(sorted(identity_name(high, low) for high, low in docs.iter_rows())),
        statistics={
            "place": place,
            "day": date,
            "near-copies": int(str(row["near"])),
            "usual share": rounded(float(str(row["rate"]))),
            "new place": str(row["new"]).lower(),
            "log10 p of near-copies, corrected": rounded(ln_p / math.log(10)),
        },
    )


def _summary(bursts: int, made: int) -> Finding:
    return Finding(
        code=Bursts.code,
        key="bursts",
        title=f"{bursts - made:,} bursts of places and days without a second sign",
        consequence=Consequence.NUISANCE,
        confidence=Confidence.UNCORRECTED,
        strength=bursts,
        members=(),
        statistics={"bursts": bursts, "with near-copies": made},
    )
