"""The loop over tokens: where tokens of nobody else crowd together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.backend import prepare

prepare()  # decides where compiled code is kept, which numba asks when it is imported

from numba import njit  # noqa: E402

I64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@njit(nogil=True, cache=True)
def crowding(alone: Mask, offsets: I64, window: int) -> I64:
    """int64[n]: the most tokens of bool[t] ``alone`` within ``window`` in a row of a document."""
    worst = np.zeros(len(offsets) - 1, dtype=np.int64)
    for document in range(len(worst)):
        first = offsets[document]
        count = np.int64(0)
        for token in range(first, offsets[document + 1]):
            count += np.int64(alone[token])
            if token - window >= first:
                count -= np.int64(alone[token - window])
            worst[document] = max(worst[document], count)
    return worst
