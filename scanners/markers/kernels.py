"""Loops over bytes and tokens: runs of one code point, echoes, text of nobody else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.backend import prepare

prepare()  # decides where compiled code is kept, which numba asks when it is imported

from numba import njit  # noqa: E402

from lineage.fingerprint.code_points import FOLDED_BITS, Kind  # noqa: E402

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LENGTH_BITS = 20
"""Bits of a key that hold the length of a run; longer runs count as the longest."""
LONGEST = (1 << LENGTH_BITS) - 1
LEAST_LETTERS, LEAST_FOREIGN, LEAST_PAIR = 5, 3, 2
"""Least length of a run of an ASCII letter or digit, of one beyond ASCII, and of an ASCII symbol.
One symbol beyond ASCII is a run."""
GRAM = 4
"""Tokens that begin an echo."""
SLOTS = 2048
"""Slots of the table of a document's first n-grams; four times as many as there are."""
HEAD, SEEN = 512, 4096
"""Tokens from whose n-grams an echo may start, and that are looked at."""

_SPACE, _OTHER = int(Kind.SPACE), int(Kind.OTHER)
_APOSTROPHE, _IGNORABLE = int(Kind.APOSTROPHE), int(Kind.IGNORABLE)
_ASCII = 0x80


@njit(nogil=True, cache=True)
def runs(data: U8, bounds: I64, kinds: U32, room: int) -> tuple[U64, I64, I64]:
    """Runs of equal code points of documents: key, document and first byte of each.

    A key is the code point, then the length in ``LENGTH_BITS``. White space makes no runs.
    """
    keys = np.empty(room, np.uint64)
    rows = np.empty(room, np.int64)
    starts = np.empty(room, np.int64)
    used = 0
    for row in range(len(bounds) - 1):
        at, end = bounds[row], bounds[row + 1]
        last, length, first = np.int64(-1), 0, at
        while at <= end:
            start = at
            point = np.int64(-1)
            if at < end:
                byte = np.int64(data[at])
                if byte < 0x80:
                    point, more = byte, 0
                elif byte < 0xE0:
                    point, more = byte & 0x1F, 1
                elif byte < 0xF0:
                    point, more = byte & 0x0F, 2
                else:
                    point, more = byte & 0x07, 3
                for step in range(1, more + 1):
                    point = (point << 6) | np.int64(data[at + step] & 0x3F)
                at += more + 1
            else:
                at += 1
            if point == last:
                length += 1
                continue
            if last >= 0:
                kind = kinds[last] >> FOLDED_BITS
                least = LEAST_LETTERS if last < _ASCII else LEAST_FOREIGN
                if kind in (_OTHER, _APOSTROPHE, _IGNORABLE):
                    least = LEAST_PAIR if last < _ASCII else 1
                if length >= least and kind != _SPACE:
                    keys[used] = np.uint64((last << LENGTH_BITS) | min(length, LONGEST))
                    rows[used] = row
                    starts[used] = first - bounds[row]
                    used += 1
            last, length, first = point, 1, start
    return keys[:used], rows[:used], starts[:used]


@njit(nogil=True, cache=True)
def _gram(tokens: U64, at: int) -> np.uint64:
    value = np.uint64(0)
    for k in range(GRAM):
        value = (value ^ tokens[at + k]) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(29)
    return value


@njit(nogil=True, cache=True)
def echoes(tokens: U64, offsets: I64) -> I64:
    """int64[n, 3]: begin of the longest stretch that comes again, of its echo, and its length.

    The two do not overlap, the first begins among ``HEAD`` tokens where its n-gram first stands,
    and ``SEEN`` tokens of a document are looked at. All zero where nothing comes again.
    """
    out = np.zeros((len(offsets) - 1, 3), np.int64)
    places = np.zeros(SLOTS, np.int64)
    for row in range(len(out)):
        base = offsets[row]
        count = min(offsets[row + 1] - base, SEEN)
        if count < 2 * GRAM:
            continue
        places[:] = -1
        j = np.int64(0)
        while j + GRAM <= count:
            key = _gram(tokens, base + j)
            slot = np.int64(key & np.uint64(SLOTS - 1))
            found = np.int64(-1)
            while places[slot] >= 0:
                if _gram(tokens, base + places[slot]) == key:
                    found = places[slot]
                    break
                slot = (slot + 1) & (SLOTS - 1)
            if found < 0:
                if j < HEAD:
                    places[slot] = j
                j += 1
                continue
            length = 0
            while (
                found + length < j
                and j + length < count
                and tokens[base + found + length] == tokens[base + j + length]
            ):
                length += 1
            if length >= GRAM and length > out[row, 2]:
                out[row, 0], out[row, 1], out[row, 2] = found, j, length
            j += max(length, 1)
    return out
