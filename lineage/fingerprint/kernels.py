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

# mypy: disable-error-code="no-untyped-def, untyped-decorator, no-untyped-call"
# ruff: noqa: PLR0912, PLR0913, PLR0915, PLR2004, N806
from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from lineage.fingerprint import plain
from lineage.fingerprint.code_points import FOLDED_BITS, FOLDED_MASK, Kind

U, U32, I = np.uint64, np.uint32, np.int64
FINISH, ROLL = U(plain.FINISH), U(plain.ROLL)
PUBLIC_0, PUBLIC_1 = U(plain.PUBLIC[0]), U(plain.PUBLIC[1])
NONE, ONE, ALL = U(0), U(1), U(2**64 - 1)
HIGH_BITS = U(0x8080808080808080)
FROM_A, FROM_Z = U(0x3F3F3F3F3F3F3F3F), U(0x2525252525252525)
SPACE, IGNORABLE, LETTER = int(Kind.SPACE), int(Kind.IGNORABLE), int(Kind.LETTER)
DIGIT, MARK, SOLO = int(Kind.DIGIT), int(Kind.MARK), int(Kind.SOLO)
APOSTROPHE = int(Kind.APOSTROPHE)
BLOCK = 64
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
_KEEP = np.array([(1 << 8 * n) - 1 for n in range(9)] + [ALL] * 8, np.uint64)
"""Masks of the first n bytes of eight."""
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


@intrinsic
def _multiply(typingctx, a, b):  # noqa: ARG001
    """Both halves of a 128-bit product, folded."""

    def code(context, builder, signature, args):  # noqa: ARG001
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        high = builder.lshr(product, ir.Constant(wide, 64))
        return builder.trunc(builder.xor(product, high), ir.IntType(64))

    return types.uint64(a, b), code


# Hashing


@_inner
def _finish(h):
    h ^= h >> U(32)
    h *= FINISH
    return h ^ (h >> U(29))


@_inner
def _close(h, length):
    h = _finish(h ^ U(length))
    return h if h != NONE else ONE


@_inner
def _lanes(at, n):
    """The first 16 of n bytes as two words, without a branch."""
    n = min(U(n), U(16))
    return _load(at) & _KEEP[n], _load(at + I(8)) & _KEEP[max(n, U(8)) - U(8)]


@_inner
def _lower(lane):
    """Lower-case ASCII bytes."""
    return lane | (((lane + FROM_A) & ~(lane + FROM_Z) & HIGH_BITS) >> U(2))


@_apart
def _hash_rest(h, at, n, seed_1):
    """Take in n bytes behind the first 16."""
    while n > 0:
        low, high = _lanes(at, n)
        h = _multiply(h ^ low, seed_1 ^ high)
        at += I(16)
        n -= I(16)
    return h


@_inner
def _hash(at, n, seed_0, seed_1):
    """Keyed hash of exact bytes, n from 1."""
    low, high = _lanes(at, n)
    h = _multiply(seed_0 ^ low, seed_1 ^ high)
    if n > 16:
        h = _hash_rest(h, at + I(16), n - I(16), seed_1)
    return _close(h, n)


@_inner
def _decode(at):
    """Code point at a leading byte, and its number of bytes."""
    utf8 = I(_load(at) & U(0xFFFFFFFF))
    lead, code = utf8 & I(0xFF), (utf8 >> I(8)) & I(0x3F)
    if lead < 0x80:
        return lead, I(1)
    if lead < 0xE0:
        return ((lead & I(0x1F)) << I(6)) | code, I(2)
    code = (code << I(6)) | ((utf8 >> I(16)) & I(0x3F))
    if lead < 0xF0:
        return ((lead & I(0x0F)) << I(12)) | code, I(3)
    code = (code << I(6)) | ((utf8 >> I(24)) & I(0x3F))
    return ((lead & I(0x07)) << I(18)) | code, I(4)


@_inner
def _encode(code):
    """UTF-8 of a code point in the low bytes of a word, and its number of bytes."""
    tail = U(0x80) | (code & U(0x3F))
    if code < U(0x80):
        return code, I(1)
    if code < U(0x800):
        return U(0xC0) | (code >> U(6)) | (tail << U(8)), I(2)
    middle = U(0x80) | ((code >> U(6)) & U(0x3F))
    if code < U(0x10000):
        return U(0xE0) | (code >> U(12)) | (middle << U(8)) | (tail << U(16)), I(3)
    second = U(0x80) | ((code >> U(12)) & U(0x3F))
    rest = (second << U(8)) | (middle << U(16)) | (tail << U(24))
    return U(0xF0) | (code >> U(18)) | rest, I(4)


@_apart
def _hash_core(at, stop, table, seed_0, seed_1):
    """Fold a core code point by code point: its keyed and its public hash."""
    keyed, public = seed_0, PUBLIC_0
    low, high, filled, length = NONE, NONE, U(0), I(0)
    while at < stop:
        code, size = _decode(at)
        at += size
        entry = _load_entry(table + (code << I(2)))
        if I(entry >> U32(FOLDED_BITS)) == IGNORABLE:
            continue
        utf8, size = _encode(U(entry & U32(FOLDED_MASK)))
        length += size
        rest = NONE
        if filled < U(8):
            low |= utf8 << (filled << U(3))
            if filled > U(4):
                high |= utf8 >> ((U(8) - filled) << U(3))
        else:
            high |= utf8 << ((filled - U(8)) << U(3))
            rest = utf8 >> ((U(16) - filled) << U(3))
        filled += U(size)
        if filled >= U(16):
            keyed = _multiply(keyed ^ low, seed_1 ^ high)
            public = _multiply(public ^ low, PUBLIC_1 ^ high)
            low, high = rest, NONE
            filled -= U(16)
    if filled > NONE:
        keyed = _multiply(keyed ^ low, seed_1 ^ high)
        public = _multiply(public ^ low, PUBLIC_1 ^ high)
    return _close(keyed, length), _close(public, length)


# Tokens


@_apart
def _letter_follows(at, stop, table):
    """Whether the next code point that can be seen is a letter."""
    while at < stop:
        code, size = _decode(at)
        kind = I(_load_entry(table + (code << I(2))) >> U32(FOLDED_BITS))
        if kind != IGNORABLE:
            return kind == LETTER
        at += size
    return False


@_apart
def _classify_slowly(at, stop, table, inside, space, solo, letter, pending):
    """Masks of a block code point by code point, and the state behind it."""
    size = min(stop - at, I(BLOCK))
    begun = (ONE << U(pending)) - ONE  # bytes of a code point that the block before decided
    cores, spaces, breaks = begun * inside, begun * space, NONE
    j = pending
    while j < size:
        code, n = _decode(at + j)
        kind = I(_load_entry(table + (code << I(2))) >> U32(FOLDED_BITS))
        before, space = inside, NONE
        if kind == LETTER or kind == DIGIT:
            inside = ONE
            breaks |= (before & solo) << U(j)
            solo = NONE
            letter = U(kind == LETTER)
        elif kind == SOLO:
            inside = ONE
            breaks |= before << U(j)
            solo = ONE
            letter = NONE
        elif kind == MARK:
            inside = ONE
            letter = ONE ^ solo
        elif kind == APOSTROPHE:
            inside = letter & U(_letter_follows(at + j + n, stop, table))
            letter = NONE
        elif kind == SPACE:
            inside = NONE
            space = ONE
        elif kind != IGNORABLE:
            inside = NONE
        solo &= inside
        letter &= inside
        bits = ((ONE << U(n)) - ONE) << U(j)
        cores |= bits * inside
        spaces |= bits * space
        j += n
    if size < BLOCK:
        spaces |= ALL << U(size)
    return cores, spaces, breaks, inside, space, solo, letter, max(j - I(BLOCK), I(0))


@_inner
def _hash_three(at, n, core, m, table, seed_0, seed_1):
    """Hashes of a token of n bytes and its core of m: exact, folded, public."""
    exact = _hash(at, n, seed_0, seed_1)
    low, high = _lanes(core, m)
    if m > 16 or (low | high) & HIGH_BITS != NONE:
        keyed, public = _hash_core(core, core + m, table, seed_0, seed_1)
        return exact, keyed, public
    low, high = _lower(low), _lower(high)
    keyed = _close(_multiply(seed_0 ^ low, seed_1 ^ high), m)
    public = _close(_multiply(PUBLIC_0 ^ low, PUBLIC_1 ^ high), m)
    return exact, keyed if m else exact, public if m else NONE


@_kernel(types.int64, _U8R, _I64R, _U64R, _U32R, *[_U64] * 3, *[_I64] * 3, types.int64)
def tokenise(data, bounds, keys, table, raw, folded, word, start, end, offsets, at):
    """Tokenise documents ``data[bounds[i]:bounds[i + 1]]`` into the arrays from ``at`` on.

    ``SLACK`` bytes behind the last document are readable, and 64 elements behind the last
    token writable (a document of b bytes has at most (b + 1) // 2 tokens). Sets
    ``offsets[i + 1]``; returns the number of tokens so far.
    """
    text, entries = I(data.ctypes.data), I(table.ctypes.data)
    for i in range(len(bounds) - 1):
        base, stop = text + bounds[i], text + bounds[i + 1]
        inside, space, solo, letter, leading, pending = NONE, ONE, NONE, NONE, NONE, I(0)
        starts, ends, core_starts, core_ends = at, at, at, at
        pos = base
        while pos <= stop:  # a full last block is followed by an empty one, which ends tokens
            left, offset = stop - pos, pos - base
            valid = ALL if left >= BLOCK else (ONE << U(left)) - ONE
            letters, digits, spaces, apostrophes, beyond = _classify(pos)
            before, space_before = inside, space
            if (beyond | (apostrophes & (ONE << U(63)))) & valid:
                cores, spaces, breaks, inside, space, solo, letter, pending = _classify_slowly(
                    pos, stop, entries, inside, space, solo, letter, pending
                )
            else:
                letters &= valid
                joins = apostrophes & ((letters << ONE) | letter) & (letters >> ONE)
                cores = letters | (digits & valid) | joins
                spaces |= ~valid
                breaks = cores & solo
                inside, space, letter = cores >> U(63), spaces >> U(63), letters >> U(63)
                solo = NONE
            marks = ~(cores | spaces)
            after_core = (cores << ONE) | before
            after_space = (spaces << ONE) | space_before
            chunks = ~spaces & after_space
            closed = spaces & ~after_space
            # Adding a chunk's first bit to its leading punctuation carries to what follows it.
            run = marks + (chunks & marks)
            carried = run + leading
            leading = U(run < marks) | U(carried < run)
            follows = carried & ~marks
            bare = follows & spaces  # ends of chunks without a core: an empty core stands there
            opened = (cores & ~after_core) | breaks
            token_starts = chunks | (opened & ~follows)
            token_ends = closed | (token_starts & ~chunks)
            opened |= bare
            shut = (after_core & (~cores | breaks)) | bare
            counts = _count(token_starts), _count(token_ends), _count(opened), _count(shut)
            # All four in step: the shorter ones leave rubbish that is overwritten later.
            for k in range(U(max(counts))):
                start[U(starts) + k] = offset + _lowest(token_starts)
                end[U(ends) + k] = offset + _lowest(token_ends)
                raw[U(core_starts) + k] = U(offset + _lowest(opened))
                folded[U(core_ends) + k] = U(offset + _lowest(shut))
                token_starts &= token_starts - ONE
                token_ends &= token_ends - ONE
                opened &= opened - ONE
                shut &= shut - ONE
            starts += counts[0]
            ends += counts[1]
            core_starts += counts[2]
            core_ends += counts[3]
            pos += I(BLOCK)
        seed_0, seed_1 = keys[0], keys[1]
        for k in range(U(at), U(starts)):  # ``raw`` and ``folded`` have held the core so far
            core, m = base + I(raw[k]), I(folded[k] - raw[k])
            raw[k], folded[k], word[k] = _hash_three(
                base + start[k], end[k] - start[k], core, m, entries, seed_0, seed_1
            )
        at = starts
        offsets[i + 1] = at
    return at


# Shingles


@_apart
def _gather(word, at, stop, words, filled):
    """Append words that are not 0 to ``words`` until it is full or the document ends."""
    while at < stop and filled < len(words):
        words[filled] = word[at]
        filled += I(word[at] != NONE)
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
        values[s] = U32(_finish(rolled[s]) >> U(32))


@_kernel(types.int64, _U64R, _I64R, types.int64, _U32, _I64)
def shingle(word, offsets, width, values, ends):
    """Hash the shingles of each document, in order and with repetitions.

    ``values`` has room for as many as there are tokens; sets ``ends[i + 1]``.
    """
    words, rolled = np.empty(SHINGLES + width - 1, np.uint64), np.empty(SHINGLES, np.uint64)
    count = I(0)
    for i in range(len(offsets) - 1):
        at, stop, filled, more = offsets[i], offsets[i + 1], I(0), True
        while more:
            at, filled = _gather(word, at, stop, words, filled)
            more = at < stop
            if filled >= width:
                n = filled - width + 1
                _roll(words, n, width, rolled, values[count:])
                words[: width - 1] = words[n:filled]
                count += n
                filled = width - 1
            elif filled > 0 and not more and count == ends[i]:
                _roll(words, I(1), filled, rolled, values[count:])
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


@_kernel(types.void, _U64R, _I64R, types.int64, _array(types.uint32, 2), _array(types.uint32, 2, False))
def sign(word, offsets, width, permutations, out):
    """Lower the rows of ``out`` (uint32[n, k], all ones) to the minima of each document."""
    words, rolled = np.empty(SHINGLES + width - 1, np.uint64), np.empty(SHINGLES, np.uint64)
    values = np.empty(SHINGLES + UNROLL, np.uint32)
    a, b = permutations[0], permutations[1]
    for i in range(len(offsets) - 1):
        at, stop, filled, more, row = offsets[i], offsets[i + 1], I(0), True, out[i]
        first = True
        while more:
            at, filled = _gather(word, at, stop, words, filled)
            more = at < stop
            if filled >= width:
                n = filled - width + 1
                _roll(words, n, width, rolled, values)
                words[: width - 1] = words[n:filled]
                _minima(values, n, a, b, row)
                filled = width - 1
                first = False
            elif filled > 0 and not more and first:
                _roll(words, I(1), filled, rolled, values)
                _minima(values, I(1), a, b, row)


@_kernel(types.void, _I64R, _U32R, _I64R, _I64R, _I64)
def intersect(offsets, values, left, right, out):
    """Sizes of intersections of sorted sets, pair by pair."""
    for k in range(len(left)):
        i, i_stop = offsets[left[k]], offsets[left[k] + 1]
        j, j_stop = offsets[right[k]], offsets[right[k] + 1]
        common = I(0)
        while i < i_stop and j < j_stop:
            x, y = values[i], values[j]
            common += I(x == y)
            i += I(x <= y)
            j += I(y <= x)
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
            h = U(j)
            for p in range(j * rows, (j + 1) * rows):
                h = _finish(h * ROLL + U(row[p]))
            out[i, j] = NONE if lowest == U32(0xFFFFFFFF) else max(h, ONE)
