"""Loops over token hashes, compiled. All kernels of this scanner: the cache sees one file."""

from __future__ import annotations

import numpy as np

from lineage.fingerprint.backend import prepare

prepare()  # decides where compiled code is kept, which numba asks only when it is imported

from numba import njit  # noqa: E402

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
def extend_keys(keys, raw, offsets, length, out):
    """Keys of n-grams of ``length`` tokens from those one shorter; EMPTY where none fits.

    keys, raw, out: uint64[t]; offsets int64[n + 1].
    """
    out[:] = EMPTY
    for doc in range(len(offsets) - 1):
        for i in range(offsets[doc], offsets[doc + 1] - length + 1):
            if keys[i] != EMPTY:
                out[i] = mix(keys[i], raw[i + length - 1])


@_jit
def count(keys, offsets, first_doc, slots, df, occ, last):
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
def build(keys, slots, ids):
    """Fill an open-addressing table with keys; ``ids`` is each key's position."""
    mask = np.uint64(len(slots) - 1)
    for k in range(len(keys)):
        slot = keys[k] & mask
        while slots[slot] != EMPTY:
            slot = (slot + _ONE) & mask
        slots[slot] = keys[k]
        ids[slot] = k


@_jit
def find(slots, ids, key):
    """Position of a key, or NO_ID."""
    mask = np.uint64(len(slots) - 1)
    slot = key & mask
    while slots[slot] != EMPTY:
        if slots[slot] == key:
            return ids[slot]
        slot = (slot + _ONE) & mask
    return np.int32(NO_ID)


@_jit
def find_all(slots, ids, keys, out):
    """Positions of keys, int32[t]; NO_ID where unknown or EMPTY."""
    for i in range(len(keys)):
        out[i] = np.int32(NO_ID) if keys[i] == EMPTY else find(slots, ids, keys[i])


@_jit
def windows(pair_ids, offsets, width, least, after, before):
    """Share of bigrams unknown to the corpus in the text after and before each position.

    pair_ids int32[t]: NO_ID where the bigram starting here occurs in one document only.
    after, before uint8[t]: percent over the bigrams among the next (previous) ``width`` tokens;
    255 where they are fewer than ``least``.
    """
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        pairs = max(end - begin - 1, 0)
        cumulated = np.zeros(pairs + 1, np.int32)
        for k in range(pairs):
            cumulated[k + 1] = cumulated[k] + (pair_ids[begin + k] == NO_ID)
        for k in range(end - begin):
            stop = min(k + width - 1, pairs)
            held = stop - k
            after[begin + k] = 255
            if held >= least:
                after[begin + k] = (100 * (cumulated[stop] - cumulated[k])) // held
            start = max(k - width, 0)
            held = k - 1 - start
            before[begin + k] = 255
            if held >= least:
                before[begin + k] = (100 * (cumulated[k - 1] - cumulated[start])) // held


@_jit
def histogram(after, counts):
    """Count values of ``after`` (0 to 100) into int64[101]."""
    for i in range(len(after)):
        if after[i] <= 100:
            counts[after[i]] += 1


@_jit
def turns(after, before, offsets, length, tau, out):
    """Where normal text turns strange behind an n-gram of ``length`` tokens: uint8[t]."""
    out[:] = 0
    for doc in range(len(offsets) - 1):
        end = offsets[doc + 1]
        for i in range(offsets[doc], end - length):
            behind = after[i + length]
            calm = before[i] == 255 or before[i] < tau
            if behind != 255 and behind >= tau and calm:
                out[i] = 1


@_jit
def tally(ids, turned, offsets, first_doc, docs, last):
    """Per candidate the number of documents with a turn behind it: ``docs`` int64[c]."""
    for doc in range(len(offsets) - 1):
        stamp = np.int64(first_doc + doc)
        for i in range(offsets[doc], offsets[doc + 1]):
            c = ids[i]
            if c != NO_ID and turned[i] and last[c] != stamp:
                last[c] = stamp
                docs[c] += 1


@_jit
def excise(ids, raw, word_ids, offsets, length, slots, pair_of, pair_occ, occ, total, out, held):
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
def widest(ids, longer_ids, longer_occ, offsets, out):
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
def neighbours(ids, raw, turned, groups, offsets, length, cand, kind, value):
    """Rows (candidate, kind, value) of where candidates stand; returns how many were written.

    Kinds: 0 left neighbour, 1 right neighbour, 2 + g group g of the document, 6 + g the same
    where the text turns behind the candidate. At most ten rows an occurrence.
    """
    n = 0
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        for i in range(begin, end):
            c = ids[i]
            if c == NO_ID:
                continue
            cand[n], kind[n] = c, 0
            value[n] = raw[i - 1] if i > begin else EMPTY
            cand[n + 1], kind[n + 1] = c, 1
            value[n + 1] = raw[i + length] if i + length < end else EMPTY
            n += 2
            for g in range(groups.shape[1]):
                if groups[doc, g] != EMPTY:
                    cand[n], kind[n], value[n] = c, 2 + g, groups[doc, g]
                    n += 1
                    if turned[i]:
                        cand[n], kind[n], value[n] = c, 6 + g, groups[doc, g]
                        n += 1
    return n
