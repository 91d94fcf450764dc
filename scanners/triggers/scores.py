"""Two questions to each candidate: does text turn strange behind it, is it spread by hand?"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.statistics import F64, binomial_tail, expected_by_chance, robust_z
from scanners.triggers.candidates import most_silent

LEAST_HELD = 8
"""Occurrences between two neighbours from which on excision says anything."""

LEAST_KNOWN = 5
"""Documents of known group from which on the number of groups says anything."""

STRETCH, LEAST_CHOSEN = 0.75, 5000
"""Robust z of excision from which on a candidate's surroundings are looked at; at least so many
candidates are, the best of them."""

LEAST_CONTROLS = 50
"""Controls of about the same document frequency that make a null."""

CONTROLS = 300
"""Candidates a frequency class whose surroundings are looked at as the null."""

MOST_TURNING = 2000
"""Candidates whose surroundings are looked at because text turns strange behind them."""

LEAST_SHARE = 0.3
"""Share of documents with a turn from which on a candidate is looked at."""

_PRIME, _SPREAD = 0x9E3779B1, 0x85EBCA77


def turning_rate(table: pl.DataFrame) -> float:
    """Chance that text turns strange behind one occurrence of a candidate."""
    return max(float(table["turns"].sum()) / max(float(table["occ"].sum()), 1.0), 1e-6)


def turning_ln_p(hits: F64, trials: F64, chances: F64, rate: float, candidates: int) -> F64:
    """Corrected ln p of so many of ``trials`` having a turn behind any of their ``chances``.

    Bonferroni over candidates; ``chances`` are occurrences, for the more of them a document
    has, the likelier one stands before a turn.
    """
    at_most = np.minimum(rate * chances / np.maximum(trials, 1), 0.999)
    return np.minimum(binomial_tail(hits, trials, at_most) + math.log(max(candidates, 1)), 0.0)


def measure(table: pl.DataFrame, documents: int) -> pl.DataFrame:
    """Add ``turn_ln_p``, ``bin``, ``silent`` (may be a silent candidate), ``zx`` (excision)."""
    turns, df, occ = (_float(table, name) for name in ("turns", "df", "occ"))
    ln_p = turning_ln_p(turns, df, occ, turning_rate(table), len(table))
    table = table.with_columns(
        turn_ln_p=ln_p,
        bin=(pl.col("df").log(2) * 2).floor().cast(pl.Int32),
        silent=(pl.col("df") <= most_silent(documents))
        & (pl.col("held") >= LEAST_HELD)
        & (2 * pl.col("wide") <= pl.col("occ")),
        excision=pl.col("fit") / pl.col("held").clip(1) / 1024,
    )
    zx = np.full(len(table), -math.inf)
    bins, silent = table["bin"].to_numpy(), table["silent"].to_numpy()
    values = _float(table, "excision")
    for number in np.unique(bins[silent]):
        rows = silent & (bins == number)
        zx[rows] = robust_z(values[rows], values[rows])
    return table.with_columns(zx=zx)


def stretch(table: pl.DataFrame) -> float:
    """The z of excision from which on surroundings of this corpus' candidates are looked at."""
    best = table.filter("silent")["zx"].top_k(LEAST_CHOSEN)
    least = best.min() if len(best) else None
    return min(STRETCH, float(least)) if isinstance(least, float) else STRETCH


def choose(table: pl.DataFrame) -> pl.DataFrame:
    """Candidates whose surroundings are looked at, with ``control`` and ``turning`` flags.

    Controls are drawn by a hash of counts that are the same in every store and sharding.
    """
    draw = pl.lit(0, pl.UInt64)
    for name in ("df", "occ", "held", "fit", "length"):
        draw = (
            draw * 31 + pl.col(name).cast(pl.Int64).cast(pl.UInt64, wrap_numerical=True)
        ) % _PRIME
    draw = (draw * _SPREAD) % _PRIME
    order = pl.when(pl.col("silent")).then(draw).otherwise(_PRIME)
    table = table.with_columns(
        control=pl.col("silent") & (order.rank("min").over("bin") <= CONTROLS),
        eligible=(pl.col("turns") >= 3) & (pl.col("turns") >= LEAST_SHARE * pl.col("df")),
    )
    best = table.filter("eligible")["turn_ln_p"].sort().head(MOST_TURNING)
    bound = best.max() if len(best) else -math.inf
    table = table.with_columns(turning=pl.col("eligible") & (pl.col("turn_ln_p") <= bound)).drop(
        "eligible"
    )
    return table.filter(pl.col("control") | pl.col("turning") | (pl.col("zx") >= stretch(table)))


def surroundings(chosen: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Add distinct left, right, groups, turned_groups (0 where nothing is known), ``free``.

    ``seen`` occurrences and ``known`` documents of known group were drawn to tell. A string is
    free if no single neighbour takes more than half of its occurrences: otherwise it is a
    piece of a longer one, or of a text that was copied.
    """
    places, times = rows["place"].to_numpy(), rows["times"].to_numpy()
    counts = np.bincount(places, minlength=4 * len(chosen)).reshape(-1, 4)
    sums = np.bincount(places, times, 4 * len(chosen)).astype(np.int64).reshape(-1, 4)
    most = np.zeros(4 * len(chosen), np.int64)
    np.maximum.at(most, places, times)
    names = ("left", "right", "groups", "turned_groups")
    columns = {name: counts[:, kind] for kind, name in enumerate(names)}
    free = 2 * most.reshape(-1, 4)[:, :2].max(axis=1) <= sums[:, 0]
    return chosen.with_row_index("cand").with_columns(
        **columns, seen=sums[:, 0], known=sums[:, 2], free=free
    )


def silent_scores(table: pl.DataFrame, candidates: int, least: float) -> pl.DataFrame:
    """Add ``zn``, ``zs``, ``zx``, ``spread`` (the least of them) and ``by_chance``.

    Intersection-union test: a candidate must stand out in *each* way (neighbours as varied,
    groups as many, removal as harmless as for a string put in at random), so natural strings
    that are extreme in one way only do not pass. ``by_chance`` is how many natural ones are
    expected to be spread at least so evenly; ``least`` is the z of excision from which on the
    table is complete.
    """
    fair = (table["silent"] & table["free"]).to_numpy()
    known = _float(table, "known") >= LEAST_KNOWN
    diverse = np.minimum(_float(table, "left"), _float(table, "right")) / _float(
        table, "seen"
    ).clip(1)
    reach = _float(table, "groups") / np.maximum(_float(table, "known"), 1)
    null = fair & table["control"].to_numpy()
    bins = table["bin"].to_numpy()
    zn = _z_by_frequency(diverse, bins, null)
    zs = np.where(known, _z_by_frequency(reach, bins, null & known), math.inf)
    zx = _z_by_frequency(_float(table, "excision"), bins, null)
    spread = np.where(fair, np.minimum(np.minimum(zn, zs), zx), -math.inf)
    passing = spread >= max(least, 0.0)
    by_chance = np.full(len(table), math.inf)
    by_chance[passing] = expected_by_chance(spread[passing], candidates)
    return table.with_columns(zn=zn, zs=zs, zx=zx, spread=spread, by_chance=by_chance)


def _z_by_frequency(values: F64, bins: npt.NDArray[np.int32], null: npt.NDArray[np.bool_]) -> F64:
    """Robust z of values against controls of the nearest frequency classes; -inf for too few."""
    out = np.full(len(values), -math.inf)
    if np.count_nonzero(null) < LEAST_CONTROLS:
        return out
    for number in np.unique(bins):
        distance = np.abs(bins[null] - number)
        reach = max(np.partition(distance, LEAST_CONTROLS - 1)[LEAST_CONTROLS - 1], 0)
        rows = bins == number
        out[rows] = robust_z(values[rows], values[null][distance <= reach])
    return out


def _float(table: pl.DataFrame, name: str) -> F64:
    return table[name].to_numpy().astype(np.float64)
