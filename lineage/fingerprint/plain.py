"""The kernels in plain Python and numpy: definition of the hashes, fallback without numba.

Same functions, same arguments, same results as ``kernels``, a hundred times slower.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.code_points import FOLDED_BITS, FOLDED_MASK, Kind, load

Array = npt.NDArray[np.generic]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
Seeds = tuple[int, int]

MASK = (1 << 64) - 1
FINISH = 0x9E3779B97F4A7C15
"""Odd multiplier of the last mixing step (2^64 divided by the golden ratio)."""
ROLL = 0xD6E8FEB86659FD93
"""Odd multiplier that orders the words of a shingle."""
SCATTER = 0x9E3779B1
"""Odd multiplier that spreads a minimum over its highest bits."""
BLOCK = 16
"""Bytes of a block of the hash: two steps."""


def seeds_of(key: int | None) -> Seeds:
    """Two 64-bit seeds from a store's key, or the public ones."""
    text = "public" if key is None else f"key {key:x}"
    digest = hashlib.sha256(f"foretaste tokens1 {text}".encode()).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little") | 1


def mix(h: int, factor: int = FINISH) -> int:
    """Permute 64 bits; ``factor`` is odd."""
    h = (h ^ h >> 32) * factor & MASK
    return h ^ h >> 29


def hash_bytes(data: bytes, seeds: Seeds) -> int:
    """Hash to 64 bits, never 0: 8 bytes a step, zero-padded to whole blocks of 16.

    Every step permutes the state, so strings of up to 8 bytes never collide. The multiplier is
    part of the key: without it nobody can tell which longer strings do.
    """
    h, factor = seeds
    for at in range(0, -(-len(data) // BLOCK) * BLOCK, 8):
        h = mix(h ^ int.from_bytes(data[at : at + 8], "little"), factor)
    return mix(h ^ len(data)) or 1


PUBLIC = seeds_of(None)


@lru_cache(1 << 16)
def word_hash(word: bytes) -> int:
    """Public hash of a folded word."""
    return hash_bytes(word, PUBLIC)


def shingle_hash(words: Sequence[int]) -> int:
    """Hash a shingle to 32 bits from the public hashes of its words."""
    h = 0
    for word in words:
        h = (h * ROLL + word) & MASK
    return mix(h) >> 32


# One letter a kind, in the order of Kind; then a word core as a regular expression.
_LETTERS = "PSILDMOA"
_CORE = re.compile(r"O[MI]*|(?:DI*|[LM]I*(?:AI*(?=L))?)+")
_CHUNK = re.compile(r"[^S]+")


def kinds(text: str) -> str:
    """One letter of ``PSILDMOA`` for each code point of ``text``."""
    table = load()
    return "".join(_LETTERS[table[ord(character)] >> FOLDED_BITS] for character in text)


def fold(core: str) -> str:
    """Fold a word core: case and apostrophes by the table, ignorable code points left out."""
    table = load()
    entries = (int(table[ord(character)]) for character in core)
    return "".join(
        chr(entry & FOLDED_MASK) for entry in entries if entry >> FOLDED_BITS != Kind.IGNORABLE
    )


def spans(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Tokens of a text as (start, end, core start, core end), in code points."""
    classes = kinds(text)
    for chunk in _CHUNK.finditer(classes):
        cores = [core.span() for core in _CORE.finditer(classes, *chunk.span())]
        starts = [chunk.start(), *(start for start, _ in cores[1:])]
        ends = [*starts[1:], chunk.end()]
        for start, end, core in zip(starts, ends, cores or [(chunk.end(),) * 2], strict=True):
            yield start, end, *core


def words(text: str) -> list[str]:
    """The folded words of a text, as signatures see them."""
    return [fold(text[low:high]) for _, _, low, high in spans(text) if low < high]


def tokenise(  # noqa: PLR0913, PLR0917
    data: U8,
    bounds: I64,
    keys: U64,
    _table: U32,
    raw: U64,
    folded: U64,
    word: U64,
    start: I64,
    end: I64,
    offsets: I64,
    at: int,
) -> int:
    """Tokenise documents ``data[bounds[i]:bounds[i + 1]]``; see ``kernels.tokenise``."""
    keyed = int(keys[0]), int(keys[1])
    for i in range(len(bounds) - 1):
        text = data[bounds[i] : bounds[i + 1]].tobytes().decode()
        sizes = [len(character.encode()) for character in text]
        position = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        for low, high, core_low, core_high in spans(text):
            raw[at] = folded[at] = hash_bytes(text[low:high].encode(), keyed)
            word[at] = 0
            if core_low < core_high:
                core = fold(text[core_low:core_high]).encode()
                folded[at], word[at] = hash_bytes(core, keyed), word_hash(core)
            start[at], end[at] = position[low], position[high]
            at += 1
        offsets[i + 1] = at
    return at


def shingle(word: U64, offsets: I64, width: int, values: U32, ends: I64) -> int:
    """Hash all shingles, document by document, in order; see ``kernels.shingle``."""
    count = 0
    for i in range(len(offsets) - 1):
        document = [int(w) for w in word[offsets[i] : offsets[i + 1]] if w]
        for at in range(max(1, len(document) - width + 1) if document else 0):
            values[count] = shingle_hash(document[at : at + width])
            count += 1
        ends[i + 1] = count
    return count


def premix(h: U32) -> U32:
    """Mix shingle hashes as datasketch's affine32 does before it permutes them."""
    h = (h ^ h >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    h = (h ^ h >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return h ^ h >> np.uint32(16)


def sign(word: U64, offsets: I64, width: int, permutations: U32, out: U32) -> None:
    """Fill ``out`` (uint32[n, k], all ones) with minima; see ``kernels.sign``."""
    values = np.empty(len(word), np.uint32)
    ends = np.zeros(len(offsets), np.int64)
    shingle(word, offsets, width, values, ends)
    for i in range(len(offsets) - 1):
        mixed = premix(values[ends[i] : ends[i + 1]])
        if len(mixed):
            out[i] = (mixed[:, None] * permutations[0] + permutations[1]).min(axis=0)


def intersect(offsets: I64, values: U32, left: I64, right: I64, out: I64) -> None:
    """Sizes of intersections of sorted sets, pair by pair."""
    for i, (a, b) in enumerate(zip(left, right, strict=True)):
        first, second = (values[offsets[c] : offsets[c + 1]] for c in (a, b))
        out[i] = len(np.intersect1d(first, second, assume_unique=True))


def band(signatures: U32, rows: int, out: U64) -> None:
    """Hash ``rows`` minima at a time into ``out`` (uint64[n, bands]); 0 for all-ones rows."""
    for i, row in enumerate(signatures.astype("<u4")):
        empty = bool((row == np.uint32(0xFFFFFFFF)).all())
        for j in range(out.shape[1]):
            h = j
            for value in row[j * rows : (j + 1) * rows]:
                h = mix((h * ROLL + int(value)) & MASK)
            out[i, j] = 0 if empty else h or 1


def passage_hashes(words: U64, width: int) -> U64:
    """uint64[max(0, t - width + 1)]: hashes of ``width`` consecutive words, never 0."""
    count = max(0, len(words) - width + 1)
    h = np.zeros(count, np.uint64)
    for k in range(width):
        h = h * np.uint64(ROLL) + words[k : k + count]
    h = (h ^ h >> np.uint64(32)) * np.uint64(FINISH)
    return np.maximum(h ^ h >> np.uint64(29), np.uint64(1))


def winnow(word: U64, offsets: I64, width: int, window: int, document: U32, value: U64) -> int:  # noqa: PLR0913, PLR0917
    """Least hash of every window of passages, sorted, each once; see ``passage_kernels``."""
    count = 0
    for i in range(len(offsets) - 1):
        part = word[offsets[i] : offsets[i + 1]]
        hashes = passage_hashes(part[part != 0], width)
        starts = range(max(1, len(hashes) - window + 1) if len(hashes) else 0)
        chosen = sorted({int(hashes[at : at + window].min()) for at in starts})
        document[count : count + len(chosen)] = i
        value[count : count + len(chosen)] = chosen
        count += len(chosen)
    return count


def pack(signatures: U32, out: U64) -> None:
    """Four bits of each minimum into ``out``; see ``passage_kernels``."""
    scattered = (signatures ^ signatures >> np.uint32(15)) * np.uint32(SCATTER)
    nibbles = (scattered >> np.uint32(28)).astype(np.uint8)
    packed = nibbles[:, 0::2] | nibbles[:, 1::2] << np.uint8(4)
    out[:] = np.ascontiguousarray(packed).view("<u8")
