"""From scored candidates to the few that a person may be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping

import polars as pl

from scanners.statistics import FALSE_SHARE, lower_bound
from scanners.triggers import scores
from scanners.triggers.scores import AWAY

SIGNIFICANT = 1e-3
"""Corrected p-value below which what happens behind a string is no chance."""

MOSTLY, OFTEN = 0.5, 0.25
"""It must happen behind a string in more than this share of its pieces, surely: the lower
confidence bound of the share (Clopper and Pearson 1934, one-sided, SIGNIFICANT). A break to a
language that the corpus knows is seen in about half of the places only: there OFTEN is enough, for
a string that is spread over known sources and if no other question casts doubt on it."""

LOOSE = 1.0
"""Nats an occurrence up to which a string may have been put there at random: of company on the left
and of home in sources where text breaks off behind it, for what parts text in headings and
templates follows fixed words, or is at home in one source; of company and of fit in all where it
is silent, for what stands out in a corpus of templates may still be one. Away from home, where
half of what is left may be natural, twice as much."""

LEADS_BY_CHANCE = 20.0
"""Natural strings expected to look as much put in at random, up to which a string is a lead: as
many as a person reads."""

MOST_EFFECTS, MOST_SILENT = 100, 1000
"""Finalists because of each effect, and because of how they are spread."""

_TIES = ("df", "length", "occ", "fit", "held")
"""Ties are broken by counts, never by keys: those differ from store to store."""


def finalists_of(
    table: pl.DataFrame, away: pl.DataFrame, level: int, totals: Mapping[str, float]
) -> pl.DataFrame:
    """Candidates with an effect, then silent ones, of all and of those ``away`` from home, which go
    on in the numbers of candidates.

    Column ``kind`` says which; ``surely`` in what share of pieces the effect follows at least;
    ``in_doubt`` whether that must be MOSTLY; ``groups`` how many at ``level``,
    none if that is negative.
    """
    table, away = (_with_groups(part, level) for part in (table, away))
    away = away.with_columns(cand=pl.col("cand") + len(table))
    parts = [_with_effect(table, effect, totals) for effect in scores.EFFECTS]
    # Of two effects behind one string, that which follows surely, or is less chance.
    best = pl.concat(parts).sort(pl.col("surely") <= MOSTLY, "ln_p", *_TIES, "kind")
    effects = best.unique("cand", keep="first", maintain_order=True)
    rest = pl.concat([table.join(effects, on="cand", how="anti"), away], how="diagonal")
    silent = _silent(rest).join(effects, on=["length", "key"], how="anti", maintain_order="left")
    return pl.concat([effects, silent], how="diagonal")


def _with_groups(table: pl.DataFrame, level: int) -> pl.DataFrame:
    sources = pl.Series([0] * len(table), dtype=pl.Int64)
    if level >= 0:
        sources = table["group_counts"].arr.get(level)
    return table.with_columns(groups=sources)


def _with_effect(table: pl.DataFrame, effect: str, totals: Mapping[str, float]) -> pl.DataFrame:
    counted = scores.by_source(table, effect, int(totals["all"]), totals[effect])
    found = counted.with_columns(
        kind=pl.lit(effect),
        hits=pl.col(effect),
        tried=pl.col(scores.EFFECTS[effect]),
        ln_p=pl.col(f"{effect}_ln_p"),
        hit_groups=pl.col(f"{effect}_groups"),
        loose=(pl.col("left") <= LOOSE) & pl.col("free"),
        roams=pl.col("left") + pl.col("home") <= LOOSE,
        by_source=pl.col("source_ln_p") <= math.log(SIGNIFICANT),
        own=pl.col("own_ln_p") <= math.log(SIGNIFICANT),
    ).filter(
        pl.col(f"{effect}_open")
        & (pl.col("ln_p") <= math.log(SIGNIFICANT))
        & (pl.col("roams") | (effect == "turns"))
    )
    questions = ("loose", "roams", "by_source", "own", pl.col("groups") > 0, effect == "breaks")
    in_doubt = ~pl.all_horizontal(*questions)
    most = pl.col("hits") >= MOSTLY * pl.col("tried")
    found = found.with_columns(in_doubt=in_doubt).filter(most | ~pl.col("in_doubt"))
    found = found.sort("ln_p", *_TIES).head(MOST_EFFECTS)
    pairs = zip(found["hits"].to_list(), found["tried"].to_list(), strict=True)
    surely = [lower_bound(hits, tried, SIGNIFICANT) for hits, tried in pairs]
    found = found.with_columns(surely=pl.Series(surely, dtype=pl.Float64))
    return found.filter(most | (pl.col("surely") > OFTEN))


def _silent(table: pl.DataFrame) -> pl.DataFrame:
    told = (pl.col("by_chance") <= LEADS_BY_CHANCE) | (pl.col("false_share") <= FALSE_SHARE)
    lack = (-pl.col("excision")).clip(0) + pl.col("left") + pl.col("right")
    most = LOOSE * pl.when(pl.col("lane") == AWAY).then(2).otherwise(1)
    found = table.filter(told & (lack <= most)).with_columns(kind=pl.lit("silent"))
    best = found.sort("by_chance", *_TIES, "cand")
    return best.unique(["length", "key"], keep="first", maintain_order=True).head(MOST_SILENT)
