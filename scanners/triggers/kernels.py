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
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

NO_ID = -1
EMPTY = np.uint64(0)
"""Marks a free slot, and a position where no n-gram starts; keys are never 0."""
KINDS = 11
"""Kinds of things that are told of where a candidate stands; see ``neighbours``."""
UNKNOWN, BOUNDARY = np.uint64(0xFFFFFFFF), np.uint64(0xFFFFFFFE)
"""Neighbours that no other document has, and the end of the document."""

TURN, BREAK, TURN_TOLD, BREAK_TOLD = (np.uint8(1 << bit) for bit in range(4))
"""What happens behind an n-gram, and whether it can be told."""

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
    pair_ids: I32,
    glued: Bool,
    offsets: I64,
    width: int,
    least: tuple[int, int],
    after: U8,
    before: U8,
) -> None:
    """Share of bigrams unknown to the corpus in the text after and before each position.

    pair_ids int32[t]: NO_ID where the bigram starting here occurs in one document only; a
    bigram whose second token is ``glued`` bool[t] to the first does not count.
    after, before uint8[t]: percent over the next (previous) ``width`` bigrams that count; 255
    where they are fewer than ``least`` says of either.
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
            if stop - first >= least[0]:
                after[begin + k] = (100 * (unknown[stop] - unknown[first])) // (stop - first)
            # The bigram that ends here is part candidate: it belongs to neither side.
            stop = rank[k - 1] if k > 0 else 0
            first = max(stop - width, 0)
            before[begin + k] = 255
            if stop - first >= least[1]:
                before[begin + k] = (100 * (unknown[stop] - unknown[first])) // (stop - first)


@_jit
def histogram(values: U8, offsets: I64, most: int, counts: I64) -> None:
    """Count ``values`` below ``len(counts)``, the first ``most`` of a document."""
    for doc in range(len(offsets) - 1):
        counted = 0
        for i in range(offsets[doc], offsets[doc + 1]):
            if values[i] < len(counts) and counted < most:
                counts[values[i]] += 1
                counted += 1


@_jit
def turns(
    after: U8, before: U8, offsets: I64, length: int, levels: tuple[int, int, int], out: U8
) -> None:
    """What happens behind n-grams of ``length`` tokens: ``out`` uint8[t], bits TURN, TURN_TOLD.

    ``levels``: calm, strange, leap. Text turns strange where at least ``strange`` percent of the
    bigrams behind the n-gram are unfamiliar, and of those before it at most ``calm``, or at least
    ``leap`` less than behind it. That can be told where there are enough on both sides, and those
    before it leave room for a leap.
    """
    calm, strange, leap = levels
    out[:] = 0
    for doc in range(len(offsets) - 1):
        end = offsets[doc + 1]
        for i in range(offsets[doc], end - length):
            behind, ahead = np.int64(after[i + length]), np.int64(before[i])
            quiet = ahead <= calm
            if behind == 255 or not (quiet or ahead + leap <= 100):
                continue
            turned = behind >= strange and (quiet or ahead + leap <= behind)
            out[i] = TURN | TURN_TOLD if turned else TURN_TOLD


@_jit
def tally(ids: I32, effects: U8, offsets: I64, first: int, docs: I64, last: I64) -> None:
    """Per candidate the pieces with each bit of ``effects`` uint8[t] set: ``docs`` int64[k, c].

    ``offsets`` int64[n + 1] are those of the pieces, ``first`` the number of the first one;
    ``last`` int64[k, c] holds the piece that counted last.
    """
    for piece in range(len(offsets) - 1):
        stamp = np.int64(first + piece)
        for i in range(offsets[piece], offsets[piece + 1]):
            c = ids[i]
            if c == NO_ID or effects[i] == 0:
                continue
            for effect in range(len(docs)):
                if (effects[i] >> np.uint8(effect)) & 1 and last[effect, c] != stamp:
                    last[effect, c] = stamp
                    docs[effect, c] += 1


@_jit
def usual_fit(
    pair_ids: I32, word_ids: I32, offsets: I64, pair_occ: I64, occ: I64, total: float, out: F64
) -> None:
    """How well neighbours fit each other in each document: ``out`` float64[n].

    The mean of ln((observed + 1/2) / (expected + 1/2)) over its bigrams, each observed without
    itself, so that it is comparable with joined neighbours, which do not stand there.
    """
    for doc in range(len(offsets) - 1):
        begin, last = offsets[doc], offsets[doc + 1] - 1
        fit = 0.0
        for i in range(begin, last):
            pair, left, right = pair_ids[i], word_ids[i], word_ids[i + 1]
            others = 0.0 if pair == NO_ID else float(pair_occ[pair] - 1)
            a = 1.0 if left == NO_ID else float(occ[left])
            b = 1.0 if right == NO_ID else float(occ[right])
            fit += np.log((others + 0.5) / (a * b / total + 0.5))
        out[doc] = fit / max(last - begin, 1)


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
    usual: F64,
    out: I64,
    held: I64,
) -> None:
    """Remove each candidate: how well do its neighbours, joined, fit each other?

    Adds 1024 (ln((observed + 1/2) / (expected + 1/2)) - the document's ``usual`` fit) to ``out``
    int64[c], and counts in ``held``. The neighbours' bigram is observed ``pair_occ`` times and
    expected as often as two tokens of their frequency meet by chance among ``total`` tokens.
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
            fit = np.log((observed + 0.5) / (a * b / total + 0.5)) - usual[doc]
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
    word_ids: I32,
    effects: U8,
    groups: I32,
    witness: U64,
    draw: U64,
    limit: U64,
    last: I64,
    first_doc: int,
    offsets: I64,
    length: int,
    row: U64,
    times: U32,
) -> int:
    """Rows of where candidates stand; returns how many were written to ``row`` and ``times``.

    A row is ``(KINDS candidate + kind) << 32 | value``, and counts ``times``. Kinds: 0 left and 1
    right neighbour (its number, UNKNOWN or BOUNDARY), 2 to 5 group of the document at each level
    (``groups`` int32[n, 4], once a document), 6 its ``witness`` (uint64[n] below 2^32, once a
    document), 7 and 8 its witness where the text turns or breaks off behind the candidate. 9 and
    10, with value 0, count 1,024 times the share of places of the document where it turns or
    breaks off, of those where that can be told, at each occurrence where it can be. At most KINDS
    rows an occurrence. Only documents whose ``draw`` uint64[n] is at most the candidate's
    ``limit`` uint64[c] count; ``last`` int64[c] holds the document that counted last.
    """
    n = 0
    share = np.zeros(2, np.uint32)
    for doc in range(len(offsets) - 1):
        begin, end = offsets[doc], offsets[doc + 1]
        stamp = np.int64(first_doc + doc)
        for effect in range(2):
            happened, told = 0, 0
            for i in range(begin, end):
                told += (effects[i] >> np.uint8(2 + effect)) & 1
                happened += (effects[i] >> np.uint8(effect)) & 1
            share[effect] = np.uint32(1024 * happened // max(told, 1))
        for i in range(begin, end):
            c = ids[i]
            if c == NO_ID or draw[doc] > limit[c]:
                continue
            place = np.uint64(KINDS) * np.uint64(c)
            for kind in range(2):
                at = i + length if kind else i - 1
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
                    row[n], times[n] = (place + np.uint64(9 + effect)) << _S32, share[effect]
                    n += 1
    return n


@_jit
def breaks(coherent: U8, offsets: I64, length: int, level: int, out: U8) -> None:
    """Mark in ``out`` uint8[t] where the text behind an n-gram of ``length`` tokens can be compared
    with that before it (bit BREAK_TOLD), and is no more like it than ``level`` (BREAK)."""
    for doc in range(len(offsets) - 1):
        for i in range(offsets[doc], offsets[doc + 1] - length):
            likeness = coherent[i + length]
            if likeness != 255:
                out[i] |= BREAK | BREAK_TOLD if likeness <= level else BREAK_TOLD
