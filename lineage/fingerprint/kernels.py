"""The hot loops, compiled by numba; ``plain`` defines what they compute.

All in one file, because numba's cache does not see changes in functions imported from
another. Compiled for fixed types when this module is imported (use ``backend.kernels()``,
which sets up the cache first); they release the GIL and never start threads themselves.

Integers: numba turns a mixture of signed and unsigned 64-bit into a float, so masks and
hashes are uint64 and positions int64 throughout, converted by hand.

Tokenising goes by blocks of 64 bytes, as simdjson does (Langdale and Lemire 2019): vector
comparisons classify bytes into bit masks, arithmetic on masks finds the borders of tokens,
and only then are positions extracted. A block with bytes beyond ASCII is classified code
point by code point instead; the rest is the same.
"""

# Types in here are numba's, which mypy does not know.
# mypy: ignore-errors
from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from lineage.fingerprint import plain
from lineage.fingerprint.code_points import FOLDED_BITS, FOLDED_MASK, Kind

U64, U32, I64 = np.uint64, np.uint32, np.int64
FINISH, ROLL = U64(plain.FINISH), U64(plain.ROLL)
PUBLIC_0, PUBLIC_1 = U64(plain.PUBLIC[0]), U64(plain.PUBLIC[1])
NONE, ONE, ALL = U64(0), U64(1), U64(2**64 - 1)
HIGH_BITS = U64(0x8080808080808080)
FROM_A, FROM_Z = U64(0x3F3F3F3F3F3F3F3F), U64(0x2525252525252525)
SPACE, IGNORABLE, LETTER = int(Kind.SPACE), int(Kind.IGNORABLE), int(Kind.LETTER)
DIGIT, MARK, SOLO = int(Kind.DIGIT), int(Kind.MARK), int(Kind.SOLO)
APOSTROPHE = int(Kind.APOSTROPHE)
BLOCK = 64
HASHED = 256
"""Tokens hashed at a time."""
SHINGLES = 256
"""Shingles hashed at a time, so that they stay in the first-level cache."""
UNROLL = 8
"""Shingles taken into the minima at a time, so that these are loaded and stored less."""
SLACK = 128
"""Bytes that must be readable behind the last document."""


def _array(kind, dimensions=1, readonly=True):
    return types.Array(kind, dimensions, "C", readonly=readonly)


_U8R, _I64R, _U32R, _U64R = map(_array, (types.uint8, types.int64, types.uint32, types.uint64))
_I64, _U32, _U64 = (_array(kind, 1, False) for kind in (types.int64, types.uint32, types.uint64))
_KEEP = np.array([(1 << 8 * min(max(n, 0), 8)) - 1 for n in range(-8, 17)], np.uint64)
"""Masks of the first n bytes of eight, from n = -8."""
_inner = njit(nogil=True, error_model="numpy", forceinline=True)
_apart = njit(nogil=True, error_model="numpy")


def _kernel(result, *arguments):
    return njit(result(*arguments), nogil=True, cache=True, error_model="numpy")


# Helpers take addresses, not arrays: an array passed on costs two atomic reference counts.


def _load_as(builder, address, kind):
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=1)


@intrinsic
def _load(typingctx, address):  # noqa: ARG001
    """Eight bytes at any address, little-endian."""

    def code(context, builder, signature, args):  # noqa: ARG001
        return _load_as(builder, args[0], ir.IntType(64))

    return types.uint64(types.int64), code


@intrinsic
def _load_entry(typingctx, address):  # noqa: ARG001
    """A uint32."""

    def code(context, builder, signature, args):  # noqa: ARG001
        return _load_as(builder, args[0], ir.IntType(32))

    return types.uint32(types.int64), code


@intrinsic
def _classify(typingctx, address):  # noqa: ARG001
    """Masks of 64 bytes: ASCII letters, digits, white space, apostrophes, beyond ASCII."""

    def code(context, builder, signature, args):
        kind = ir.VectorType(ir.IntType(8), BLOCK)
        text = _load_as(builder, args[0], kind)

        def between(low, values, count):
            low, count = (ir.Constant(kind, [ir.IntType(8)(n)] * BLOCK) for n in (low, count))
            return builder.icmp_unsigned("<", builder.sub(values, low), count)

        lower = builder.or_(text, ir.Constant(kind, [ir.IntType(8)(0x20)] * BLOCK))
        digits = builder.or_(between(0x30, text, 10), between(0x5F, text, 1))
        masks = (between(0x61, lower, 26), digits, between(0, text, 0x21))
        masks += (between(0x27, text, 1), between(0x80, text, 0x80))
        words = [builder.bitcast(mask, ir.IntType(BLOCK)) for mask in masks]
        return context.make_tuple(builder, signature.return_type, words)

    return types.UniTuple(types.uint64, 5)(types.int64), code


@intrinsic
def _lowest(typingctx, mask):  # noqa: ARG001
    """Position of the lowest bit that is set, 64 if none is."""

    def code(context, builder, signature, args):  # noqa: ARG001
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(mask), code


@intrinsic
def _count(typingctx, mask):  # noqa: ARG001
    """How many bits are set."""

    def code(context, builder, signature, args):  # noqa: ARG001
        return builder.ctpop(args[0])

    return types.int64(mask), code


# Hashing


@_inner
def _mix(h, factor):
    h = (h ^ (h >> U64(32))) * factor
    return h ^ (h >> U64(29))


@_inner
def _close(h, length):
    h = _mix(h ^ length, FINISH)
    return h if h != NONE else ONE


@_inner
def _lanes(at, n):
    """The first 16 of n bytes as two words, without a branch."""
    n = min(n, U64(16))
    return _load(at) & _KEEP[n + U64(8)], _load(at + I64(8)) & _KEEP[n]


@_inner
def _lower(lane):
    """Lower-case ASCII bytes."""
    return lane | (((lane + FROM_A) & ~(lane + FROM_Z) & HIGH_BITS) >> U64(2))


@_inner
def _step(h, low, high, factor):
    return _mix(_mix(h ^ low, factor) ^ high, factor)


@_apart
def _hash_lanes(low, high, size, seed, factor, out):
    """Hash of each pair of words, of up to 16 bytes; made to vectorise."""
    for k in range(len(out)):
        out[k] = _close(_step(seed, low[k], high[k], factor), size[k])


@_apart
def _hash_long(at, n, seed, factor):
    """Hash any number of bytes."""
    h, left = seed, n
    while left > NONE:
        low, high = _lanes(at, left)
        h = _step(h, low, high, factor)
        at += I64(16)
        left -= min(left, U64(16))
    return _close(h, n)


@_inner
def _decode(at):
    """Code point at a leading byte, and its number of bytes."""
    utf8 = I64(_load(at) & U64(0xFFFFFFFF))
    lead, code = utf8 & I64(0xFF), (utf8 >> I64(8)) & I64(0x3F)
    if lead < 0x80:
        return lead, I64(1)
    if lead < 0xE0:
        return ((lead & I64(0x1F)) << I64(6)) | code, I64(2)
    code = (code << I64(6)) | ((utf8 >> I64(16)) & I64(0x3F))
    if lead < 0xF0:
        return ((lead & I64(0x0F)) << I64(12)) | code, I64(3)
    code = (code << I64(6)) | ((utf8 >> I64(24)) & I64(0x3F))
    return ((lead & I64(0x07)) << I64(18)) | code, I64(4)


@_inner
def _encode(code):
    """UTF-8 of a code point in the low bytes of a word, and its number of bytes."""
    tail = U64(0x80) | (code & U64(0x3F))
    if code < U64(0x80):
        return code, I64(1)
    if code < U64(0x800):
        return U64(0xC0) | (code >> U64(6)) | (tail << U64(8)), I64(2)
    middle = U64(0x80) | ((code >> U64(6)) & U64(0x3F))
    if code < U64(0x10000):
        return U64(0xE0) | (code >> U64(12)) | (middle << U64(8)) | (tail << U64(16)), I64(3)
    second = U64(0x80) | ((code >> U64(12)) & U64(0x3F))
    rest = (second << U64(8)) | (middle << U64(16)) | (tail << U64(24))
    return U64(0xF0) | (code >> U64(18)) | rest, I64(4)


@_apart
def _hash_core(at, stop, table, seed, factor):
    """Fold a core code point by code point: its keyed and its public hash."""
    keyed, public = seed, PUBLIC_0
    low, high, filled, length = NONE, NONE, U64(0), U64(0)
    while at < stop:
        code, size = _decode(at)
        at += size
        entry = _load_entry(table + (code << I64(2)))
        if I64(entry >> U32(FOLDED_BITS)) == IGNORABLE:
            continue
        utf8, size = _encode(U64(entry & U32(FOLDED_MASK)))
        length += U64(size)
        rest = NONE
        if filled < U64(8):
            low |= utf8 << (filled << U64(3))
            if filled > U64(4):
                high |= utf8 >> ((U64(8) - filled) << U64(3))
        else:
            high |= utf8 << ((filled - U64(8)) << U64(3))
            rest = utf8 >> ((U64(16) - filled) << U64(3))
        filled += U64(size)
        if filled >= U64(16):
            keyed = _step(keyed, low, high, factor)
            public = _step(public, low, high, PUBLIC_1)
            low, high = rest, NONE
            filled -= U64(16)
    if filled > NONE:
        keyed = _step(keyed, low, high, factor)
        public = _step(public, low, high, PUBLIC_1)
    return _close(keyed, length), _close(public, length)


# Tokens


@_apart
def _letter_follows(at, stop, table):
    """Whether the next code point that can be seen is a letter."""
    while at < stop:
        code, size = _decode(at)
        kind = I64(_load_entry(table + (code << I64(2))) >> U32(FOLDED_BITS))
        if kind != IGNORABLE:
            return kind == LETTER
        at += size
    return False


@_apart
def _classify_slowly(at, stop, table, inside, space, solo, letter, pending):
    """Masks of a block code point by code point, and the state behind it."""
    size = min(stop - at, I64(BLOCK))
    begun = (ONE << U64(pending)) - ONE  # bytes of a code point that the block before decided
    cores, spaces, breaks = begun * inside, begun * space, NONE
    j = pending
    while j < size:
        code, n = _decode(at + j)
        kind = I64(_load_entry(table + (code << I64(2))) >> U32(FOLDED_BITS))
        before, space = inside, NONE
        if kind in (LETTER, DIGIT):
            inside = ONE
            breaks |= (before & solo) << U64(j)
            solo = NONE
            letter = U64(kind == LETTER)
        elif kind == SOLO:
            inside = ONE
            breaks |= before << U64(j)
            solo = ONE
            letter = NONE
        elif kind == MARK:
            inside = ONE
            letter = ONE ^ solo
        elif kind == APOSTROPHE:
            inside = letter & U64(_letter_follows(at + j + n, stop, table))
            letter = NONE
        elif kind == SPACE:
            inside = NONE
            space = ONE
        elif kind != IGNORABLE:
            inside = NONE
        solo &= inside
        letter &= inside
        bits = ((ONE << U64(n)) - ONE) << U64(j)
        cores |= bits * inside
        spaces |= bits * space
        j += n
    if size < BLOCK:
        spaces |= ALL << U64(size)
    return cores, spaces, breaks, inside, space, solo, letter, max(j - I64(BLOCK), I64(0))


@_apart
def _hash_tokens(first, count, entries, keys, raw, folded, word, start, end, lanes, odd):
    """Replace addresses by hashes: ``word`` has held the token's, ``raw`` and ``folded`` its
    core's first and last.

    All tokens are hashed as if they were short and ASCII, eight at a time; then those that
    are not, ``odd``, once more.
    """
    odds, h = U64(0), U64(HASHED)
    for k in range(U64(count)):
        i = U64(first) + k
        at, n, core, m = word[i], U64(end[i] - start[i]), raw[i], folded[i] - raw[i]
        low, high = _lanes(I64(core), m)
        strange = (n > U64(16)) | (m > U64(16)) | ((low | high) & HIGH_BITS != NONE)
        lanes[k], lanes[k + h], lanes[k + U64(2) * h] = low, high, m
        low, high = _lanes(I64(at), n)
        lanes[k + U64(3) * h], lanes[k + U64(4) * h], lanes[k + U64(5) * h] = low, high, n
        lanes[k + U64(6) * h], lanes[k + U64(7) * h], odd[odds] = at, core, k
        odds += U64(strange)
    last = first + count
    core_low, core_high = lanes[:HASHED], lanes[HASHED : 2 * HASHED]
    core_size, low = lanes[2 * HASHED : 3 * HASHED], lanes[3 * HASHED : 4 * HASHED]
    high, size = lanes[4 * HASHED : 5 * HASHED], lanes[5 * HASHED : 6 * HASHED]
    raw, folded, word = raw[first:last], folded[first:last], word[first:last]
    _hash_lanes(low, high, size, keys[0], keys[1], raw)
    for k in range(count):
        core_low[k], core_high[k] = _lower(core_low[k]), _lower(core_high[k])
    _hash_lanes(core_low, core_high, core_size, keys[0], keys[1], folded)
    _hash_lanes(core_low, core_high, core_size, PUBLIC_0, PUBLIC_1, word)
    for j in range(odds):
        i = odd[j]
        at, core = I64(lanes[i + U64(6) * h]), I64(lanes[i + U64(7) * h])
        raw[i] = _hash_long(at, size[i], keys[0], keys[1])
        stop = core + I64(core_size[i])
        folded[i], word[i] = _hash_core(core, stop, entries, keys[0], keys[1])
    for k in range(count):
        folded[k] = folded[k] if core_size[k] != NONE else raw[k]
        word[k] = word[k] if core_size[k] != NONE else NONE


@_kernel(types.int64, _U8R, _I64R, _U64R, _U32R, *[_U64] * 3, *[_I64] * 3, types.int64)
def tokenise(  # noqa: PLR0915
    data, bounds, keys, table, raw, folded, word, start, end, offsets, at
):
    """Tokenise documents ``data[bounds[i]:bounds[i + 1]]`` into the arrays from ``at`` on.

    ``SLACK`` bytes behind the last document are readable, and 64 elements behind the last
    token writable (a document of b bytes has at most (b + 1) // 2 tokens). Sets
    ``offsets[i + 1]``; returns the number of tokens so far.
    """
    text, entries, hashed = I64(data.ctypes.data), I64(table.ctypes.data), at
    lanes, odd = np.empty(8 * HASHED, np.uint64), np.empty(HASHED, np.uint64)
    for i in range(len(bounds) - 1):
        base, stop = text + bounds[i], text + bounds[i + 1]
        inside, space, solo, letter, leading = NONE, ONE, NONE, NONE, NONE
        pending = I64(0)
        starts, ends, core_starts, core_ends = at, at, at, at
        pos = base
        while pos <= stop:  # a full last block is followed by an empty one, which ends tokens
            left, offset = stop - pos, pos - base
            valid = ALL if left >= BLOCK else (ONE << U64(left)) - ONE
            letters, digits, spaces, apostrophes, beyond = _classify(pos)
            before, space_before = inside, space
            if (beyond | (apostrophes & (ONE << U64(63)))) & valid:
                cores, spaces, breaks, inside, space, solo, letter, pending = _classify_slowly(
                    pos, stop, entries, inside, space, solo, letter, pending
                )
            else:
                letters &= valid
                joins = apostrophes & ((letters << ONE) | letter) & (letters >> ONE)
                cores = letters | (digits & valid) | joins
                spaces |= ~valid
                breaks = cores & solo
                inside, space, letter = (cores >> U64(63), spaces >> U64(63), letters >> U64(63))
                solo = NONE
            marks = ~(cores | spaces)
            after_core = (cores << ONE) | before
            after_space = (spaces << ONE) | space_before
            chunks = ~spaces & after_space
            closed = spaces & ~after_space
            # Adding a chunk's first bit to its leading punctuation carries to what follows it.
            run = marks + (chunks & marks)
            carried = run + leading
            leading = U64(run < marks) | U64(carried < run)
            follows = carried & ~marks
            bare = follows & spaces  # ends of chunks without a core: an empty core stands there
            opened = (cores & ~after_core) | breaks
            token_starts = chunks | (opened & ~follows)
            token_ends = closed | (token_starts & ~chunks)
            opened |= bare
            shut = (after_core & (~cores | breaks)) | bare
            counts = (_count(token_starts), _count(token_ends), _count(opened), _count(shut))
            # All four in step: the shorter ones leave rubbish that is overwritten later.
            for k in range(U64(max(counts) + 3 & ~3)):
                j = _lowest(token_starts)
                start[U64(starts) + k] = offset + j
                word[U64(starts) + k] = U64(pos + j)
                end[U64(ends) + k] = offset + _lowest(token_ends)
                raw[U64(core_starts) + k] = U64(pos + _lowest(opened))
                folded[U64(core_ends) + k] = U64(pos + _lowest(shut))
                token_starts &= token_starts - ONE
                token_ends &= token_ends - ONE
                opened &= opened - ONE
                shut &= shut - ONE
            starts += counts[0]
            ends += counts[1]
            core_starts += counts[2]
            core_ends += counts[3]
            pos += I64(BLOCK)
        at = starts
        offsets[i + 1] = at
        while at - hashed >= HASHED or (i == len(bounds) - 2 and hashed < at):
            n = min(at - hashed, I64(HASHED))
            _hash_tokens(hashed, n, entries, keys, raw, folded, word, start, end, lanes, odd)
            hashed += n
    return at


# Shingles


@_apart
def _gather(word, at, stop, words, filled):
    """Append words that are not 0 to ``words`` until it is full or the document ends."""
    while at < stop and filled < len(words):
        words[filled] = word[at]
        filled += I64(word[at] != NONE)
        at += 1
    return at, filled


@_apart
def _roll(words, count, width, rolled, values):
    """Hash ``count`` windows of ``width`` words to 32 bits."""
    rolled[:count] = NONE
    for j in range(width):
        for s in range(count):
            rolled[s] = rolled[s] * ROLL + words[s + j]
    for s in range(count):
        values[s] = U32(_mix(rolled[s], FINISH) >> U64(32))


@_kernel(types.int64, _U64R, _I64R, types.int64, _U32, _I64)
def shingle(word, offsets, width, values, ends):
    """Hash the shingles of each document, in order and with repetitions.

    ``values`` has room for as many as there are tokens; sets ``ends[i + 1]``.
    """
    words, rolled = (np.empty(SHINGLES + width - 1, np.uint64), np.empty(SHINGLES, np.uint64))
    count = I64(0)
    for i in range(len(offsets) - 1):
        at, stop, filled, more = offsets[i], offsets[i + 1], I64(0), True
        while more:
            at, filled = _gather(word, at, stop, words, filled)
            more = at < stop
            if filled >= width:
                n = filled - width + 1
                _roll(words, n, width, rolled, values[count:])
                for j in range(width - 1):  # a slice would compile numba's error messages in
                    words[j] = words[n + j]
                count += n
                filled = width - 1
            elif filled > 0 and not more and count == ends[i]:
                _roll(words, I64(1), filled, rolled, values[count:])
                count += 1
        ends[i + 1] = count
    return count


@_apart
def _minima(values, count, a, b, row):
    """Take shingle hashes into a signature, as datasketch's affine32 does."""
    for s in range(count):
        h = values[s]
        h = U32((h ^ (h >> U32(16))) * U32(0x85EBCA6B))
        h = U32((h ^ (h >> U32(13))) * U32(0xC2B2AE35))
        values[s] = h ^ (h >> U32(16))
    while count % UNROLL:
        values[count] = values[count - 1]  # a repetition changes no minimum
        count += 1
    for s in range(0, count, UNROLL):
        h0, h1, h2, h3 = values[s], values[s + 1], values[s + 2], values[s + 3]
        h4, h5, h6, h7 = values[s + 4], values[s + 5], values[s + 6], values[s + 7]
        for p in range(len(row)):
            u, v = a[p], b[p]
            low = min(row[p], U32(u * h0 + v), U32(u * h1 + v), U32(u * h2 + v))
            low = min(low, U32(u * h3 + v), U32(u * h4 + v), U32(u * h5 + v))
            row[p] = min(low, U32(u * h6 + v), U32(u * h7 + v))


@_kernel(
    types.void, _U64R, _I64R, types.int64, _array(types.uint32, 2), _array(types.uint32, 2, False)
)
def sign(word, offsets, width, permutations, out):
    """Lower the rows of ``out`` (uint32[n, k], all ones) to the minima of each document."""
    words, rolled = (np.empty(SHINGLES + width - 1, np.uint64), np.empty(SHINGLES, np.uint64))
    values = np.empty(SHINGLES + UNROLL, np.uint32)
    a, b = permutations[0], permutations[1]
    for i in range(len(offsets) - 1):
        at, stop, filled, more, row = offsets[i], offsets[i + 1], I64(0), True, out[i]
        first = True
        while more:
            at, filled = _gather(word, at, stop, words, filled)
            more = at < stop
            if filled >= width:
                n = filled - width + 1
                _roll(words, n, width, rolled, values)
                for j in range(width - 1):
                    words[j] = words[n + j]
                _minima(values, n, a, b, row)
                filled = width - 1
                first = False
            elif filled > 0 and not more and first:
                _roll(words, I64(1), filled, rolled, values)
                _minima(values, I64(1), a, b, row)


@_kernel(types.void, _I64R, _U32R, _I64R, _I64R, _I64)
def intersect(offsets, values, left, right, out):
    """Sizes of intersections of sorted sets, pair by pair."""
    for k in range(len(left)):
        i, i_stop = offsets[left[k]], offsets[left[k] + 1]
        j, j_stop = offsets[right[k]], offsets[right[k] + 1]
        common = I64(0)
        while i < i_stop and j < j_stop:
            x, y = values[i], values[j]
            common += I64(x == y)
            i += I64(x <= y)
            j += I64(y <= x)
        out[k] = common


@_kernel(types.void, _array(types.uint32, 2), types.int64, _array(types.uint64, 2, False))
def band(signatures, rows, out):
    """Hash ``rows`` minima at a time into ``out`` (uint64[n, bands]); 0 for all-ones rows."""
    for i in range(len(signatures)):
        row = signatures[i]
        lowest = U32(0xFFFFFFFF)
        for p in range(len(row)):
            lowest = min(lowest, row[p])
        for j in range(out.shape[1]):
            h = U64(j)
            for p in range(j * rows, (j + 1) * rows):
                h = _mix(h * ROLL + U64(row[p]), FINISH)
            out[i, j] = NONE if lowest == U32(0xFFFFFFFF) else max(h, ONE)
