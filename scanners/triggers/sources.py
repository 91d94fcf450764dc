"""Which groups documents belong to, as numbers."""

from __future__ import annotations

import numpy as np
import polars as pl

from lineage.fingerprint.batch import TokenBatch
from scanners.scanner import Array, Observed, Plan
from scanners.triggers.counts import GROUP_LEVELS, GROUPS
from scanners.triggers.kernels import I32, NO_ID, U64


def group_arrays(observed: Observed) -> dict[str, Array]:
    """Arrays of a plan that tell the groups: ``groups0``, ``groups1`` ... (uint64, sorted)."""
    table = observed[GROUPS.recipe]
    return {
        f"groups{level}": table.filter(pl.col("level") == level)["value"].to_numpy()
        for level in range(GROUP_LEVELS)
    }


def group_numbers(batch: TokenBatch, plan: Plan) -> I32:
    """int32[n, levels]: number of each document's group at each level; NO_ID where unknown."""
    return np.stack([_numbers(batch, plan, level) for level in range(GROUP_LEVELS)], axis=1)


def source_numbers(batch: TokenBatch, plan: Plan) -> I32:
    """int32[n]: number of each document's group at the plan's ``level``; NO_ID if that is none."""
    level = int(plan.facts["level"])
    if level < 0:
        return np.full(len(batch), NO_ID, np.int32)
    return _numbers(batch, plan, level)


def _numbers(batch: TokenBatch, plan: Plan, level: int) -> I32:
    known, values = plan.arrays[f"groups{level}"], batch.groups[:, level]
    if not len(known):
        return np.full(len(batch), NO_ID, np.int32)
    at = np.searchsorted(known, values).clip(0, len(known) - 1)
    return np.where(known[at] == values, at, NO_ID).astype(np.int32)


def witnesses(batch: TokenBatch, source: I32) -> U64:
    """uint64[n] below 2^32: who a document comes from, its source; where that is not known,
    itself, by its identity."""
    itself = (batch.doc[:, 1] >> np.uint64(34)) | np.uint64(1 << 31)
    return np.where(source != NO_ID, source.astype(np.uint64), itself)
