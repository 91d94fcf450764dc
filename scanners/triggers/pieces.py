"""Pieces of documents: the unit in which strings are counted."""

from __future__ import annotations

import numpy as np

from scanners.triggers.kernels import I64

PIECE = 512
"""Tokens of a piece. Trainers pack text into sequences, so what a document is does not matter to a
model: 250 episodes in one giant document teach as much as 250 documents. Most documents are one
piece."""


def pieces_of(offsets: I64) -> I64:
    """Offsets int64[m + 1] of the pieces of documents with offsets int64[n + 1].

    Every document begins a new piece; one without tokens is a piece without tokens.
    """
    counts = np.maximum(-(-np.diff(offsets) // PIECE), 1)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    within = np.arange(int(counts.sum())) - first
    starts = np.repeat(offsets[:-1], counts) + within * PIECE
    return np.append(starts, offsets[-1])
