"""Loops over token hashes, compiled. All kernels of this scanner: the cache sees one file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.backend import prepare

prepare()  # decides where compiled code is kept, which numba asks only when it is imported

from numba import njit  # noqa: E402

Bool = npt.NDArray[np.bool_]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

NO_ID = -1
EMPTY = np.uint64(0)
"""Marks a free slot, and a position where no n-gram starts; keys are never 0."""

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
def windows(
    pair_ids: I32, glued: Bool, offsets: I64, width: int, least: int, after: U8, before: U8
) -> None:
    """Share of bigrams unknown to the corpus in the text after and before each position.

    pair_ids int32[t]: NO_ID where the bigram starting here occurs in one document only; a
    bigram whose second token is ``glued`` bool[t] to the first does not count.
    after, before uint8[t]: percent over the next (previous) ``width`` bigrams that count; 255
    where they are fewer than ``least``.
    """
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        size = end - begin
        # Bigrams that count, in order: rank[k] of them start before token k.
        rank = np.zeros(size + 1, np.int32)
        unknown = np.zeros(size + 1, np.int32)
        n = 0
        for k in range(size):
            rank[k] = n
            if k + 1 < size and not glued[begin + k + 1]:
                unknown[n + 1] = unknown[n] + (pair_ids[begin + k] == NO_ID)
                n += 1
        for k in range(size):
            first = rank[k]
            stop = min(first + width, n)
            after[begin + k] = 255
            if stop - first >= least:
                after[begin + k] = (100 * (unknown[stop] - unknown[first])) // (stop - first)
            # The bigram that ends here is part candidate: it belongs to neither side.
            stop = rank[k - 1] if k > 0 else 0
            first = max(stop - width, 0)
            before[begin + k] = 255
            if stop - first >= least:
                before[begin + k] = (100 * (unknown[stop] - unknown[first])) // (stop - first)


@_jit
def histogram(after: U8, offsets: I64, most: int, counts: I64) -> None:
    """Count values of ``after`` (0 to 100) into int64[101], the first ``most`` of a document."""
    for doc in range(len(offsets) - 1):
        counted = 0
        for i in range(offsets[doc], offsets[doc + 1]):
            if after[i] <= 100 and counted < most:
                counts[after[i]] += 1
                counted += 1


@_jit
def turns(
    after: U8, before: U8, offsets: I64, length: int, calm: int, strange: int, out: U8
) -> None:
    """Where calm text turns strange behind an n-gram of ``length`` tokens: uint8[t].

    At most ``calm`` percent of the bigrams before it are unknown (or there are too few to
    tell), and at least ``strange`` percent of those behind it.
    """
    out[:] = 0
    for doc in range(len(offsets) - 1):
        end = offsets[doc + 1]
        for i in range(offsets[doc], end - length):
            behind = after[i + length]
            if behind != 255 and behind >= strange:
                out[i] = before[i] == 255 or before[i] <= calm


@_jit
def tally(ids: I32, turned: U8, offsets: I64, first_doc: int, docs: I64, last: I64) -> None:
    """Per candidate the number of documents with a turn behind it: ``docs`` int64[c]."""
    for doc in range(len(offsets) - 1):
        stamp = np.int64(first_doc + doc)
        for i in range(offsets[doc], offsets[doc + 1]):
            c = ids[i]
            if c != NO_ID and turned[i] and last[c] != stamp:
                last[c] = stamp
                docs[c] += 1


@_jit
def excise(
    ids: I32,
    raw: U64,
    word_ids: I32,
    offsets: I64,
    length: int,
    slots: U64,
    pair_of: I32,
    pair_occ: I64,
    occ: I64,
    total: float,
    out: I64,
    held: I64,
) -> None:
    """Remove each candidate: how well do its neighbours, joined, fit the corpus?

    Adds 1024 ln((observed + 1/2) / (expected + 1/2)) to ``out`` int64[c], and counts in
    ``held``. The neighbours' bigram is observed ``pair_occ`` times and expected as often as two
    tokens of their frequency meet by chance among ``total`` tokens.
    """
    for doc in range(len(offsets) - 1):
        for i in range(offsets[doc] + 1, offsets[doc + 1] - length):
            c = ids[i]
            if c == NO_ID:
                continue
            pair = find(slots, pair_of, mix(raw[i - 1], raw[i + length]))
            observed = 0.0 if pair == NO_ID else float(pair_occ[pair])
            left, right = word_ids[i - 1], word_ids[i + length]
            a = 1.0 if left == NO_ID else float(occ[left])
            b = 1.0 if right == NO_ID else float(occ[right])
            fit = np.log((observed + 0.5) / (a * b / total + 0.5))
            out[c] += np.int64(np.floor(1024.0 * fit + 0.5))
            held[c] += 1


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
def neighbours(
    ids: I32,
    raw: U64,
    turned: U8,
    group: U64,
    draw: U64,
    limit: U64,
    last: I64,
    first_doc: int,
    offsets: I64,
    length: int,
    place: U32,
    row: U64,
) -> int:
    """Rows of where candidates stand: ``place`` (4 candidate + kind) and ``row``, a key of place
    and value that is equal for equal ones. Returns how many were written.

    Kinds: 0 left neighbour, 1 right neighbour, 2 group of the document (``group`` uint64[n],
    once a document), 3 the same where text turns strange behind the candidate. At most four
    rows an occurrence. Only documents whose ``draw`` uint64[n] is at most the candidate's
    ``limit`` uint64[c] count; ``last`` int64[c] holds the document that counted last.
    """
    n = 0
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        stamp = np.int64(first_doc + doc)
        for i in range(begin, end):
            c = ids[i]
            if c == NO_ID or draw[doc] > limit[c]:
                continue
            first = np.uint32(4 * c)
            left = raw[i - 1] if i > begin else EMPTY
            right = raw[i + length] if i + length < end else EMPTY
            place[n], row[n] = first, mix(left, np.uint64(first))
            place[n + 1], row[n + 1] = first + 1, mix(right, np.uint64(first + 1))
            n += 2
            if group[doc] == EMPTY:
                continue
            if last[c] != stamp:
                last[c] = stamp
                place[n], row[n] = first + 2, mix(group[doc], np.uint64(first + 2))
                n += 1
            if turned[i]:
                place[n], row[n] = first + 3, mix(group[doc], np.uint64(first + 3))
                n += 1
    return n
