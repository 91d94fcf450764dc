"""One new string, inserted into many documents that have nothing else in common."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scanners.drift.links import END, START, Hunks
from scanners.drift.places import Places
from scanners.drift.units import U64, Unit, units, witnesses

I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LEAST_CONTROLS = 10
"""Where the corpus's own changes have fewer recurring strings, so many of one witness each are
assumed beside them."""

LEADS_BY_CHANCE = 1.0
LISTED = 50


@dataclass(frozen=True)
class Inserted:
    """A string, its places, and how many natural ones with so many witnesses are expected.

    ``whole``: the documents were replaced by it, rather than it put into them.
    """

    first: I64
    last: I64
    rows: I64
    alone: int
    witnesses: float
    by_chance: float
    whole: bool

    @property
    def tokens(self) -> int:
        """Length of the string."""
        return int(self.last[0] - self.first[0] + 1)


def inserted(parts: Hunks, places: Places, known: U64, df: I64) -> list[Inserted]:
    """Strings with more independent witnesses than the corpus's other changes explain.

    A recurring string of natural origin is a template's, a topic's or one editor's: it comes
    in the same company, in place of the same string, or in one corner. Its witnesses beyond
    the first are few, and their number falls about exponentially; the scale is that of all
    other strings (median and 90th percentile, the larger, at least 1). Strings that share most
    of their documents are one, and no control of each other.
    """
    whole = _whole(parts)
    seen = [_measured(unit, parts, places, whole) for unit in units(parts, known, df)]
    scored = [_scored(number, seen) for number in range(len(seen))]
    scored = [one for one in scored if one.by_chance <= LEADS_BY_CHANCE]
    scored.sort(key=lambda one: (one.by_chance, -len(one.rows), int(one.first[0])))
    kept: list[Inserted] = []
    for one in scored:
        if not any(_overlap(one.rows, other.rows) for other in kept):
            kept.append(one)
    return kept[:LISTED]


def _whole(parts: Hunks) -> Mask:
    """bool[h]: hunks that are all of a document."""
    tokens = parts.newer.tokens
    found: Mask = (tokens[parts.first - 1] == START) & (tokens[parts.last + 1] == END)
    return found


def _measured(unit: Unit, parts: Hunks, places: Places, whole: Mask) -> Inserted:
    hunk = parts.of[unit.first]
    alone, different = witnesses(unit, parts, whole)
    rows = parts.newer.owner[unit.first]
    count = min(float(different), places.independent(rows[alone])) if len(alone) else 0.0
    return Inserted(
        unit.first, unit.last, rows, len(alone), count, math.inf, bool(np.mean(whole[hunk]) > 0.5)
    )


def _scored(number: int, seen: list[Inserted]) -> Inserted:
    one = seen[number]
    controls = [other.witnesses for other in seen if not _overlap(other.rows, one.rows)]
    controls += [1.0] * max(LEAST_CONTROLS - len(controls), 0)
    middle, far = np.quantile(controls, [0.5, 0.9])
    scale = max(1.0, middle / math.log(2), far / math.log(10))
    by_chance = 2 * (len(seen) + LEAST_CONTROLS) * math.exp(-max(one.witnesses - 1, 0) / scale)
    return Inserted(one.first, one.last, one.rows, one.alone, one.witnesses, by_chance, one.whole)


def _overlap(first: I64, second: I64) -> bool:
    shared = len(np.intersect1d(first, second))
    return 2 * shared > min(len(first), len(second))
