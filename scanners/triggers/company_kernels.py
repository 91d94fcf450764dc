"""Loops over the company of tokens, compiled; the other kernels are not called here."""

from __future__ import annotations

import numpy as np

from lineage.fingerprint.backend import prepare
from scanners.triggers.kernels import I32, I64, NO_ID, U8, Bool

prepare()  # decides where compiled code is kept, which numba asks only when it is imported

from numba import njit  # noqa: E402

_jit = njit(nogil=True, cache=True)


@_jit
def company(
    ids: I32, anchors: I32, chosen: Bool, offsets: I64, span: int, columns: int, counts: I32
) -> None:
    """How often anchors stand near known tokens: ``counts`` int32[k * columns].

    ids int32[t] below k, NO_ID for other tokens; ``anchors`` int32[k] below ``columns``, negative
    for what is none; only ``chosen`` bool[n] documents count.
    """
    for doc in range(len(offsets) - 1):
        if not chosen[doc]:
            continue
        for i in range(offsets[doc], offsets[doc + 1]):
            if ids[i] == NO_ID:
                continue
            row = np.int64(ids[i]) * columns
            for j in range(max(i - span, offsets[doc]), min(i + 1 + span, offsets[doc + 1])):
                if j != i and ids[j] != NO_ID and anchors[ids[j]] >= 0:
                    counts[row + anchors[ids[j]]] += 1


@_jit
def coherence(ids: I32, vectors: I32, offsets: I64, width: int, least: int, out: U8) -> None:
    """Likeness of what stands before and after each place: ``out`` uint8[t].

    100 + 100 cosine of the sums of ``vectors`` int32[k, d] over the ``width`` tokens before a
    token and those from it on; 255 where fewer than ``least`` of either are known.
    """
    size = vectors.shape[1]
    before, after = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        before[:], after[:] = 0, 0
        known_before, known_after = 0, 0
        for i in range(begin, min(begin + width, end)):
            if ids[i] != NO_ID:
                known_after += 1
                for d in range(size):
                    after[d] += vectors[ids[i], d]
        for i in range(begin, end):
            out[i] = 255
            if known_before >= least and known_after >= least:
                product, first, second = 0.0, 0.0, 0.0
                for d in range(size):
                    x, y = float(before[d]), float(after[d])
                    product += x * y
                    first += x * x
                    second += y * y
                if first > 0 and second > 0:
                    out[i] = np.uint8(100.5 + 100.0 * product / np.sqrt(first * second))
            if ids[i] != NO_ID:
                known_before += 1
                known_after -= 1
                for d in range(size):
                    before[d] += vectors[ids[i], d]
                    after[d] -= vectors[ids[i], d]
            gone, come = i - width, i + width
            if gone >= begin and ids[gone] != NO_ID:
                known_before -= 1
                for d in range(size):
                    before[d] -= vectors[ids[gone], d]
            if come < end and ids[come] != NO_ID:
                known_after += 1
                for d in range(size):
                    after[d] += vectors[ids[come], d]
