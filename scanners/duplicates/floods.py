"""Groups of copies that are too large for their corpus, and how sure that makes us.

Both scanners of this folder judge alike. A group is anomalous when its size is unexplained
twice: by the groups of its stratum of text length (at most ``EXPECTED`` such groups are
expected in the corpus: Bonferroni over all groups), and by the groups of each place that
holds most of it (at most ``VETO``; a source full of templates explains its own). Groups are
tested for concentration in place and time, corrected for their number. For a group that is
concentrated, the groups expected are those as large *and* sitting together as closely, the
share of the latter taken from the corpus itself (``peers.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.duplicates.concentration import Concentration, in_place, in_time, strongest
from scanners.duplicates.origins import PLACES, Kind
from scanners.duplicates.peers import Peers
from scanners.duplicates.sizes import (
    DOUBT_BY_PLACE,
    strata_of,
    surprise,
    surprise_by_stratum,
)
from scanners.severity import Confidence

I64 = npt.NDArray[np.int64]

EXPECTED = 0.01
"""Anomalous: no more groups like this than so many are expected in the whole corpus."""

SUSPECT = 1.0
"""Groups of which so many are expected by size alone are looked at."""

MOST_SUSPECTS = 1000

VETO = 0.05
"""Explained by its place: at least this many groups of this size are expected there."""

CONCENTRATED = 0.01
"""Corrected p-value at which a group counts as concentrated."""

MOST = 0.5
"""Share of a group that its main place or window must hold."""

LISTED = 50
"""Floods that become findings of their own; a summary counts the rest."""


@dataclass(frozen=True)
class Groups:
    """g groups of copies: ``size`` int64[g] in members, ``length`` int64[g] in words.

    ``origins`` has a row for each group and origin: group (Int64), kind, origin, weight (Int64,
    members that were seen there), name.
    """

    size: I64
    length: I64
    origins: pl.DataFrame


@dataclass(frozen=True)
class Flood:
    """One anomalous group: its number, how many like it are expected, and where it sits.

    ``places`` counts the distinct places of the kind that ``place`` names.
    """

    group: int
    expected: float
    place: Concentration | None
    time: Concentration | None
    places: int
    first: int | None
    last: int | None

    @property
    def confidence(self) -> Confidence:
        """Likely when concentrated in all that the records tell; certain when that is two.

        Size alone has many natural causes (boilerplate, syndication): possible.
        """
        told = [concentrated(one) for one in (self.place, self.time) if one is not None]
        if not told or not all(told):
            return Confidence.POSSIBLE
        return Confidence.CERTAIN if len(told) > 1 else Confidence.LIKELY


def concentrated(found: Concentration) -> bool:
    """Whether most members are there, and that is no chance."""
    return found.share >= MOST and found.p <= CONCENTRATED


def judged(groups: Groups, base: pl.DataFrame) -> list[Flood]:
    """The anomalous groups, surest and largest first. ``base`` has the rows of ``origins.BASE``."""
    if len(groups.size) == 0:
        return []
    expected = expected_as_large(groups.size, groups.length)
    order = np.argsort(expected, kind="stable")[:MOST_SUSPECTS]
    order = order[expected[order] <= SUSPECT]
    main = _main_places(groups.origins)
    suspects = [one for one in order.tolist() if not _explained(one, groups.size, main)]
    if not suspects:
        return []
    peers = Peers.of(len(groups.size), main, groups.origins)
    corpus = _Corpus.of(base)
    found = []
    for one in suspects:
        flood = _flood(one, float(expected[one]), groups, corpus, len(suspects))
        if flood.confidence > Confidence.POSSIBLE:
            flood = replace(flood, expected=flood.expected * peers.share(one))
        if flood.expected <= EXPECTED:
            found.append(flood)
    return sorted(found, key=lambda one: (-one.confidence, -int(groups.size[one.group]), one.group))


def expected_as_large(size: I64, length: I64) -> npt.NDArray[np.float64]:
    """How many groups as large as each the corpus's other groups of its length let expect."""
    return surprise_by_stratum(size, strata_of(length)) * len(size)


def _main_places(origins: pl.DataFrame) -> pl.DataFrame:
    """Per group and kind of place the one place that holds at least half: group, kind, origin."""
    return (
        origins.filter(pl.col("kind") < int(Kind.HOUR))
        .with_columns(total=pl.col("weight").sum().over("group", "kind"))
        .filter(pl.col("weight") * 2 >= pl.col("total"))
        .sort("group", "kind", "weight", "origin", descending=[False, False, True, False])
        .unique(["group", "kind"], keep="first", maintain_order=True)
        .select("group", "kind", "origin")
    )


def _explained(group: int, sizes: I64, main: pl.DataFrame) -> bool:
    """Whether the group's main place has groups that let this one expect."""
    for kind, origin in main.filter(pl.col("group") == group).select("kind", "origin").rows():
        same = main.filter((pl.col("kind") == kind) & (pl.col("origin") == origin))
        part = np.zeros(len(sizes), dtype=np.bool_)
        part[same["group"].to_numpy()] = True
        own = surprise(sizes, part, DOUBT_BY_PLACE)[group]
        if own * int(part.sum()) > VETO:
            return True
    return False


@dataclass(frozen=True)
class _Corpus:
    """Base rates: records per place, of each kind, and per hour."""

    places: dict[tuple[int, int], int]
    totals: dict[int, int]
    distinct: dict[int, int]
    hours: I64
    records: I64

    @classmethod
    def of(cls, base: pl.DataFrame) -> _Corpus:
        hours = base.filter(pl.col("kind") == int(Kind.HOUR)).sort("origin")
        places = base.filter(pl.col("kind") < int(Kind.HOUR))
        sums = places.group_by("kind").agg(pl.col("records").cast(pl.Int64).sum(), n=pl.len())
        return cls(
            places={(kind, origin): n for kind, origin, n in places.rows()},
            totals=dict(sums.select("kind", "records").rows()),
            distinct=dict(sums.select("kind", "n").rows()),
            hours=hours["origin"].cast(pl.Int64).to_numpy(),
            records=hours["records"].cast(pl.Int64).to_numpy(),
        )


def _flood(group: int, expected: float, groups: Groups, corpus: _Corpus, tries: int) -> Flood:
    rows = groups.origins.filter(pl.col("group") == group)
    places = [found for kind in PLACES if (found := _place(kind, rows, corpus, tries)) is not None]
    place = strongest([found for found, _ in places])
    told = rows.filter(pl.col("kind") == int(Kind.HOUR)).sort("origin")
    hours = np.repeat(
        told["origin"].cast(pl.Int64).to_numpy(), told["weight"].cast(pl.Int64).to_numpy()
    )
    timed = 2 * len(hours) >= groups.size[group] and len(corpus.hours) > 1
    return Flood(
        group=group,
        expected=expected,
        place=place,
        time=in_time(hours, corpus.hours, corpus.records, tries) if timed else None,
        places=next((count for found, count in places if found is place), 0),
        first=int(hours[0]) if len(hours) else None,
        last=int(hours[-1]) if len(hours) else None,
    )


def _place(
    kind: Kind, rows: pl.DataFrame, corpus: _Corpus, tries: int
) -> tuple[Concentration, int] | None:
    """Concentration in the main place of one kind; None where the kind tells nothing."""
    seen = rows.filter(pl.col("kind") == int(kind))
    if len(seen) == 0 or corpus.distinct.get(int(kind), 0) < 2:
        return None
    top = seen.sort("weight", "origin", descending=[True, False]).row(0, named=True)
    share = corpus.places[(int(kind), top["origin"])] / corpus.totals[int(kind)]
    name = f"{kind.name.lower()} {top['name']}"
    tries *= sum(corpus.distinct.values())
    found = in_place(name, top["weight"], int(seen["weight"].sum()), share, tries)
    return found, len(seen)
