"""Changes that are strange in themselves, counted: what one of them proves little, fifty do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scanners.drift.kinds import LEAST_TOKENS, Changes, Kind
from scanners.drift.links import Hunks, Stream
from scanners.drift.places import Places
from scanners.drift.units import U64, looked_up
from scanners.statistics import binomial_tail

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

LEVELS = (0.05, 0.01, 0.002)
"""Shares of older texts that are at least so strange; the one that tells most is taken."""

LEAST_CONTROLS = 50
"""Older texts without which it is unknown what is strange."""

SAMPLE = 2000
"""Older texts whose own strangeness is the null."""

NOISE, FOREIGN = "noise", "foreign"
EFFECTS = 2


@dataclass(frozen=True)
class Effect:
    """Changed documents (``rows``) of one effect, with a place in each, and a corrected ln p."""

    name: str
    rows: I64
    first: I64
    last: I64
    level: float
    limit: float
    trials: int
    independent: float
    ln_p: float


def novelty_keys(parts: Hunks, told: Changes) -> U64:
    """Links whose document frequency tells what is foreign; none if nothing was replaced."""
    if not told.count(Kind.REPLACED):
        return np.empty(0, np.uint64)
    newer, older = parts.newer, parts.older
    replaced = (told.kind == int(Kind.REPLACED))[newer.owner]
    keys = np.concatenate([newer.links[replaced], older.links[older.owner < SAMPLE]])
    return np.unique(keys[keys != 0])


def noise(parts: Hunks, places: Places, inserted: I64, whole: I64) -> Effect | None:
    """Pieces whose bytes follow each other as in no text: random letters, encoded data.

    ``inserted`` int64[n] and ``whole`` int64[n] are the costliest windows of what was inserted
    into each document, and of its older text: the null. 0 is no window.
    """
    rank = np.argsort(-parts.sizes, kind="stable")
    largest = np.full(len(inserted), -1, np.int64)
    largest[parts.owner[rank[::-1]]] = rank[::-1]
    return _counted(NOISE, inserted.astype(float), whole[whole > 0].astype(float), places,
                    (parts.first[largest], parts.last[largest]))  # fmt: skip


def foreign(parts: Hunks, told: Changes, places: Places, known: U64, df: I64) -> Effect | None:
    """Documents replaced by text that is not only about something else, but unlike the corpus.

    What is counted is the share of links that no document of the older snapshot has; the null
    is the share of links of each older text that no other document has.
    """
    newer, older = parts.newer, parts.older
    replaced = told.kind == int(Kind.REPLACED)
    if not replaced.any():
        return None
    scores = np.where(replaced, _novelty(newer, known, df, 0), -1.0)
    control = _novelty(older, known, df, 1)[: min(SAMPLE, len(replaced))]
    starts, ends = newer.offsets[:-1] + 1, np.maximum(newer.offsets[1:] - 2, 1)
    return _counted(FOREIGN, scores, control[control >= 0], places, (starts, ends))


def _novelty(stream: Stream, known: U64, df: I64, most: int) -> F64:
    """Share of links that ``most`` documents hold, or fewer; -1 for short texts."""
    links = stream.links
    inner = links != 0
    rare = inner & (looked_up(links, known, df) <= most)
    n = len(stream.offsets) - 1
    total = np.bincount(stream.owner[inner], minlength=n)
    share = np.bincount(stream.owner[rare], minlength=n) / np.maximum(total, 1)
    return np.where(total >= LEAST_TOKENS, share, -1.0)


def _counted(
    name: str, scores: F64, control: F64, places: Places, spans: tuple[I64, I64]
) -> Effect | None:
    """Whether more documents than chance are beyond a level of the null."""
    if len(control) < LEAST_CONTROLS:
        return None
    best: Effect | None = None
    for level in LEVELS:
        limit = float(np.quantile(control, 1 - level, method="higher"))
        rows = np.flatnonzero(scores > limit)
        if not len(rows):
            continue
        independent = places.independent(rows)
        hits = np.array([math.floor(independent)], np.float64)
        # A limit that was estimated from few texts may lie lower than it should.
        rate = level + 1 / len(control)
        trials = np.array([np.count_nonzero(scores >= 0)], np.float64)
        ln_p = float(binomial_tail(hits, trials, rate)[0]) + math.log(EFFECTS * len(LEVELS))
        if best is None or ln_p < best.ln_p:
            best = Effect(
                name, rows, spans[0][rows], spans[1][rows], level, limit, int(trials[0]),
                independent, min(ln_p, 0.0),
            )  # fmt: skip
    return best
