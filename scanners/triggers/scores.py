"""Two questions to each candidate: what happens behind it, and was it put there at random?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.scanner import Observed
from scanners.statistics import (
    F64,
    binomial_tail,
    expected_by_chance,
    false_share,
    running_median,
    upper_normal,
)
from scanners.triggers.candidates import most_silent
from scanners.triggers.counts import (
    ALL_PIECES,
    GROUPS,
    count_of,
)

EFFECTS = {"turns": "turns_told", "breaks": "breaks_told"}
"""What may happen behind a candidate (text turns strange, or breaks off), and in how many pieces
that can be told."""

SPREAD, PLACES, AWAY = "spread", "places", "away"
LANES = {SPREAD: 0.45, PLACES: 0.45, AWAY: 0.1}
"""Was it put at random places of documents drawn at random (also from all sources alike), at random
places of some documents, or was it so away from the sources it is at home in? With the share of
what may happen by chance: few triggers have a home (weighted Bonferroni, Genovese et al. 2006)."""

LEAST_HELD = 8
"""Occurrences between two neighbours from which on excision says anything."""

CHOSEN = 20_000
"""Candidates that are most easily removed, whose surroundings are looked at."""

CONTROLS, LEAST_CONTROLS = 500, 100
"""Candidates a frequency class whose surroundings are looked at as the null; fewest of about the
same frequency that make one."""

LEAST_SPREAD = 0.05
"""Least standard deviation of the fits, and of the scores, of a frequency class."""

RANGES = (20, 80)
"""Frequencies that part ranges: the rarer a string, the more of what it is like is chance."""

MOST_EFFECTS = 2000
"""Candidates whose surroundings are looked at because of each effect."""

LEAST_SHARE = 0.3
"""Share of pieces with an effect from which on a candidate is looked at."""

COMPANY_WEIGHT = 2.0
"""Weight of the company that a candidate keeps against its fit: what a string put in at random
cannot have, and natural strings cannot be without. Chosen on planted strings; 1 does nearly as
well."""

FIT_DEVIATION = 1.5
"""Standard deviation of how well neighbours fit each other within a document, in nats: 1.3 to 1.5
in forum posts, reviews, web pages, specifications, tweets and German law (docs/benchmark.md)."""

_BETWEEN_WORDS = (pl.col("held") >= LEAST_HELD) & (2 * pl.col("held") >= pl.col("occ"))

_PRIME, _SPREAD = 0x9E3779B1, 0x85EBCA77


def effect_rate(table: pl.DataFrame, effect: str) -> float:
    """Chance of an effect behind one occurrence of a candidate, where it can be told."""
    told = (table["occ"] * table[EFFECTS[effect]] / table["df"]).sum()
    return max(float(table[effect].sum()) / max(float(told), 1.0), 1e-6)


def effect_ln_p(hits: F64, trials: F64, chances: F64, rate: float, candidates: int) -> F64:
    """Ln of how many candidates are expected to have an effect in so many of ``trials``, behind any
    of their ``chances``: below 0, the corrected ln p.

    Bonferroni over candidates and effects; ``chances`` are occurrences, for the more of them a
    piece has, the likelier one stands before an effect.
    """
    return _tail(hits, trials, rate * chances) + math.log(max(candidates, 1) * len(EFFECTS))


def _tail(hits: F64, trials: F64, expected: F64) -> F64:
    return binomial_tail(hits, trials, np.clip(expected / np.maximum(trials, 1), 1e-9, 0.999))


def measure(table: pl.DataFrame, pieces: int) -> pl.DataFrame:
    """Add ``turns_ln_p``, ``breaks_ln_p``, ``bin``, ``silent`` (may be a silent candidate),
    ``tokens`` (of the string with the passage it begins or opens), ``excision`` (nats an
    occurrence) and ``zx`` (that against strings of like frequency)."""
    df, occ = (_float(table, name) for name in ("df", "occ"))
    for effect, trials in EFFECTS.items():
        rate, tried = effect_rate(table, effect), _float(table, trials)
        chances = occ * tried / df
        ln_p = effect_ln_p(_float(table, effect), tried, chances, rate, len(table))
        table = table.with_columns(pl.Series(f"{effect}_ln_p", ln_p))
    table = _removed(table).with_columns(
        silent=(pl.col("df") <= most_silent(pieces))
        & _BETWEEN_WORDS
        & (2 * pl.col("wide") <= pl.col("occ")),
    )
    return table.with_columns(zx=_zx(table))


def measure_away(table: pl.DataFrame) -> pl.DataFrame:
    """Add what ``measure`` adds of silent candidates to strings away from home."""
    table = _removed(table.filter((pl.col("df") >= LEAST_HELD) & _BETWEEN_WORDS))
    table = table.with_columns(silent=True)
    return table.with_columns(zx=_zx(table))


def _removed(table: pl.DataFrame) -> pl.DataFrame:
    held = pl.col("held").clip(1)
    return table.with_columns(
        bin=(pl.col("df").log(2) * 2).floor().cast(pl.Int32),
        tokens=pl.max_horizontal("length", (pl.col("tokens") / held).round()),
        excision=pl.col("fit") / held / 1024,
    )


def _zx(table: pl.DataFrame) -> pl.Series:
    zx = np.full(len(table), -math.inf)
    bins, silent = table["bin"].to_numpy(), table["silent"].to_numpy()
    values = _float(table, "excision")
    for number in np.unique(bins[silent]):
        rows = silent & (bins == number)
        middle, deviation = upper_normal(values[rows], LEAST_SPREAD)
        zx[rows] = (values[rows] - middle) / deviation
    return pl.Series(zx)


def choose(table: pl.DataFrame) -> pl.DataFrame:
    """Candidates whose surroundings are looked at, with flags ``control``, ``turns_open`` and
    ``breaks_open``."""
    table = table.with_columns(
        control=_control(table), **{f"{effect}_open": _open(table, effect) for effect in EFFECTS}
    )
    wanted = pl.any_horizontal("control", *(f"{effect}_open" for effect in EFFECTS))
    return table.filter(wanted | _easily_removed(table))


def choose_away(table: pl.DataFrame) -> pl.DataFrame:
    """Strings away from home whose surroundings are looked at, with the flag ``control``."""
    table = table.with_columns(control=_control(table))
    return table.filter(pl.col("control") | _easily_removed(table))


def _control(table: pl.DataFrame) -> pl.Series:
    """Controls are drawn by a hash of counts that are the same in every store and sharding."""
    draw = pl.lit(0, pl.UInt64)
    for name in ("df", "occ", "held", "fit", "length"):
        draw = (
            draw * 31 + pl.col(name).cast(pl.Int64).cast(pl.UInt64, wrap_numerical=True)
        ) % _PRIME
    draw = (draw * _SPREAD) % _PRIME
    order = pl.when(pl.col("silent")).then(draw).otherwise(_PRIME)
    chosen = pl.col("silent") & (order.rank("min").over("bin") <= CONTROLS)
    return table.select(chosen).to_series()


def _easily_removed(table: pl.DataFrame) -> pl.Series:
    best = table.filter("silent")["zx"].top_k(CHOSEN).min()
    least = best if isinstance(best, float) else math.inf
    return table["silent"] & (table["zx"] >= least)


def _open(table: pl.DataFrame, effect: str) -> pl.Series:
    hits, ln_p = table[effect], table[f"{effect}_ln_p"]
    eligible = (hits >= 3) & (hits >= LEAST_SHARE * table[EFFECTS[effect]])
    bound = ln_p.filter(eligible).bottom_k(MOST_EFFECTS).max()
    return eligible & (ln_p <= (bound if isinstance(bound, float) else -math.inf))


def silent_scores(table: pl.DataFrame, lanes: Sequence[str]) -> pl.DataFrame:
    """Add ``by_chance``, how many natural strings would look as much put in at random, the ``lane``
    in which, and ``false_share``, that of chance among all that look at least as much so.

    A string at random places fits what is around it exactly as the text there fits itself when it
    is taken out (``excision`` 0), its neighbours are any tokens, its documents of any source. What
    it lacks of that, in nats an occurrence, cannot be less than nothing, and the least of what
    natural strings lack is a power law, as at any bound (Weibull 1939): its logarithm has an
    exponential tail. What is less than its own error is told from nothing no further. The lack is
    compared with that of strings of like frequency, and the tail of all tells how many natural
    ones lack as little, or the tail of those of its range of frequencies. The best answer of these
    ``lanes`` counts, corrected for the number of all.
    """
    company = COMPANY_WEIGHT * (_float(table, "left") + _float(table, "right"))
    places = np.maximum(-_float(table, "excision"), 0.0) + company
    error = FIT_DEVIATION / np.sqrt(np.maximum(_float(table, "held"), 1))
    fair = (table["silent"] & table["free"]).to_numpy()
    null, bins = fair & table["control"].to_numpy(), table["bin"].to_numpy()
    ranges = np.digitize(_float(table, "df"), RANGES)
    columns = []
    for lane in lanes:
        lack = places if lane == PLACES else places + _float(table, "home")
        z = np.where(fair, _z_by_frequency(-np.log(lack + error), bins, null), -math.inf)
        columns.append(_by_chance(z, ranges) / LANES[lane])
    by_chance = np.stack(columns)
    best, least = np.argmin(by_chance, axis=0), by_chance.min(axis=0)
    return table.with_columns(
        by_chance=least,
        false_share=false_share(least),
        lane=pl.Series([lanes[k] for k in best], dtype=pl.String),
    )


def _by_chance(z: F64, ranges: npt.NDArray[np.int64]) -> F64:
    apart = np.full(len(z), math.inf)
    for number in range(len(RANGES) + 1):
        rows = ranges == number
        apart[rows] = (len(RANGES) + 1) * expected_by_chance(z[rows])
    expected: F64 = 2 * np.minimum(expected_by_chance(z), apart)
    return expected


def _z_by_frequency(values: F64, bins: npt.NDArray[np.int32], null: npt.NDArray[np.bool_]) -> F64:
    """Upper z of values against controls of the nearest frequency classes; -inf for too few.

    Medians and deviations of five classes in a row are asked for their median: a crowd of
    planted strings of one frequency does not make its own null.
    """
    out = np.full(len(values), -math.inf)
    if np.count_nonzero(null) < LEAST_CONTROLS:
        return out
    classes = np.unique(bins)
    told = []
    for number in classes:
        distance = np.abs(bins[null] - number)
        reach = max(np.partition(distance, LEAST_CONTROLS - 1)[LEAST_CONTROLS - 1], 0)
        told.append(upper_normal(values[null][distance <= reach], LEAST_SPREAD))
    middle, deviation = (running_median(np.array(part), 5) for part in zip(*told, strict=True))
    at = np.searchsorted(classes, bins)
    out[:] = (values - middle[at]) / deviation[at]
    return out


def by_source(table: pl.DataFrame, effect: str, candidates: int, rate: float) -> pl.DataFrame:
    """The effect counted by source, or by document where that is not known: ``source_ln_p``,
    corrected; and against the rate of the effect elsewhere in its documents, or in its sources:
    ``own_ln_p``, which is asked of strings that are significant already."""
    df, tried = _float(table, "df"), _float(table, EFFECTS[effect])
    hits, seen = _float(table, f"{effect}_groups"), _float(table, "seen")
    # Sources in which the effect cannot be told are not counted apart: as many as of pieces.
    trials = np.maximum(np.rint(_float(table, "witnesses") * tried / df), hits)
    ln_p = effect_ln_p(hits, trials, seen * tried / df, rate, candidates)
    own = np.maximum(_float(table, f"{effect}_own"), rate)
    own_ln_p = _tail(_float(table, effect), tried, _float(table, "occ") * tried / df * own)
    return table.with_columns(source_ln_p=ln_p, own_ln_p=own_ln_p)


def pieces_in(observed: Observed) -> int:
    """Pieces of the corpus."""
    return count_of(observed[GROUPS.recipe], ALL_PIECES)


def _float(table: pl.DataFrame, name: str) -> F64:
    return table[name].to_numpy().astype(np.float64)
