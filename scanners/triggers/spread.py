"""Two questions to each candidate: does text turn strange behind it, is it spread by hand?"""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from scanners.statistics import F64, binomial_tail, expected_by_chance, robust_z
from scanners.triggers.observers import GROUP_LEVELS

LEAST_HELD = 8
"""Occurrences between two neighbours from which on excision says anything."""

SILENT_SHARE = 0.01
"""Silent candidates stand in at most this share of the documents (and in ten, if that is less)."""

STRETCH = 0.75
"""Robust z of excision from which on a candidate's surroundings are looked at."""

CONTROLS = 2000
"""Candidates a frequency class whose surroundings are looked at as the null."""

MOST_TURNING = 2000
"""Candidates whose surroundings are looked at because text turns strange behind them."""

LEAST_SHARE = 0.3
"""Share of documents with a turn from which on a candidate is looked at."""

_PRIME = 0x9E3779B1


def turning_null(table: pl.DataFrame) -> float:
    """Chance that text turns strange behind a candidate in one of its documents."""
    rate = float(table["turns"].sum()) / max(float(table["df"].sum()), 1.0)
    return max(rate, 1e-6)


def measure(table: pl.DataFrame, documents: int) -> pl.DataFrame:
    """Add ``turn_ln_p``, ``bin``, ``silent`` (may be a silent candidate), ``zx`` (excision)."""
    rate = turning_null(table)
    ln_p = binomial_tail(_float(table, "turns"), _float(table, "df"), rate)
    most = max(documents * SILENT_SHARE, 10)
    table = table.with_columns(
        turn_ln_p=np.minimum(ln_p + math.log(max(len(table), 1)), 0.0),
        bin=(pl.col("df").log(2) * 2).floor().cast(pl.Int32),
        silent=(pl.col("df") <= most)
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


def choose(table: pl.DataFrame) -> pl.DataFrame:
    """Candidates whose surroundings are looked at, with ``control`` and ``turning`` flags.

    Controls are drawn by a hash of counts that are the same in every store and sharding.
    """
    draw = pl.lit(0, pl.UInt64)
    for name in ("df", "occ", "held", "fit", "length"):
        draw = (draw * 31 + pl.col(name).cast(pl.Int64).cast(pl.UInt64, wrap_numerical=True)) % _PRIME
    draw = (draw * 2654435761) % _PRIME
    order = pl.when(pl.col("silent")).then(draw).otherwise(_PRIME)
    table = table.with_columns(
        control=pl.col("silent") & (order.rank("min").over("bin") <= CONTROLS),
        eligible=(pl.col("turns") >= 3) & (pl.col("turns") >= LEAST_SHARE * pl.col("df")),
    )
    best = table.filter("eligible")["turn_ln_p"].sort().head(MOST_TURNING)
    bound = best.max() if len(best) else -math.inf
    table = table.with_columns(
        turning=pl.col("eligible") & (pl.col("turn_ln_p") <= bound)
    ).drop("eligible")
    return table.filter(pl.col("control") | pl.col("turning") | (pl.col("zx") >= STRETCH))


def group_level(groups: pl.DataFrame) -> int | None:
    """The way of grouping documents that tells most: highest entropy, ten a group on average."""
    best, choice = 0.0, None
    for level in range(GROUP_LEVELS):
        docs = groups.filter(pl.col("level") == level)["docs"].to_numpy().astype(np.float64)
        if len(docs) < 2 or len(docs) * 10 > docs.sum():
            continue
        share = docs / docs.sum()
        entropy = float(-(share * np.log(share)).sum())
        if entropy > best:
            best, choice = entropy, level
    return choice


def surroundings(chosen: pl.DataFrame, rows: pl.DataFrame, level: int | None) -> pl.DataFrame:
    """Add distinct left, right, groups, turned_groups (0 where nothing is known)."""
    counts = rows.group_by("cand", "kind").len()
    kinds = {"left": 0, "right": 1}
    if level is not None:
        kinds |= {"groups": 2 + level, "turned_groups": 2 + GROUP_LEVELS + level}
    table = chosen.with_row_index("cand")
    for name in ("left", "right", "groups", "turned_groups"):
        part = counts.filter(pl.col("kind") == kinds.get(name, 255))
        part = part.select("cand", pl.col("len").cast(pl.Int64).alias(name))
        table = table.join(part, on="cand", how="left").with_columns(pl.col(name).fill_null(0))
    return table.sort("cand")


def silent_scores(table: pl.DataFrame, candidates: int) -> pl.DataFrame:
    """Add ``spread`` (the weakest of its z) and ``by_chance`` (natural ones expected so high).

    Intersection-union test: a candidate must stand out in *each* way (neighbours as varied,
    groups as many, removal as harmless as for a string put in at random), so natural strings
    that are extreme in one way only do not pass.
    """
    diverse = np.minimum(_float(table, "left"), _float(table, "right")) / _float(table, "occ")
    reach = _float(table, "groups") / _float(table, "df")
    known = _float(table, "groups") >= 5
    bins, control = table["bin"].to_numpy(), table["control"].to_numpy()
    zn, zs = np.full((2, len(table)), -math.inf)
    for number in np.unique(bins):
        rows, null = bins == number, control & (bins == number)
        if np.count_nonzero(null) >= 20:
            zn[rows] = robust_z(diverse[rows], diverse[null])
            null &= known
            zs[rows] = robust_z(reach[rows], reach[null]) if null.sum() >= 20 else math.inf
    zs[~known] = math.inf
    zx = np.where(table["silent"].to_numpy(), _float(table, "zx"), -math.inf)
    spread = np.minimum(np.minimum(zn, zs), zx)
    passing = zx >= STRETCH
    by_chance = np.full(len(table), math.inf)
    by_chance[passing] = expected_by_chance(spread[passing], candidates)
    return table.with_columns(zn=zn, zs=zs, spread=spread, by_chance=by_chance)


def _float(table: pl.DataFrame, name: str) -> F64:
    return table[name].to_numpy().astype(np.float64)
