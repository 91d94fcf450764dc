"""Passages: which documents share a run of words, by winnowing.

Of every ``window`` consecutive hashes of ``width`` words the least is kept (Schleimer,
Wilkerson, Aiken 2003, "Winnowing: local algorithms for document fingerprinting"), so two
documents that share ``GUARANTEE`` consecutive words share a fingerprint, whatever stands
around them. About 2 / (window + 1) of all passages are kept. Hashes are public: equal for all
stores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lineage.fingerprint import backend

if TYPE_CHECKING:
    from lineage.fingerprint.tokens import Tokens

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

WIDTH = 8
"""Words of a passage. Fewer, and stock phrases of a language meet by chance."""
WINDOW = 43
"""Consecutive passages of which at least one is kept."""
GUARANTEE = WIDTH + WINDOW - 1
"""Words in a row that are found whenever two documents share them: 50."""


def passages(tokens: Tokens) -> tuple[U32, U64]:
    """Fingerprints of n documents, as (row uint32[m], hash uint64[m]), sorted, each once.

    Words are tokens with a core, folded. A document of fewer than ``WIDTH`` words has none;
    one with fewer than ``GUARANTEE`` has one.
    """
    document = np.empty(len(tokens.word), np.uint32)
    value = np.empty(len(tokens.word), np.uint64)
    count = backend.winnowing().winnow(tokens.word, tokens.offsets, WIDTH, WINDOW, document, value)
    return document[:count], value[:count]
