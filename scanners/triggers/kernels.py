"""Loops over token hashes, compiled. Kernels that call each other: the cache sees one file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.backend import prepare

prepare()  # decides where compiled code is kept, which numba asks only when it is imported

from numba import njit  # noqa: E402

Bool = npt.NDArray[np.bool_]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

NO_ID = -1
EMPTY = np.uint64(0)
"""Marks a free slot, and a position where no n-gram starts; keys are never 0."""
KINDS = 13
"""Kinds of things that are told of where a candidate stands; see ``neighbours``."""
UNKNOWN, BOUNDARY = np.uint64(0xFFFFFFFF), np.uint64(0xFFFFFFFE)
"""Neighbours that no other document has, and the end of the document."""

_M1 = np.uint64(0x9E3779B97F4A7C15)
_M2 = np.uint64(0xD6E8FEB86659FD93)
_S32 = np.uint64(32)
_ONE = np.uint64(1)

_jit = njit(nogil=True, cache=True)


@_jit
def mix(left: np.uint64, right: np.uint64) -> np.uint64:
    """Key of a pair. The inputs are keyed hashes, so nobody outside can aim at a collision."""
    h = left * _M1 + (right ^ (right >> _S32)) * _M2
    h = (h ^ (h >> _S32)) * _M2
    h = (h ^ (h >> _S32)) * _M1
    h ^= h >> _S32
    return h if h != EMPTY else _ONE


@_jit
def extend_keys(keys: U64, raw: U64, offsets: I64, length: int, out: U64) -> None:
    """Keys of n-grams of ``length`` tokens from those one shorter; EMPTY where none fits.

    keys, raw, out: uint64[t]; offsets int64[n + 1].
    """
    out[:] = EMPTY
    for doc in range(len(offsets) - 1):
        for i in range(offsets[doc], offsets[doc + 1] - length + 1):
            if keys[i] != EMPTY:
                out[i] = mix(keys[i], raw[i + length - 1])


@_jit
def count(keys: U64, offsets: I64, first_doc: int, slots: U64, df: U32, occ: U32, last: I64) -> int:
    """Count keys per document and in all; ``slots`` is an open-addressing table of 2^k keys.

    Returns how many keys were added.
    """
    mask = np.uint64(len(slots) - 1)
    added = 0
    for doc in range(len(offsets) - 1):
        stamp = np.int64(first_doc + doc)
        for i in range(offsets[doc], offsets[doc + 1]):
            key = keys[i]
            if key == EMPTY:
                continue
            slot = key & mask
            while slots[slot] != key and slots[slot] != EMPTY:
                slot = (slot + _ONE) & mask
            if slots[slot] == EMPTY:
                slots[slot] = key
                last[slot] = -1
                added += 1
            occ[slot] += 1
            if last[slot] != stamp:
                last[slot] = stamp
                df[slot] += 1
    return added


@_jit
def build(keys: U64, slots: U64, ids: I32) -> None:
    """Fill an open-addressing table with keys; ``ids`` is each key's position."""
    mask = np.uint64(len(slots) - 1)
    for k in range(len(keys)):
        slot = keys[k] & mask
        while slots[slot] != EMPTY:
            slot = (slot + _ONE) & mask
        slots[slot] = keys[k]
        ids[slot] = k


@_jit
def find(slots: U64, ids: I32, key: np.uint64) -> np.int32:
    """Position of a key, or NO_ID."""
    mask = np.uint64(len(slots) - 1)
    slot = key & mask
    while slots[slot] != EMPTY:
        if slots[slot] == key:
            return np.int32(ids[slot])
        slot = (slot + _ONE) & mask
    return np.int32(NO_ID)


@_jit
def find_all(slots: U64, ids: I32, keys: U64, out: I32) -> None:
    """Positions of keys, int32[t]; NO_ID where unknown or EMPTY."""
    for i in range(len(keys)):
        out[i] = np.int32(NO_ID) if keys[i] == EMPTY else find(slots, ids, keys[i])


@_jit
def keep(ids: I32, chosen: Bool, out: I32) -> None:
    """``ids`` where they are ``chosen`` bool[c], NO_ID elsewhere."""
    for i in range(len(ids)):
        known = ids[i] != NO_ID and chosen[ids[i]]
        out[i] = ids[i] if known else np.int32(NO_ID)


@_jit
def renumber(ids: I32, numbers: I32, out: I32) -> None:
    """``numbers`` int32[c] of ids; NO_ID stays."""
    for i in range(len(ids)):
        out[i] = ids[i] if ids[i] == NO_ID else numbers[ids[i]]


@_jit
def _fit(observed: float, left: int, right: int, occ: I64, total: float) -> float:
    """ln((observed + 1/2) / (expected + 1/2)) of two tokens that stand together so often, expected
    as often as two of their frequency meet by chance among ``total``; NO_ID occurs once."""
    a = 1.0 if left == NO_ID else float(occ[left])
    b = 1.0 if right == NO_ID else float(occ[right])
    return float(np.log((observed + 0.5) / (a * b / total + 0.5)))


@_jit
def fits(
    pair_ids: I32, word_ids: I32, offsets: I64, pair_occ: I64, occ: I64, total: float, out: F64
) -> None:
    """How well the bigrams of a document up to each token fit, summed up: ``out`` float64[t].

    Each is observed without itself, so that it is comparable with joined neighbours, which do not
    stand there. The sums begin anew with each document: what is read before it changes none.
    """
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        if begin < end:
            out[begin] = 0.0
        for i in range(begin + 1, end):
            pair = pair_ids[i - 1]
            others = 0.0 if pair == NO_ID else float(pair_occ[pair] - 1)
            out[i] = out[i - 1] + _fit(others, word_ids[i - 1], word_ids[i], occ, total)


@_jit
def beside(ids: I32, i: int, span: int, begin: int, end: int) -> tuple[int, int]:
    """Tokens before and behind an n-gram of ``span`` tokens that is said once or more in a row."""
    left, right = i, i + span
    while left - span >= begin and ids[left - span] == ids[i]:
        left -= span
    while right < end and ids[right] == ids[i]:
        right += span
    return left - 1, right


@_jit
def excise(
    ids: I32,
    raw: U64,
    word_ids: I32,
    offsets: I64,
    spans: I32,
    slots: U64,
    pair_of: I32,
    pair_occ: I64,
    occ: I64,
    total: float,
    fitting: F64,
    out: I64,
    held: I64,
    tokens: I64,
) -> None:
    """Remove each candidate: how well do its neighbours, joined, fit each other?

    Adds 1024 (their fit - the mean fit of what is left of the document) to ``out`` int64[c], counts
    in ``held``, and adds its span to ``tokens``; ``fitting`` float64[t] are the sums that ``fits``
    tells. The neighbours' bigram is observed ``pair_occ`` times.
    """
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        for i in range(begin, end):
            c = ids[i]
            if c == NO_ID:
                continue
            before, behind = beside(ids, i, spans[i], begin, end)
            if before < begin or behind >= end:
                continue
            pair = find(slots, pair_of, mix(raw[before], raw[behind]))
            observed = 0.0 if pair == NO_ID else float(pair_occ[pair])
            rest = fitting[end - 1] - fitting[behind] + fitting[before]
            usual = rest / max(end - 1 - begin - (behind - before), 1)
            fit = _fit(observed, word_ids[before], word_ids[behind], occ, total) - usual
            out[c] += np.int64(np.floor(1024.0 * fit + 0.5))
            held[c] += 1
            tokens[c] += spans[i]


@_jit
def widest(ids: I32, longer_ids: I32, longer_occ: I64, offsets: I64, out: I64) -> None:
    """Largest count of an n-gram one token longer, to either side: ``out`` int64[c]."""
    for doc in range(len(offsets) - 1):
        begin = offsets[doc]
        for i in range(begin, offsets[doc + 1]):
            c = ids[i]
            if c == NO_ID:
                continue
            if longer_ids[i] != NO_ID:
                out[c] = max(out[c], longer_occ[longer_ids[i]])
            if i > begin and longer_ids[i - 1] != NO_ID:
                out[c] = max(out[c], longer_occ[longer_ids[i - 1]])


@_jit
def _outside(sums: I64, begin: int, low: int, high: int, end: int) -> int:
    """Sum over a document from ``begin`` to ``end``, but for ``low`` to ``high``."""
    return int(sums[end] - sums[high] + sums[low] - sums[begin])


@_jit
def neighbours(
    ids: I32,
    word_ids: I32,
    effects: U8,
    sums: I64,
    near: int,
    groups: I32,
    witness: U64,
    draw: U64,
    limit: U64,
    last: I64,
    first_doc: int,
    offsets: I64,
    spans: I32,
    row: U64,
    times: U32,
) -> int:
    """Rows of where candidates stand; returns how many were written to ``row`` and ``times``.

    A row is ``(KINDS candidate + kind) << 32 | value``, and counts ``times``. Kinds: 0 left and 1
    right neighbour (its number, UNKNOWN or BOUNDARY), 2 to 5 group of the document at each level
    (``groups`` int32[n, 4], once a document), 6 its ``witness`` (uint64[n] below 2^32, once a
    document), 7 and 8 its witness where the text turns or breaks off behind the candidate. 9 and
    10, with value 0, count 1,024 times the share of other places of the document, further than
    ``near`` tokens away, where it turns or breaks off, of those where that can be told (``sums``
    of ``effects``, as ``summed`` tells them), and 11 and 12 1,024 where there are such places, at
    each occurrence where it can be told. At most KINDS rows an occurrence. Only documents whose
    ``draw`` uint64[n] is at most the candidate's ``limit`` uint64[c] count; ``last`` int64[c] holds
    the document that counted last.
    """
    n = 0
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        stamp = np.int64(first_doc + doc)
        for i in range(begin, end):
            c = ids[i]
            if c == NO_ID or draw[doc] > limit[c]:
                continue
            place = np.uint64(KINDS) * np.uint64(c)
            sides = beside(ids, i, spans[i], begin, end)
            for kind in range(2):
                at = sides[kind]
                value = BOUNDARY
                if begin <= at < end:
                    value = UNKNOWN if word_ids[at] == NO_ID else np.uint64(word_ids[at])
                row[n], times[n] = ((place + np.uint64(kind)) << _S32) | value, 1
                n += 1
            if last[c] != stamp:
                last[c] = stamp
                for way in range(groups.shape[1]):
                    if groups[doc, way] != NO_ID:
                        value = np.uint64(groups[doc, way])
                        row[n], times[n] = ((place + np.uint64(2 + way)) << _S32) | value, 1
                        n += 1
                row[n], times[n] = ((place + np.uint64(6)) << _S32) | witness[doc], 1
                n += 1
            for effect in range(2):
                if (effects[i] >> np.uint8(effect)) & 1:
                    row[n] = ((place + np.uint64(7 + effect)) << _S32) | witness[doc]
                    times[n] = 1
                    n += 1
                if (effects[i] >> np.uint8(2 + effect)) & 1:
                    low, high = max(i - near, begin), min(i + near + 1, end)
                    told = _outside(sums[2 + effect], begin, low, high, end)
                    if told > 0:
                        share = 1024 * _outside(sums[effect], begin, low, high, end) // told
                        row[n] = (place + np.uint64(9 + effect)) << _S32
                        row[n + 1] = (place + np.uint64(11 + effect)) << _S32
                        times[n], times[n + 1] = np.uint32(share), 1024
                        n += 2
    return n
