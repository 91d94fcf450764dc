"""What each Unicode code point is to the tokeniser, and what it folds to.

The table is frozen at one Unicode version, so that tokens do not change with the Python
that computes them. ``build`` says what the table means; ``load`` reads the frozen copy.
"""

from __future__ import annotations

import base64
import unicodedata
import zlib
from enum import IntEnum
from functools import cache

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.code_points_data import FROZEN

VERSION = "14.0.0"
"""Unicode version of the frozen table (unassigned code points of it are ``OTHER``)."""

CODE_POINTS = 0x110000
FOLDED_BITS = 21
FOLDED_MASK = (1 << FOLDED_BITS) - 1


class Kind(IntEnum):
    """Classes of code points; the tokeniser knows nothing else about them."""

    OTHER = 0
    """Punctuation, symbols, unassigned and private code points."""
    SPACE = 1
    """White space and C0 controls: splits chunks."""
    IGNORABLE = 2
    """Invisible (Default_Ignorable_Code_Point): neither splits a word nor counts in it."""
    LETTER = 3
    DIGIT = 4
    """Numbers of all kinds, and the underscore."""
    MARK = 5
    SOLO = 6
    """A letter of a script written without spaces: a word of its own."""
    APOSTROPHE = 7
    """Continues a word between two letters."""


# DerivedCoreProperties.txt, Default_Ignorable_Code_Point; unchanged since Unicode 9.
_IGNORABLE = (
    *((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5)),
    *((0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164)),
    *((0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8)),
    *((0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)

# Blocks of Thai, Lao, Myanmar, Khmer, Hiragana, Katakana and Han (Scripts.txt).
_SOLO = (
    *((0x0E01, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
    *((0x3005, 0x3007), (0x3021, 0x3029), (0x3031, 0x3035), (0x3038, 0x303C), (0x3041, 0x30FF)),
    *((0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F)),
    *((0x16FE0, 0x16FE3), (0x1AFF0, 0x1AFFF), (0x1B000, 0x1B16F)),
)

# Planes 2 and 3 hold ideographs only: later assignments are words of their own too.
_IDEOGRAPHIC_PLANES = range(0x20000, 0x3FFFE)


def _kind(code: int, ignorable: frozenset[int], solo: frozenset[int]) -> Kind:
    character = chr(code)
    category = unicodedata.category(character)
    if code in ignorable:
        return Kind.IGNORABLE
    if code < 0x20 or character.isspace():
        return Kind.SPACE
    if character in "'\N{RIGHT SINGLE QUOTATION MARK}":
        return Kind.APOSTROPHE
    if code in _IDEOGRAPHIC_PLANES or (code in solo and category in ("Lo", "Lm", "Nl")):
        return Kind.SOLO
    kinds = {"L": Kind.LETTER, "M": Kind.MARK, "N": Kind.DIGIT}
    return Kind.DIGIT if character == "_" else kinds.get(category[0], Kind.OTHER)


def _folded(code: int) -> int:
    """Fold one code point to one of its own kind: simple case folding, and one apostrophe."""
    character = chr(code)
    if unicodedata.category(character)[0] == "M":  # U+0345 would become a letter
        return code
    if character == "\N{RIGHT SINGLE QUOTATION MARK}":
        return ord("'")
    folded = character.casefold()
    return ord(folded if len(folded) == 1 else character.lower()[0])


def build() -> npt.NDArray[np.uint32]:
    """uint32[0x110000] from this Python's ``unicodedata``: ``kind << 21 | folded``."""
    ignorable = frozenset(c for low, high in _IGNORABLE for c in range(low, high + 1))
    solo = frozenset(c for low, high in _SOLO for c in range(low, high + 1))
    entries = (
        _kind(code, ignorable, solo) << FOLDED_BITS | _folded(code) for code in range(CODE_POINTS)
    )
    return np.fromiter(entries, np.uint32, CODE_POINTS)


def freeze(table: npt.NDArray[np.uint32]) -> str:
    """Pack a table: what differs from "folds to itself", compressed, as text."""
    changes = (table - np.arange(CODE_POINTS, dtype=np.uint32)).astype("<u4")
    steps = np.flatnonzero(np.diff(changes, prepend=~changes[:1])).astype("<u4")
    packed = np.concatenate([np.diff(steps, prepend=np.uint32(0)), changes[steps]]).astype("<u4")
    return base64.b85encode(zlib.compress(packed.tobytes(), 9)).decode()


@cache
def load() -> npt.NDArray[np.uint32]:
    """uint32[0x110000], read-only: the frozen table, ``kind << 21 | folded``."""
    packed = np.frombuffer(zlib.decompress(base64.b85decode(FROZEN)), "<u4")
    gaps, changes = packed[: len(packed) // 2], packed[len(packed) // 2 :]
    starts = np.append(np.cumsum(gaps, dtype=np.int64), CODE_POINTS)
    table = np.repeat(changes, starts[1:] - starts[:-1]) + np.arange(CODE_POINTS, dtype=np.uint32)
    table.flags.writeable = False
    return table
