"""Loops over where strings are at home, compiled; the other kernels are not called here."""

from __future__ import annotations

import numpy as np

from lineage.fingerprint.backend import prepare
from scanners.triggers.kernels import I32, I64, NO_ID, U64

prepare()  # decides where compiled code is kept, which numba asks only when it is imported

from numba import njit  # noqa: E402

_S32 = np.uint64(32)

_jit = njit(nogil=True, cache=True)


@_jit
def met(
    ids: I32, source: I32, draw: U64, limit: U64, last: I64, first_doc: int, offsets: I64, row: U64
) -> int:
    """Sources of strings: writes ``string << 32 | source`` to ``row``, once a document, and returns
    how many.

    ids int32[t]; ``source`` int32[n], documents with NO_ID are passed over. Only documents whose
    ``draw`` uint64[n] is at most the string's ``limit`` uint64[c] count; ``last`` int64[c] holds
    the document that counted last.
    """
    n = 0
    for doc in range(len(offsets) - 1):
        if source[doc] == NO_ID:
            continue
        stamp = np.int64(first_doc + doc)
        for i in range(offsets[doc], offsets[doc + 1]):
            c = ids[i]
            if c == NO_ID or last[c] == stamp or draw[doc] > limit[c]:
                continue
            last[c] = stamp
            row[n] = (np.uint64(c) << _S32) | np.uint64(source[doc])
            n += 1
    return n


@_jit
def away(ids: I32, source: I32, offsets: I64, starts: I64, homes: I32, out: I32) -> None:
    """``ids`` int32[t], NO_ID where a string is at home.

    Homes of string c are ``homes[starts[c] : starts[c + 1]]``.
    """
    for doc in range(len(offsets) - 1):
        for i in range(offsets[doc], offsets[doc + 1]):
            out[i] = ids[i]
            if ids[i] == NO_ID:
                continue
            for k in range(starts[ids[i]], starts[ids[i] + 1]):
                if homes[k] == source[doc]:
                    out[i] = NO_ID


@_jit
def counted(ids: I32, pieces: I64, first_piece: int, df: I64, occ: I64, last: I64) -> None:
    """Count strings in all and by piece, of offsets ``pieces`` int64[m + 1]."""
    for piece in range(len(pieces) - 1):
        stamp = np.int64(first_piece + piece)
        for i in range(pieces[piece], pieces[piece + 1]):
            c = ids[i]
            if c == NO_ID:
                continue
            occ[c] += 1
            if last[c] != stamp:
                last[c] = stamp
                df[c] += 1
