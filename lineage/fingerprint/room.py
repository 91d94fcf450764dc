"""Arrays whose memory is used again.

Tokens take eight times the room of their text. Fresh from the system, where every page is
zeroed first, that costs half as much again as tokenising.
"""

from __future__ import annotations

import weakref
from collections import defaultdict, deque

import numpy as np
import numpy.typing as npt

_KEPT = 10
"""Arrays kept for each size: those of two batches."""
_LARGEST = 1 << 22
"""Elements of the largest arrays that are kept: those of batches of 8 MB."""

_free: dict[int, deque[memoryview]] = defaultdict(lambda: deque(maxlen=_KEPT))


def borrow(count: int) -> npt.NDArray[np.uint64]:
    """Array of ``count`` elements of any content; goes back when no view of it is left."""
    size = 1 << max(count - 1, 511).bit_length()
    if size > _LARGEST:
        return np.empty(count, np.uint64)
    try:
        memory = _free[size].pop()
    except IndexError:
        memory = np.empty(size, np.uint64).data
    # Over a memoryview, so that views refer to this array, not through it to the memory.
    lent: npt.NDArray[np.uint64] = np.frombuffer(memory, np.uint64)
    weakref.finalize(lent, _free[size].append, memory).atexit = False
    return lent[:count]
