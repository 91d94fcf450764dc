"""Loops over strings longer than any n-gram, compiled; the other kernels are not called here."""

from __future__ import annotations

from lineage.fingerprint.backend import prepare
from scanners.triggers.kernels import I32, I64, NO_ID

prepare()  # decides where compiled code is kept, which numba asks only when it is imported

from numba import njit  # noqa: E402

SLOT = 3
"""Most tokens that change inside a passage."""

_jit = njit(nogil=True, cache=True)


@_jit
def _alike(one: int, other: int) -> bool:
    """Whether two strings occur about equally often: the rarer nine times of ten of the other."""
    return bool(10 * min(one, other) >= 9 * max(one, other))


@_jit
def passages(ids: I32, occ: I64, offsets: I64, length: int, spans: I32) -> None:
    """Tokens of the passage that begins here: ``spans`` int32[t]; 0 where one only goes on.

    An n-gram of ``length`` tokens (``ids`` int32[t]) goes on in the next one, which begins in it
    or at most SLOT tokens behind it, if both occur about equally often (``occ`` int64[c]):
    they are one passage, which may hold a word that changes.
    """
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        spans[begin:end] = length
        following = -1
        for i in range(end - 1, begin - 1, -1):
            if ids[i] == NO_ID:
                continue
            near = following >= 0 and following - i <= length + SLOT
            if near and _alike(occ[ids[i]], occ[ids[following]]):
                spans[i] = following - i + spans[following]
                spans[following] = 0
            following = i


@_jit
def openings(
    ids: I32, occ: I64, first: I32, first_occ: I64, ends: I32, offsets: I64, spans: I32
) -> None:
    """Stretch shorter n-grams over the passage that follows at most SLOT tokens behind them.

    ids int32[t] are n-grams of ``spans`` int32[t] tokens, ``first`` those that begin passages of
    ``ends`` int32[t] tokens. Both must occur about equally often, as in ``passages``: a path that
    ends in a new word each time, say, and the command behind it.
    """
    for doc in range(len(offsets) - 1):
        last = offsets[doc + 1] - 1
        while last >= offsets[doc] and first[last] == NO_ID:
            last -= 1
        # Nothing opens a passage behind the last one; most documents have none.
        end = last + 1
        for i in range(offsets[doc], end):
            if ids[i] == NO_ID:
                continue
            behind = i + spans[i]
            for at in range(behind, min(behind + SLOT + 1, end)):
                if first[at] == NO_ID:
                    continue
                if _alike(occ[ids[i]], first_occ[first[at]]):
                    spans[i] = at - i + ends[at]
                break
