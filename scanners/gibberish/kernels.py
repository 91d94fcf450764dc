"""Loops over tokens: who uses a token, and where tokens of nobody else crowd together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.backend import prepare

prepare()  # decides where compiled code is kept, which numba asks when it is imported

from numba import njit  # noqa: E402

I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
U8 = npt.NDArray[np.uint8]

CELL_BITS = 24
"""Tokens are told apart by this many bits of their hash: at most 2^24 rows, 2 MiB of plan."""
CELLS = 1 << CELL_BITS
EMPTY = np.uint32(0xFFFFFFFF)
"""No cell: larger than any."""
_SHIFT = np.uint64(64 - CELL_BITS)
_SPREAD = np.uint32(2654435761)


@njit(nogil=True, cache=True)
def users(
    raw: U64, offsets: I64, documents: U32, table: U32, used: int, start: int
) -> tuple[int, int]:
    """Note, of each cell, the least and the greatest document that has it.

    ``table`` is uint32[size, 3] of (cell, least, greatest), open addressing, size a power of
    two; at size 2^CELL_BITS every cell has a place of its own. Documents from ``start`` on are
    taken until the table is half full. Returns the rows used and the document to go on with
    in a larger table (noting a document twice changes nothing).
    """
    size = len(table)
    mask = np.uint32(size - 1)
    for document in range(start, len(offsets) - 1):
        who = documents[document]
        for token in range(offsets[document], offsets[document + 1]):
            if 2 * used >= size and size < CELLS:
                return used, document
            cell = np.uint32(raw[token] >> _SHIFT)
            at = np.uint32(cell * _SPREAD) & mask
            while table[at, 0] != EMPTY and table[at, 0] != cell:
                at = np.uint32(at + np.uint32(1)) & mask
            if table[at, 0] == EMPTY:
                table[at, 0], table[at, 1], table[at, 2] = cell, who, who
                used += 1
            else:
                table[at, 1] = min(table[at, 1], who)
                table[at, 2] = max(table[at, 2], who)
    return used, len(offsets) - 1


@njit(nogil=True, cache=True)
def _alone(shared: U8, token: np.uint64) -> np.int64:
    cell = token >> _SHIFT
    return np.int64(1) - np.int64((shared[cell >> np.uint64(3)] >> (cell & np.uint64(7))) & 1)


@njit(nogil=True, cache=True)
def crowding(raw: U64, offsets: I64, shared: U8, window: int) -> I64:
    """int64[n]: the most tokens within ``window`` in a row that no other document has.

    ``shared`` has a bit a cell: whether two documents have it.
    """
    worst = np.zeros(len(offsets) - 1, dtype=np.int64)
    for document in range(len(worst)):
        first = offsets[document]
        count = np.int64(0)
        for token in range(first, offsets[document + 1]):
            count += _alone(shared, raw[token])
            if token - window >= first:
                count -= _alone(shared, raw[token - window])
            worst[document] = max(worst[document], count)
    return worst
