"""How tight a cluster is, and how its evidence is written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from scanners.duplicates.floods import Flood
from scanners.duplicates.sketches import Sketches

I64 = npt.NDArray[np.int64]
Statistics = dict[str, int | float | str]

PAIRWISE = 512
"""Diameter and mean similarity are over all pairs of so many members, evenly spaced."""

MEMBERS = 1000
"""Members that a summary names; its statistics count all."""


def tightness(medoid: int, members: I64, sketches: Sketches) -> Statistics:
    """Diameter and mean similarity over pairs, radius over distances to the medoid."""
    step = -(-len(members) // PAIRWISE)
    sample = members[::step]
    pairs = sketches.all_pairs(sample)[np.triu_indices(len(sample), k=1)]
    to_medoid = sketches.to_one(medoid, members)
    return {
        "radius": round(1 - float(to_medoid.min()), 4),
        "diameter": round(1 - float(pairs.min()), 4) if len(pairs) else 0.0,
        "mean_similarity": round(float(pairs.mean()), 4) if len(pairs) else 1.0,
        "members_compared_pairwise": len(sample),
    }


def origin_statistics(flood: Flood) -> Statistics:
    """Why the size is anomalous, and how the group sits in place and time."""
    result: Statistics = {"groups_like_this_expected": significant(flood.expected)}
    if flood.place is not None:
        result |= {
            "place": flood.place.name,
            "place_share": round(flood.place.share, 4),
            "place_share_of_corpus": significant(flood.place.base),
            "place_p_corrected": significant(flood.place.p),
            "distinct_places": flood.places,
        }
    if flood.first is not None and flood.last is not None:
        result |= {
            "first": moment(flood.first),
            "last": moment(flood.last),
            "span_hours": flood.last - flood.first + 1,
        }
    if flood.time is not None:
        result |= {
            "fullest_window": f"{flood.time.width} hours from {moment(flood.time.start)}",
            "window_share": round(flood.time.share, 4),
            "window_share_of_corpus": significant(flood.time.base),
            "window_p_corrected": significant(flood.time.p),
        }
    return result


def where(flood: Flood) -> str:
    """The concentration in words, for a title; empty when there is none."""
    words = ""
    if flood.place is not None and flood.place.share >= 0.5:
        words += f", {flood.place.share:.0%} from {flood.place.name}"
    if flood.time is not None and flood.time.share >= 0.5:
        words += f", {flood.time.share:.0%} within {flood.time.width} hours"
    return words


def moment(hour: int) -> str:
    """An hour since 1970-01-01 in ISO 8601."""
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    return when.strftime("%Y-%m-%dT%H:00")


def significant(value: float) -> float:
    """Three significant digits: enough for a reader, and the same on every machine."""
    return float(f"{value:.2e}")


def listed(names: Sequence[str]) -> tuple[str, ...]:
    """Members of a summary: sorted, the smallest ``MEMBERS`` identities of what may be most."""
    return tuple(sorted(names)[:MEMBERS])
