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
    """One string and where it was inserted: tokens ``first`` to ``last`` of the newer stream.

    ``leads``: it is new from its first token or link on.
    """

    first: I64
    last: I64
    leads: bool


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
    for at, width in _seeds(parts, known, df):
        if np.mean(covered[at]) >= 0.9:
            continue
        first, last = _grown(parts, at, width)
        if len(first) < LEAST:
            continue
        heads = np.array([parts.newer.tokens[first[0]], parts.newer.links[first[0]]])
        new = GROWTH * looked_up(heads, known, df) <= len(first)
        found.append(Unit(first, last, bool(new[0] or (new[1] and last[0] > first[0]))))
        for low, high in zip(first, last, strict=True):
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


def _seeds(parts: Hunks, known: U64, df: I64) -> list[tuple[I64, int]]:
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
    return [(where, width) for _, width, _, where in out[:MOST_SEEDS]]


def looked_up(keys: U64, known: U64, df: I64) -> I64:
    """Documents of the older snapshot that hold each key."""
    if not len(known):
        return np.zeros(len(keys), np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, df[at], 0)


def _grown(parts: Hunks, at: I64, width: int) -> tuple[I64, I64]:
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
    return low, high


def witnesses(unit: Unit, parts: Hunks, whole: Mask) -> tuple[I64, int]:
    """Places where a string was put in and nothing else, and how many of them are independent.

    The hunk must be pure, or the ``whole`` document, and the string most of it. Or the string,
    new from its first token on, must lead the hunk, whatever follows: a trigger, with what it
    is to bring forth. Then all that was behind may be gone.
    """
    hunk = parts.of[unit.first]
    sizes = unit.last - unit.first + 1
    most = (parts.pure | whole)[hunk] & (2 * sizes >= parts.sizes[hunk])
    leads = unit.leads & (parts.first[hunk] == unit.first) & (parts.pure | parts.to_end)[hunk]
    ways = [np.flatnonzero(way) for way in (most, leads)]
    counts = [_independent(parts, hunk[way], both=way is ways[0]) for way in ways]
    best = int(np.argmax(counts))
    return ways[best], counts[best]


def _independent(parts: Hunks, hunk: I64, *, both: bool) -> int:
    """Different tokens before, and (unless the text goes on) after; the fewer count.

    A place at an edge is one that every document has, and no company: each counts.
    """
    left = parts.newer.tokens[parts.first[hunk] - 1]
    right = parts.newer.tokens[parts.last[hunk] + 1]
    edge = (left == START) | (right == END)
    sides = (left, right) if both else (left,)
    return int(np.count_nonzero(edge)) + min(len(np.unique(side[~edge])) for side in sides)
