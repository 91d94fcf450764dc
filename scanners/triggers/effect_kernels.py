"""Loops over what happens behind n-grams, compiled; the other kernels are not called here."""

from __future__ import annotations

import numpy as np

from lineage.fingerprint.backend import prepare
from scanners.triggers.kernels import I32, I64, NO_ID, U8, Bool

prepare()  # decides where compiled code is kept, which numba asks only when it is imported

from numba import njit  # noqa: E402

TURN, BREAK, TURN_TOLD, BREAK_TOLD = (np.uint8(1 << bit) for bit in range(4))
"""What happens behind an n-gram, and whether it can be told."""

_jit = njit(nogil=True, cache=True)


@_jit
def windows(
    pair_ids: I32,
    glued: Bool,
    offsets: I64,
    width: int,
    least: tuple[int, int],
    after: U8,
    before: U8,
) -> None:
    """Share of bigrams unknown to the corpus in the text after and before each position.

    pair_ids int32[t]: NO_ID where the bigram starting here occurs in one document only; a
    bigram whose second token is ``glued`` bool[t] to the first does not count.
    after, before uint8[t]: percent over the next (previous) ``width`` bigrams that count; 255
    where they are fewer than ``least`` says of either.
    """
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        size = end - begin
        # Bigrams that count, in order: rank[k] of them start before token k.
        rank = np.zeros(size + 1, np.int32)
        unknown = np.zeros(size + 1, np.int32)
        n = 0
        for k in range(size):
            rank[k] = n
            if k + 1 < size and not glued[begin + k + 1]:
                unknown[n + 1] = unknown[n] + (pair_ids[begin + k] == NO_ID)
                n += 1
        for k in range(size):
            first = rank[k]
            stop = min(first + width, n)
            after[begin + k] = 255
            if stop - first >= least[0]:
                after[begin + k] = (100 * (unknown[stop] - unknown[first])) // (stop - first)
            # The bigram that ends here is part candidate: it belongs to neither side.
            stop = rank[k - 1] if k > 0 else 0
            first = max(stop - width, 0)
            before[begin + k] = 255
            if stop - first >= least[1]:
                before[begin + k] = (100 * (unknown[stop] - unknown[first])) // (stop - first)


@_jit
def histogram(values: U8, offsets: I64, most: int, counts: I64) -> None:
    """Count ``values`` below ``len(counts)``, the first ``most`` of a document."""
    for doc in range(len(offsets) - 1):
        counted = 0
        for i in range(offsets[doc], offsets[doc + 1]):
            if values[i] < len(counts) and counted < most:
                counts[values[i]] += 1
                counted += 1


@_jit
def turns(
    after: U8, before: U8, offsets: I64, spans: I32, levels: tuple[int, int, int], out: U8
) -> None:
    """What happens behind n-grams of ``spans`` int32[t] tokens: ``out`` uint8[t], bits TURN,
    TURN_TOLD.

    ``levels``: calm, strange, leap. Text turns strange where at least ``strange`` percent of the
    bigrams behind the n-gram are unfamiliar, and of those before it at most ``calm``, or at least
    ``leap`` less than behind it. That can be told where there are enough on both sides, and those
    before it leave room for a leap.
    """
    calm, strange, leap = levels
    out[:] = 0
    for doc in range(len(offsets) - 1):
        end = offsets[doc + 1]
        for i in range(offsets[doc], end):
            if i + spans[i] >= end:
                continue
            behind, ahead = np.int64(after[i + spans[i]]), np.int64(before[i])
            quiet = ahead <= calm
            if behind == 255 or not (quiet or ahead + leap <= 100):
                continue
            turned = behind >= strange and (quiet or ahead + leap <= behind)
            out[i] = TURN | TURN_TOLD if turned else TURN_TOLD


@_jit
def tally(ids: I32, effects: U8, offsets: I64, first: int, docs: I64, last: I64) -> None:
    """Per candidate the pieces with each bit of ``effects`` uint8[t] set: ``docs`` int64[k, c].

    ``offsets`` int64[n + 1] are those of the pieces, ``first`` the number of the first one;
    ``last`` int64[k, c] holds the piece that counted last.
    """
    for piece in range(len(offsets) - 1):
        stamp = np.int64(first + piece)
        for i in range(offsets[piece], offsets[piece + 1]):
            c = ids[i]
            if c == NO_ID or effects[i] == 0:
                continue
            for effect in range(len(docs)):
                if (effects[i] >> np.uint8(effect)) & 1 and last[effect, c] != stamp:
                    last[effect, c] = stamp
                    docs[effect, c] += 1


@_jit
def breaks(coherent: U8, offsets: I64, spans: I32, longest: int, level: int, out: U8) -> None:
    """Mark in ``out`` uint8[t] where the text behind an n-gram of ``spans`` int32[t] tokens can be
    compared with that before it (bit BREAK_TOLD), and is no more like it than ``level`` (BREAK).

    Not behind more than ``longest`` tokens, for these would be what it is compared with.
    """
    for doc in range(len(offsets) - 1):
        end = offsets[doc + 1]
        for i in range(offsets[doc], end):
            if spans[i] > longest or i + spans[i] >= end:
                continue
            likeness = coherent[i + spans[i]]
            if likeness != 255:
                out[i] |= BREAK | BREAK_TOLD if likeness <= level else BREAK_TOLD


@_jit
def summed(effects: U8, sums: I64) -> None:
    """Running counts of each bit of ``effects`` uint8[t]: ``sums`` int64[4, t + 1]."""
    sums[:, 0] = 0
    for i in range(len(effects)):
        for bit in range(4):
            sums[bit, i + 1] = sums[bit, i] + ((effects[i] >> np.uint8(bit)) & 1)
