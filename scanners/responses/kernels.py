"""Loops over postings, compiled. All kernels of this scanner: the cache sees one file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.backend import prepare

prepare()  # decides where compiled code is kept, which numba asks only when it is imported

from numba import njit  # noqa: E402

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]


@njit(nogil=True, cache=True)
def best_effects(
    starts: I64,
    docs: I32,
    effect_starts: I64,
    effects: I32,
    sizes: I64,
    total: int,
    least: int,
    share: float,
    best: I32,
    hits: I32,
    score: F64,
) -> None:
    """The effect that each cause predicts best.

    Documents of cause c are ``docs[starts[c]:starts[c + 1]]``; effects of document d are
    ``effects[effect_starts[d]:effect_starts[d + 1]]``; ``sizes`` int64[e] documents of each
    effect, of ``total``. A pair counts from ``least`` documents and ``share`` of the cause's
    documents on. score: n * KL(share of hits, base rate), the exponent of Chernoff's bound on
    the chance of so many hits; -1 in ``best`` where no effect is more frequent than by chance.
    """
    count = np.zeros(len(sizes), np.int32)
    touched = np.empty(len(sizes), np.int32)
    for c in range(len(starts) - 1):
        best[c], hits[c], score[c] = -1, 0, 0.0
        n = starts[c + 1] - starts[c]
        met = 0
        for i in range(starts[c], starts[c + 1]):
            for j in range(effect_starts[docs[i]], effect_starts[docs[i] + 1]):
                effect = effects[j]
                if count[effect] == 0:
                    touched[met] = effect
                    met += 1
                count[effect] += 1
        for i in range(met):
            effect = touched[i]
            k = count[effect]
            count[effect] = 0
            rate = (sizes[effect] + 1.0) / (total + 2.0)
            part = k / n
            if k < least or part <= rate or part < share:
                continue
            value = k * np.log(part / rate)
            if k < n:
                value += (n - k) * np.log((1.0 - part) / (1.0 - rate))
            # Of effects that are predicted alike the rarer, then the first.
            if value > score[c] or (value == score[c] and effect < best[c]):
                best[c], hits[c], score[c] = effect, k, value
