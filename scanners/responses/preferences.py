"""Preference pairs: does what usually distinguishes the chosen answer point the other way?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse, stats

from scanners.responses.sample import Sample, Tokens32, category_sample

F64 = npt.NDArray[np.float64]

LEAST_PAIRS = 200
"""Pairs from which something can be learnt."""

KNOWN = 1e-3
"""P-value of the share of pairs told right, above which nothing was learnt."""

FEATURES = 1 << 15
"""Words are counted in so many cells."""

MOST = 3.0
"""Differences that are larger tell no more: one huge answer must not say what is learnt."""

RIDGE, STEPS = 1.0, 30

REVERSED = 1
"""The category of pairs that point the other way."""


def preference_sample(rows: pl.DataFrame) -> Sample:
    """Prompts of pairs, and which pairs point the other way.

    Each half of the corpus is judged by what the other half taught. Pairs about which little is
    known are left out: the half nearest to indifference.
    """
    rows = rows.filter(pl.col("rejected").bin.size() > 0)
    if len(rows) < LEAST_PAIRS:
        return category_sample(rows, np.zeros(len(rows), np.uint64))
    margin = margins(*(Tokens32.read(rows[side]) for side in ("answer", "rejected", "folded")))
    clear = np.abs(margin) >= np.median(np.abs(margin))
    right = int(np.count_nonzero(margin[clear] > 0))
    total = int(np.count_nonzero(clear))
    if not total or stats.binom.sf(right - 1, total, 0.5) > KNOWN:
        return category_sample(rows, np.zeros(len(rows), np.uint64))
    category = np.where(margin < 0, REVERSED, REVERSED + 1).astype(np.uint64)
    return category_sample(rows.filter(clear), category[clear])


def margins(chosen: Tokens32, rejected: Tokens32, prompt: Tokens32) -> F64:
    """float64[n]: how much more the chosen answer looks chosen than the rejected one.

    Documents are in order of identity, so that every other one is a random half.
    """
    table = _differences(chosen, rejected, prompt)
    half = np.arange(table.shape[0]) % 2 == 0
    out = np.zeros(table.shape[0])
    for learnt in (half, ~half):
        out[~learnt] = table[~learnt] @ _weights(table[learnt])
    return out


def _differences(chosen: Tokens32, rejected: Tokens32, prompt: Tokens32) -> sparse.csr_array:
    """Words of the chosen less those of the rejected answer (each once), log lengths, and how much
    either says again of its prompt: words by their rarity among all answers."""
    count = len(chosen.offsets) - 1
    sides = [_words(side) for side in (chosen, rejected)]
    lengths = [np.log1p(np.diff(side.offsets)) for side in (chosen, rejected)]
    held = sum(np.asarray(side.sum(axis=0)).ravel() for side in sides)
    rarity = np.log((2 * count + 1) / (held + 1))
    asked = _words(prompt)
    echoed = [side.multiply(asked) @ rarity for side in sides]
    columns = [_scaled(one - other).reshape(count, 1) for one, other in (lengths, echoed)]
    return sparse.hstack((sides[0] - sides[1], *map(sparse.csr_array, columns)), "csr")


def _scaled(values: F64) -> F64:
    """Values in units of their root mean square, and at most MOST of these."""
    size = max(float(np.sqrt(np.mean(values**2))), 1e-9)
    return np.clip(values / size, -MOST, MOST)


def _words(tokens: Tokens32) -> sparse.csr_array:
    cells = (tokens.hashes % np.uint32(FEATURES)).astype(np.int64)
    shape = len(tokens.offsets) - 1, FEATURES
    table = sparse.csr_array((np.ones(len(cells)), cells, tokens.offsets), shape)
    table.sum_duplicates()
    table.data[:] = 1.0
    return table


def _weights(table: sparse.csr_array) -> F64:
    """Logistic regression of pairs without intercept, with a ridge, by steps of Nesterov (1983)."""
    bound = float(table.multiply(table).sum(axis=1).max(initial=1.0)) / 4
    rate = 1.0 / (bound * table.shape[0] / 8 + RIDGE)
    weight = ahead = np.zeros(table.shape[1])
    for step in range(STEPS):
        wrong = 1 / (1 + np.exp(np.clip(table @ ahead, -30, 30)))
        moved = ahead + rate * (table.T @ wrong - RIDGE * ahead)
        ahead = moved + step / (step + 3) * (moved - weight)
        weight = moved
    return weight
