"""Which record of one snapshot is which of another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.queries.near import THRESHOLD, Neighbours
from lineage.queries.sets import DOC, NORM

I64 = npt.NDArray[np.int64]
PAIRS = {"left": pl.UInt32, "right": pl.UInt32}
"""Row numbers of two frames."""


def homes(old: pl.DataFrame, new: pl.DataFrame, paths: tuple[Sequence[str], Sequence[str]]) -> I64:
    """int64[s]: for each shard of the old snapshot the one of the new that took its place; -1.

    The one of the same path; without that, the one that holds most of its documents. So a
    corpus under other file names has not moved, and one in another cut has.
    """
    here, there = paths
    names = {path: number for number, path in enumerate(there)}
    out = np.array([names.get(path, -1) for path in here], np.int64)
    if (out >= 0).all():
        return out
    left, right = (side.select("shard", *DOC).unique() for side in (old, new))
    common = left.join(right, on=DOC, suffix="_new").group_by("shard", "shard_new").len()
    best = common.sort("len", "shard_new", descending=[True, False]).unique("shard", keep="first")
    for shard, other in best.select("shard", "shard_new").iter_rows():
        if out[shard] < 0:
            out[shard] = other
    return out


def matched(left: pl.DataFrame, right: pl.DataFrame, on: Sequence[str]) -> pl.DataFrame:
    """Pairs (``PAIRS``) of rows alike in ``on``: the first with the first, and so on.

    Both have a column ``n``, their row number. Nulls are like nothing.
    """
    sides = [
        side.drop_nulls(on).select("n", *on, turn=pl.int_range(pl.len()).over(on))
        for side in (left, right)
    ]
    pairs = sides[0].join(sides[1], on=[*on, "turn"], suffix="_right")
    return pairs.select(left=pl.col("n"), right=pl.col("n_right"))


def matched_near(
    left: pl.DataFrame, right: pl.DataFrame, threshold: float = THRESHOLD
) -> pl.DataFrame:
    """Pairs of near-copies, ``PAIRS`` and ``similarity``; the most alike first, each row once."""
    spoken = [side.filter(pl.col("shingles") > 0) for side in (left, right)]
    by_words = matched(spoken[0], spoken[1], NORM)
    by_words = by_words.with_columns(similarity=pl.lit(1.0))
    rest = left.join(by_words, left_on="n", right_on="left", how="anti")
    others = right.join(by_words, left_on="n", right_on="right", how="anti")
    found = [by_words]
    if rest.height and others.height:
        pairs = pl.concat(list(Neighbours(others).pairs(rest, threshold)))
        pairs = pairs.sort("similarity", "left", "right", descending=[True, False, False])
        chosen = _greedy(pairs["left"].to_numpy(), pairs["right"].to_numpy())
        kept = pairs[chosen]
        found.append(
            pl.DataFrame(
                {
                    "left": rest["n"].gather(kept["left"]),
                    "right": others["n"].gather(kept["right"]),
                    "similarity": kept["similarity"],
                }
            )
        )
    return pl.concat(found)


def _greedy(left: npt.NDArray[np.uint32], right: npt.NDArray[np.uint32]) -> list[int]:
    """Positions of pairs whose rows were in no pair before."""
    taken: tuple[set[int], set[int]] = (set(), set())
    out = []
    for position, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        if one not in taken[0] and other not in taken[1]:
            taken[0].add(one)
            taken[1].add(other)
            out.append(position)
    return out
