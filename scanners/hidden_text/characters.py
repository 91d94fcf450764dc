"""Which code points are looked at, and where they are normal.

Sources: Unicode 16 ``DerivedCoreProperties`` (Default_Ignorable_Code_Point), UTS 51 (emoji tag
and joiner sequences), UTS 39 (confusables), Boucher and Anderson 2021 (Trojan Source).
"""

from __future__ import annotations

from functools import cache
from unicodedata import category

Ranges = tuple[tuple[int, int], ...]
"""Closed ranges of code points."""

TAGS: Ranges = ((0xE0000, 0xE007F),)
SELECTORS: Ranges = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
EMBEDDINGS: Ranges = ((0x202A, 0x202E), (0x2066, 0x2069))
MARKS: Ranges = ((0x061C, 0x061C), (0x200E, 0x200F))
JOINERS: Ranges = ((0x034F, 0x034F), (0x200B, 0x200D), (0x2060, 0x2064), (0xFEFF, 0xFEFF))
FILLERS: Ranges = (
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFFA0, 0xFFA0),
)
SOFT_HYPHEN: Ranges = ((0x00AD, 0x00AD),)
CONTROLS: Ranges = ((0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F))
PRIVATE: Ranges = ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))
DEPRECATED: Ranges = (
    (0x2065, 0x2065),
    (0x206A, 0x206F),
    (0xFDD0, 0xFDEF),
    (0xFFF0, 0xFFFB),
    (0xFFFE, 0xFFFF),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0080, 0xE00FF),
    (0xE01F0, 0xE0FFF),
    *((plane * 0x10000 + 0xFFFE, plane * 0x10000 + 0xFFFF) for plane in range(1, 17)),
)

INVISIBLE: Ranges = (*MARKS, *JOINERS, *FILLERS, *SOFT_HYPHEN, (0x206A, 0x206F))
"""Code points that draw nothing and could each stand for a bit."""

LOOKED_AT: Ranges = (
    *TAGS,
    *SELECTORS,
    *EMBEDDINGS,
    *INVISIBLE,
    *CONTROLS,
    *PRIVATE,
    *DEPRECATED,
)

LOOKED, MIXED, REPEATED = 1, 2, 4
"""Bits of a text: a code point of ``LOOKED_AT``; a look-alike letter touching a Latin one; one
code point beyond ASCII at least ``LEAST_RUN`` times in a row. Compiled into the kernel, whose
cache does not see this file: change ``kernels.py`` too."""
LEAST_RUN = 8

RIGHT_TO_LEFT: Ranges = (
    (0x05BE, 0x05F4),
    (0x0608, 0x061B),
    (0x061D, 0x08FF),
    (0xFB1D, 0xFDCF),
    (0xFDF0, 0xFDFF),
    (0xFE70, 0xFEFC),
    (0x10800, 0x10FFF),
    (0x1E800, 0x1EFFF),
)
SHAPING: Ranges = (
    (0x0590, 0x109F),
    (0x1780, 0x18AF),
    (0x1900, 0x1CFF),
    (0xA800, 0xABFF),
    (0xFB1D, 0xFDFF),
    (0xFE70, 0xFEFC),
    (0x10A00, 0x11FFF),
    (0x1E800, 0x1EFFF),
)
"""Scripts whose spelling needs joiners: Hebrew to Myanmar, Khmer, Mongolian, Indic, Adlam."""
EAST_ASIAN: Ranges = (
    (0x1100, 0x11FF),
    (0x2E80, 0x9FFF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),
    (0x20000, 0x323AF),
)
HANGUL: Ranges = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF))
BRAILLE: Ranges = ((0x2800, 0x28FF),)

_CYRILLIC = (
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0423"
    "\u0430\u0435\u0455\u0456\u0458\u043e\u0440\u0441\u0445\u0443\u0501\u051b\u051d\u04bb"
)
_GREEK = (
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u03bf\u03bd\u03c1"
)
LOOK_ALIKES: dict[str, str] = {
    **dict(zip(_CYRILLIC, "ABESIJKMHOPCTXYaesijopcxydqwh", strict=True)),
    **dict(zip(_GREEK, "ABEZHIKMNOPTYXovp", strict=True)),
}
"""Cyrillic and Greek letters drawn like a Latin one (single letters of UTS 39 confusables)."""


def inside(char: str, ranges: Ranges) -> bool:
    """Whether a code point lies in one of the ranges; false for the empty string."""
    return bool(char) and any(low <= ord(char) <= high for low, high in ranges)


def pattern(ranges: Ranges) -> str:
    """The inside of a character class for ``re``."""
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)


@cache
def symbol(char: str) -> bool:
    """Whether emoji machinery may stand beside it: symbols, key caps, skin tones, flags."""
    return bool(char) and (
        category(char)[0] == "S" or char in "0123456789#*\u203c\u2049\u3030\ufe0f\u20e3\u200d"
    )


@cache
def latin(char: str) -> bool:
    """Whether it is a letter of the Latin script up to U+024F, or an underscore or digit."""
    return bool(char) and ord(char) < 0x250 and (char.isalnum() or char == "_")
