"""One pass over the bytes of a column: which rows hold anything to look at.

Rows without such code points, nearly all of them, never become Python strings.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage.fingerprint.backend import prepare

prepare()  # decides where compiled code is kept, which numba asks when it is imported

from numba import njit  # noqa: E402

from scanners.hidden_text.characters import (  # noqa: E402
    LEAST_RUN,
    LOOK_ALIKES,
    LOOKED,
    LOOKED_AT,
    MIXED,
    REPEATED,
)

U8 = npt.NDArray[np.uint8]

_LATIN, _ALIKE = 1, 2


def _tables() -> tuple[U8, U8]:
    """Whether a code point is looked at (0 or 1), and the class of a letter below U+0600."""
    looked = np.zeros(0x110000, dtype=np.uint8)
    for low, high in LOOKED_AT:
        looked[low : high + 1] = 1
    letters = np.zeros(0x600, dtype=np.uint8)
    for point in (*range(0x41, 0x5B), *range(0x61, 0x7B), *range(0xC0, 0x250)):
        letters[point] = _LATIN
    for char in LOOK_ALIKES:
        letters[ord(char)] = _ALIKE
    return looked, letters


LOOKED_TABLE, LETTER_TABLE = _tables()


@njit(nogil=True, cache=True)
def _flags(data: U8, offsets: npt.NDArray[np.int64], looked: U8, letters: U8, least_run: int) -> U8:
    rows = len(offsets) - 1
    out = np.zeros(rows, dtype=np.uint8)
    for row in range(rows):
        at, end = offsets[row], offsets[row + 1]
        flag, run, last, before = 0, 0, np.int64(0), letters[0]
        while at < end:
            byte = data[at]
            if byte < 0x80:
                point = np.int64(byte)
                at += 1
                kind = letters[point]
                run = 0
                if looked[point]:
                    flag |= LOOKED
            else:
                if byte < 0xE0:
                    point, more = np.int64(byte & 0x1F), 1
                elif byte < 0xF0:
                    point, more = np.int64(byte & 0x0F), 2
                else:
                    point, more = np.int64(byte & 0x07), 3
                for step in range(1, more + 1):
                    point = (point << 6) | (data[at + step] & 0x3F)
                at += more + 1
                kind = letters[point] if point < len(letters) else letters[0]
                run = run + 1 if point == last else 1
                if run >= least_run:
                    flag |= REPEATED
                if looked[point]:
                    flag |= LOOKED
            if kind + before == _LATIN + _ALIKE:
                flag |= MIXED
            before = kind
            last = point
        out[row] = flag
    return out


def flags(column: pa.LargeStringArray) -> U8:
    """uint8[n]: bits ``LOOKED``, ``MIXED`` and ``REPEATED`` of every row; zero for most."""
    if len(column) == 0:
        return np.zeros(0, dtype=np.uint8)
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
    values = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, np.uint8)
    marks: U8 = _flags(values, starts, LOOKED_TABLE, LETTER_TABLE, LEAST_RUN)
    return marks
