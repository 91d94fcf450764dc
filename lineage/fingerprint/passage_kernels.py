"""The loops behind passages and compact signatures; ``plain`` defines what they compute."""

# Types in here are numba's, which mypy does not know.
# mypy: ignore-errors
from __future__ import annotations

import numpy as np

from lineage.fingerprint.backend import prepare
from lineage.fingerprint.plain import FINISH, ROLL, SCATTER

prepare()  # decides where compiled code is kept, which numba asks when it is imported

from numba import njit  # noqa: E402

_ROLL, _FINISH = np.uint64(ROLL), np.uint64(FINISH)
_LEAST = np.uint64(1)
_SCATTER = np.uint32(SCATTER)
RING = 64
"""Room of the ring buffers: neither width nor window may be larger."""
LAST = RING - 1


@njit(nogil=True, cache=True)
def _distinct(document, value, first, stop):
    """Sort ``value[first:stop]`` (Shell's sort), drop repetitions; returns where it now ends."""
    gap = (stop - first) // 2
    while gap > 0:
        for i in range(first + gap, stop):
            held, j = value[i], i
            while j >= first + gap and value[j - gap] > held:
                value[j] = value[j - gap]
                j -= gap
            value[j] = held
        gap = (gap * 5) // 11 if gap != 2 else 1
    kept = first
    for i in range(first, stop):
        if i == first or value[i] != value[kept - 1]:
            value[kept], document[kept] = value[i], document[first]
            kept += 1
    return kept


@njit(nogil=True, cache=True)
def winnow(word, offsets, width, window, document, value):
    """Write (document, hash) of every chosen passage, sorted, each once; returns how many.

    ``word`` uint64[t] (0: no word), ``offsets`` int64[n + 1]; ``document`` uint32 and ``value``
    uint64 have room for t.
    """
    count = 0
    top = np.uint64(1)
    for _ in range(width):
        top *= _ROLL
    words, hashes = np.empty(RING, np.uint64), np.empty(RING, np.uint64)
    for i in range(len(offsets) - 1):
        seen, h, best, last = 0, np.uint64(0), -1, np.uint64(0)
        first = count
        for at in range(offsets[i], offsets[i + 1]):
            if word[at] == 0:
                continue
            h = h * _ROLL + word[at]
            if seen >= width:
                h -= words[(seen - width) & LAST] * top
            words[seen & LAST] = word[at]
            seen += 1
            if seen < width:
                continue
            m = (h ^ (h >> np.uint64(32))) * _FINISH
            m = max(m ^ (m >> np.uint64(29)), _LEAST)
            number = seen - width  # of this passage
            hashes[number & LAST] = m
            if best < 0 or m <= hashes[best & LAST]:
                best = number
            elif number - best >= window:
                best = number - window + 1
                for j in range(best + 1, number + 1):
                    if hashes[j & LAST] <= hashes[best & LAST]:
                        best = j
            if number >= window - 1:
                chosen = hashes[best & LAST]
                if count == first or chosen != last:
                    document[count], value[count] = i, chosen
                    count += 1
                    last = chosen
        if width <= seen < width + window - 1:
            document[count], value[count] = i, hashes[best & LAST]
            count += 1
        count = _distinct(document, value, first, count)
    return count


@njit(nogil=True, cache=True)
def pack(signatures, out):
    """Four bits of each of k minima into ``out`` (uint64[n, k / 16]), the first lowest."""
    for i in range(len(signatures)):
        for j in range(out.shape[1]):
            packed = np.uint64(0)
            for k in range(16):
                m = signatures[i, 16 * j + k]
                m = np.uint32((m ^ (m >> np.uint32(15))) * _SCATTER)
                packed |= np.uint64(m >> np.uint32(28)) << np.uint64(4 * k)
            out[i, j] = packed
