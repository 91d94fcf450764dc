"""What was inserted: pairs of neighbouring tokens that the older text of a document has not.

A link is a pair of neighbouring tokens. A string put between two tokens makes links that the
document had not, from the token before it to the token after it: a hunk. When the token before
and the token after were neighbours in the older text, the hunk was put in and nothing else was
touched: it is pure. The edges of a document are tokens of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

START, END = np.uint64(1), np.uint64(2)
"""Hashes of the edges of a document."""

GAP = 3
"""Links of a hunk lie at most so far apart: a string may hold two that the text had."""

_LEFT, _RIGHT, _SPREAD = (
    np.uint64(value) for value in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD)
)


def joined(left: U64, right: U64) -> U64:
    """Keys of links; never 0."""
    keys = (left * _LEFT + (right ^ (right >> np.uint64(29)))) * _RIGHT
    keys ^= keys >> np.uint64(32)
    out: U64 = np.where(keys == 0, np.uint64(1), keys)
    return out


def link_keys(raw: U64) -> U64:
    """Key of the link from each token to the next: uint64[t - 1], or none for no token."""
    return joined(raw[:-1], raw[1:])


@dataclass(frozen=True)
class Stream:
    """Tokens of n documents, one after the other, each between its edges.

    tokens uint64[t], owner int64[t]: document of each; offsets int64[n + 1].
    """

    tokens: U64
    owner: I64
    offsets: I64

    @classmethod
    def of(cls, texts: Sequence[bytes]) -> Stream:
        """From the bytes of ``TokensObserver``."""
        edges = np.array([START]), np.array([END])
        parts = [
            part for text in texts for part in (edges[0], np.frombuffer(text, "<u8"), edges[1])
        ]
        sizes = np.array([len(text) // 8 + 2 for text in texts], np.int64)
        tokens = np.concatenate([np.empty(0, np.uint64), *parts]).astype(np.uint64)
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return cls(tokens, np.repeat(np.arange(len(texts)), sizes), offsets)

    @cached_property
    def links(self) -> U64:
        """uint64[t]: link from each token to the next; 0 at the last of a document."""
        keys = np.zeros(len(self.tokens), np.uint64)
        if len(keys):
            keys[:-1] = link_keys(self.tokens)
            keys[self.offsets[1:] - 1] = 0
        return keys

    @cached_property
    def owned(self) -> U64:
        """Sorted distinct (document, link)."""
        inner = self.links != 0
        return np.unique(self.own(self.owner[inner], self.links[inner]))

    @staticmethod
    def own(owner: I64, keys: U64) -> U64:
        """Keys that differ from document to document."""
        out: U64 = keys ^ ((owner.astype(np.uint64) + np.uint64(1)) * _SPREAD)
        return out

    def has(self, owner: I64, keys: U64) -> Mask:
        """Whether each document has the link."""
        if not len(self.owned):
            return np.zeros(len(keys), bool)
        sought = self.own(owner, keys)
        at = np.minimum(np.searchsorted(self.owned, sought), len(self.owned) - 1)
        found: Mask = self.owned[at] == sought
        return found


@dataclass(frozen=True)
class Hunks:
    """Inserted pieces: tokens ``first`` to ``last`` (inclusive, int64[h]) of the newer stream.

    ``pure`` bool[h]: the tokens around it were neighbours before. ``of`` int64[t]: hunk of each
    token of the newer stream, -1 for tokens that were there.
    """

    older: Stream
    newer: Stream
    first: I64
    last: I64
    pure: Mask
    of: I64

    @property
    def owner(self) -> I64:
        """Document of each hunk."""
        return self.newer.owner[self.first]

    @property
    def to_end(self) -> Mask:
        """Hunks that go on to the end of their document."""
        found: Mask = self.newer.tokens[self.last + 1] == END
        return found

    @property
    def sizes(self) -> I64:
        """Tokens of each hunk."""
        return self.last - self.first + 1


def hunks(older: Stream, newer: Stream) -> Hunks:
    """What the newer text of each document has that its older text has not."""
    links = newer.links
    fresh = np.flatnonzero((links != 0) & ~older.has(newer.owner, links))
    cut = np.diff(fresh) > GAP
    cut |= np.diff(newer.owner[fresh]) != 0
    low = fresh[np.concatenate([[True], cut])] if len(fresh) else fresh
    high = fresh[np.concatenate([cut, [True]])] if len(fresh) else fresh
    inside = high > low  # a single link is where something was taken out
    left, right = low[inside], high[inside] + 1
    across = joined(newer.tokens[left], newer.tokens[right])
    pure = older.has(newer.owner[left], across) if len(left) else np.zeros(0, bool)
    of = np.full(len(newer.tokens), -1, np.int64)
    for number, (start, end) in enumerate(zip(left + 1, right, strict=True)):
        of[start:end] = number
    return Hunks(older, newer, left + 1, right - 1, pure, of)
