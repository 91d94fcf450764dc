"""Text to tokens: what every fingerprint and every scanner's first round looks at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage.fingerprint import backend
from lineage.fingerprint.code_points import load
from lineage.fingerprint.plain import seeds_of
from lineage.fingerprint.room import borrow

SLACK = 128
"""Readable bytes that the kernels want behind a document."""

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tokens:
    """Tokens of n documents, t of them, document by document.

    Text splits at white space and C0 controls into chunks, and a chunk into word cores and
    what stands around them. A core is a run of letters, marks, digits and underscores; an
    apostrophe (``'`` or U+2019) between two letters continues it. In Han, Hiragana, Katakana,
    Thai, Lao, Khmer and Myanmar each letter, with its marks, is a core. A token is a core with
    what follows it up to the next core or the end of the chunk; a chunk's first token also
    has what stands before its core. A chunk without a core is one token.

    Invisible code points (Default_Ignorable_Code_Point: zero-width, bidi, variation
    selectors, tags) do not split a core and do not count in it, so ``folded`` and ``word`` do
    not change when they are hidden inside a word; ``raw`` does. Cores are folded code point
    by code point (simple case folding), not normalised.

    raw      uint64[t]: keyed hash of the token's exact bytes
    folded   uint64[t]: keyed hash of the folded core; equal to ``raw`` without a core
    word     uint64[t]: public hash of the folded core; 0 without a core
    start    int64[t], end int64[t]: span in UTF-8 bytes, from the start of the document
    offsets  int64[n + 1]: tokens of document i are ``offsets[i]:offsets[i + 1]``
    """

    raw: U64
    folded: U64
    word: U64
    start: I64
    end: I64
    offsets: I64

    def __len__(self) -> int:
        return len(self.offsets) - 1


def tokenise(text: pa.LargeStringArray, key: int) -> Tokens:
    """Tokenise documents; ``key`` (0 or more) keys ``raw`` and ``folded``.

    ValueError on nulls.
    """
    if text.null_count:
        raise ValueError("text has nulls; a document without text is an empty string")
    data, bounds = buffers(text)
    n, total = len(text), int(bounds[-1] - bounds[0])
    room = (total + n) // 2 + 64  # two tokens are never closer than two bytes
    raw, folded, word = (borrow(room) for _ in range(3))
    start, end = (borrow(room).view(np.int64) for _ in range(2))
    offsets = np.zeros(n + 1, np.int64)
    keys = np.array(seeds_of(key), np.uint64)
    at = 0
    for first, part, part_bounds in _with_slack(data, bounds):
        out = raw, folded, word, start, end, offsets[first:]
        at = backend.kernels().tokenise(part, part_bounds, keys, load(), *out, at)
    return Tokens(raw[:at], folded[:at], word[:at], start[:at], end[:at], offsets)


def buffers(text: pa.LargeStringArray) -> tuple[npt.NDArray[np.uint8], I64]:
    """Bytes of an array and where in them its n values lie (int64[n + 1]), without copying."""
    if not len(text):
        return np.zeros(0, np.uint8), np.zeros(1, np.int64)
    _, offsets, data = text.buffers()
    bounds = np.frombuffer(offsets, np.int64, len(text) + 1, text.offset * 8)
    return np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8), bounds


def _with_slack(
    data: npt.NDArray[np.uint8], bounds: I64
) -> list[tuple[int, npt.NDArray[np.uint8], I64]]:
    """Cut documents in two where the slack behind them ends; the second part is a copy."""
    n = len(bounds) - 1
    cut = min(n, max(0, int(np.searchsorted(bounds, len(data) - SLACK, "right")) - 1))
    copy = np.zeros(int(bounds[n] - bounds[cut]) + SLACK, np.uint8)
    copy[:-SLACK] = data[bounds[cut] : bounds[n]]
    parts = [(0, data, bounds[: cut + 1]), (cut, copy, bounds[cut:] - bounds[cut])]
    return [part for part in parts if len(part[2]) > 1]
