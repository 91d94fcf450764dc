"""What stands around each candidate, and where: the rows of one round as columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.scanner import Observed
from scanners.statistics import F64, clumping
from scanners.triggers.counts import ALL_DOCUMENTS, GROUP_LEVELS, GROUPS, TOKENS, count_of
from scanners.triggers.kernels import BOUNDARY, KINDS, UNKNOWN
from scanners.triggers.scores import EFFECTS

I64 = npt.NDArray[np.int64]


def source_rates(counts: pl.DataFrame, groups: pl.DataFrame, level: int) -> F64:
    """float64[effects, sources]: share of all places of each source where an effect happens.

    Sources in the order of the group table, at a level of it.
    """
    sources = groups.filter(pl.col("level") == level).select("value")
    table = sources.join(counts, on="value", how="left", maintain_order="left")
    shares = [pl.col(effect) / pl.col(told).clip(1) for effect, told in EFFECTS.items()]
    rates: F64 = table.select(*(share.fill_null(0.0) for share in shares)).to_numpy().T
    return rates


def surroundings(
    chosen: pl.DataFrame, rows: pl.DataFrame, observed: Observed, level: int, rates: F64
) -> pl.DataFrame:
    """Add what stands around each candidate (column ``cand`` numbers them).

    ``left``, ``right``: evidence that neighbours are no random tokens, in nats an occurrence;
    ``home``: the same of the groups its documents belong to, summed over the ways of grouping, in
    nats a document. ``free``: no single neighbour takes more than half of the occurrences, else
    it is a piece of a longer string. ``witnesses`` are different sources, at the level that tells
    most, of the documents that were looked at, ``turns_groups`` and ``breaks_groups``
    those with an effect; ``turns_own`` and ``breaks_own`` the mean share of other places of its
    documents that have it, over the occurrences where that can be told, or the mean of its sources
    (``rates`` of the groups at ``level``), if that is more; ``seen`` are all occurrences.
    """
    told = _Rows.of(rows, len(chosen))
    sides = {name: told.company(side, observed) for side, name in enumerate(("left", "right"))}
    own = {
        f"{effect}_own": np.maximum(told.elsewhere(number), told.in_sources(level, rates[number]))
        for number, effect in enumerate(EFFECTS)
    }
    return chosen.with_row_index("cand").with_columns(
        **sides,
        **own,
        home=told.home(observed),
        free=2 * told.most[:, :2].max(axis=1) <= told.sums[:, 0],
        seen=told.sums[:, 0].astype(np.int64),
        witnesses=told.counts[:, 6],
        turns_groups=told.counts[:, 7],
        breaks_groups=told.counts[:, 8],
        group_counts=told.counts[:, 2 : 2 + GROUP_LEVELS],
    )


@dataclass(frozen=True)
class _Rows:
    """Rows that ``kernels.neighbours`` writes, of ``size`` candidates: whose, what, and how often.

    Tables over candidates and kinds: ``sums`` of times, ``counts`` of different values, and how
    often the ``most`` frequent value was met that is known.
    """

    owner: I64
    kind: I64
    value: I64
    times: F64
    size: int

    @classmethod
    def of(cls, rows: pl.DataFrame, size: int) -> _Rows:
        row = rows["row"].to_numpy()
        place = (row >> np.uint64(32)).astype(np.int64)
        value = (row & np.uint64(0xFFFFFFFF)).astype(np.int64)
        times = rows["times"].to_numpy().astype(np.float64)
        return cls(place // KINDS, place % KINDS, value, times, size)

    @cached_property
    def _place(self) -> I64:
        return KINDS * self.owner + self.kind

    @cached_property
    def sums(self) -> F64:
        total = np.bincount(self._place, self.times, KINDS * self.size)
        return total.astype(np.float64).reshape(self.size, KINDS)

    @cached_property
    def counts(self) -> I64:
        return np.bincount(self._place, minlength=KINDS * self.size).reshape(self.size, KINDS)

    @cached_property
    def most(self) -> F64:
        out = np.zeros(KINDS * self.size)
        known = self.value != int(UNKNOWN)
        np.maximum.at(out, self._place[known], self.times[known])
        return out.reshape(self.size, KINDS)

    def company(self, side: int, observed: Observed) -> F64:
        """Evidence that the neighbours of a side are no random tokens."""
        mine = self.kind == side
        chance = _word_chances(observed, self.value[mine])
        evidence = clumping(self.owner[mine], self.times[mine], chance, self.size)
        return evidence / np.maximum(self.sums[:, 0], 1)

    def home(self, observed: Observed) -> F64:
        """Evidence that documents are drawn from no random groups."""
        out = np.zeros(self.size)
        for level in range(GROUP_LEVELS):
            mine = self.kind == 2 + level
            if mine.any():
                chance = _group_chances(observed, level)[self.value[mine]]
                evidence = clumping(self.owner[mine], self.times[mine], chance, self.size)
                out += evidence / np.maximum(self.sums[:, 2 + level], 1)
        return out

    def elsewhere(self, effect: int) -> F64:
        """Mean share of other places of the documents where an effect happens."""
        return self.sums[:, 9 + effect] / np.maximum(self.sums[:, 11 + effect], 1)

    def in_sources(self, level: int, rates: F64) -> F64:
        """Mean rate of the groups of the documents at a level."""
        mine = (self.kind == 2 + level) & (level >= 0)
        share = rates[self.value[mine]] * self.times[mine]
        documents = np.bincount(self.owner[mine], self.times[mine], self.size)
        return np.bincount(self.owner[mine], share, self.size) / np.maximum(documents, 1)


def _word_chances(observed: Observed, value: npt.NDArray[np.int64]) -> F64:
    """Chance of each neighbour: its share of all tokens; those of one piece only are one kind."""
    occ = observed[TOKENS.recipe]["occ"].to_numpy().astype(np.float64)
    total = max(float(observed["tokens"]["tokens"][0]), 1.0)
    out = np.full(len(value), max(total - occ.sum(), 1.0))
    known = value < int(BOUNDARY)
    out[known] = occ[value[known]]
    out[value == int(BOUNDARY)] = max(count_of(observed[GROUPS.recipe], ALL_DOCUMENTS), 1)
    return out / total


def _group_chances(observed: Observed, level: int) -> F64:
    docs = observed[GROUPS.recipe].filter(pl.col("level") == level)["docs"].to_numpy()
    return docs.astype(np.float64) / max(float(docs.sum()), 1.0)
