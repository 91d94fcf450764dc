"""Strings that were inserted into many documents, each as long as it is the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scanners.drift.links import END, START, Hunks

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

LEAST = 5
"""Fewest documents that a recurring string was inserted into."""

LONGEST = 200
"""Tokens that a string is extended to."""

MOST_SEEDS = 50_000
GROWTH = 10
"""A string is new when it was inserted into so many times more documents than held it before."""


@dataclass(frozen=True)
class Unit:
    """One string and where it was inserted: tokens ``first`` to ``last`` of the newer stream."""

    first: I64
    last: I64
    seed: int
    fresh: int


def known_keys(parts: Hunks) -> U64:
    """Tokens and links of all hunks that recur: what the older snapshot is asked for."""
    keys = [_recurring(parts, kind)[0] for kind in ("token", "link")]
    return np.unique(np.concatenate(keys))


def units(parts: Hunks, known: U64, df: I64) -> list[Unit]:
    """Recurring strings that are new: grown from their rarest tokens and links.

    ``known`` uint64[m] (sorted) occur in ``df`` documents of the older snapshot.
    """
    found: list[Unit] = []
    covered = np.zeros(len(parts.newer.tokens), bool)
    for key, at, width in _seeds(parts, known, df):
        if np.mean(covered[at]) >= 0.9:
            continue
        unit = _grown(parts, at, width, key)
        if len(unit.first) >= LEAST:
            found.append(unit)
            for low, high in zip(unit.first, unit.last, strict=True):
                covered[low : high + 1] = True
    return found


def _keys(parts: Hunks, kind: str) -> tuple[U64, I64]:
    """Tokens, or links, of the hunks, with their places."""
    newer = parts.newer
    inside = parts.of >= 0
    if kind == "token":
        at = np.flatnonzero(inside)
        return newer.tokens[at], at
    at = np.flatnonzero(inside[:-1] & inside[1:] & (parts.of[:-1] == parts.of[1:]))
    return newer.links[at], at


def _recurring(parts: Hunks, kind: str) -> tuple[U64, I64, I64]:
    """Keys in at least LEAST documents: distinct keys, documents, and first places by key."""
    keys, at = _keys(parts, kind)
    owner = parts.newer.owner[at]
    order = np.lexsort((at, owner, keys))
    keys, at, owner = keys[order], at[order], owner[order]
    once = np.concatenate([[True], (keys[1:] != keys[:-1]) | (owner[1:] != owner[:-1])])
    once = once[: len(keys)]
    keys, at = keys[once], at[once]
    distinct, counts = np.unique(keys, return_counts=True)
    often = counts >= LEAST
    return distinct[often], counts[often].astype(np.int64), at[np.repeat(often, counts)]


def _seeds(parts: Hunks, known: U64, df: I64) -> list[tuple[int, I64, int]]:
    """New keys with their places, most documents first, links before tokens."""
    out: list[tuple[int, int, int, I64]] = []
    for kind, width in (("link", 2), ("token", 1)):
        keys, counts, at = _recurring(parts, kind)
        before = looked_up(keys, known, df)
        places = np.split(at, np.cumsum(counts)[:-1]) if len(keys) else []
        for number in np.flatnonzero(GROWTH * before <= counts):
            where = places[number]
            out.append((-int(counts[number]), width, int(where[0]), where))
    out.sort(key=lambda seed: (seed[0], -seed[1], seed[2]))
    return [(first, where, width) for _, width, first, where in out[:MOST_SEEDS]]


def looked_up(keys: U64, known: U64, df: I64) -> I64:
    """Documents of the older snapshot that hold each key."""
    if not len(known):
        return np.zeros(len(keys), np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, df[at], 0)


def _grown(parts: Hunks, at: I64, width: int, seed: int) -> Unit:
    """Extend while more than half of the places agree; those that do not are left behind."""
    low, high = at, at + width - 1
    for side in (-1, 1):
        for _ in range(LONGEST):
            edge = low if side < 0 else high
            tokens = parts.newer.tokens[edge + side]
            inside = parts.of[edge + side] == parts.of[edge]
            values, counts = np.unique(tokens[inside], return_counts=True)
            if not len(values) or 2 * counts.max() <= len(edge):
                break
            keep = inside & (tokens == values[np.argmax(counts)])
            if np.count_nonzero(keep) < LEAST:
                break
            low, high = low[keep], high[keep]
            if side < 0:
                low = low - 1
            else:
                high = high + 1
    return Unit(low, high, seed, width)


def witnesses(unit: Unit, parts: Hunks, whole: Mask) -> tuple[I64, int]:
    """Places where a string was put in and nothing else, and how many of them are independent.

    The string must be most of its hunk, and the hunk pure, or the ``whole`` document. Independent are different tokens
    before it, and different tokens after it; the fewer count. An edge of a document is where
    anything may be put, so each counts.
    """
    hunk = parts.of[unit.first]
    most = 2 * (unit.last - unit.first + 1) >= parts.sizes[hunk]
    alone = np.flatnonzero((parts.pure | whole)[hunk] & most)
    tokens = parts.newer.tokens
    sides = (tokens[parts.first[hunk[alone]] - 1], tokens[parts.last[hunk[alone]] + 1])
    return alone, min((_different(side) for side in sides), default=0)


def _different(tokens: U64) -> int:
    edge = (tokens == START) | (tokens == END)
    return int(np.count_nonzero(edge)) + len(np.unique(tokens[~edge]))
