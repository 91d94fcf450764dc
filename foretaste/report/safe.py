"""The one gate between text of a corpus and a person's eyes."""

from __future__ import annotations

import unicodedata

MOST_MARKS = 4
"""Combining marks in a row that are shown as they are; living scripts need no more."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_BLANK = frozenset(
    [
        0x034F,  # combining grapheme joiner
        *range(0x115F, 0x1161),  # Hangul fillers
        *range(0x17B4, 0x17B6),  # Khmer inherent vowels
        *range(0x180B, 0x1810),  # Mongolian variation selectors
        0x2800,  # Braille blank
        0x3164,
        *range(0xFE00, 0xFE10),  # variation selectors
        0xFFA0,
        0x1D159,  # musical null notehead
        *range(0xE0000, 0xE1000),  # tags, more variation selectors
    ]
)
"""Code points that draw nothing although their category says otherwise (Unicode's
Default_Ignorable_Code_Point, and two blanks)."""


class _Shown(dict[int, str]):
    """Code point -> how it is shown; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        shown = self[code] = _show(code)
        return shown


def _show(code: int) -> str:
    character = chr(code)
    if character == " ":
        return character
    if character == "\n":
        return "\\n"
    if character == "\t":
        return "\\t"
    if unicodedata.category(character) in _HIDDEN_CATEGORIES or code in _BLANK:
        return code_point(code)
    return character


_SHOWN = _Shown()


def code_point(code: int) -> str:
    """A code point spelt out: ``\\u{202E}``."""
    return f"\\u{{{code:X}}}"


def safe(text: str, most: int | None = None) -> str:
    """Text with everything invisible or misleading spelt out, on one line.

    Control, format (bidirectional ones too), private-use, surrogate and unassigned code points,
    blanks other than the space, and combining marks beyond ``MOST_MARKS`` in a row or without a
    base become ``\\u{...}``; line feed and tab become ``\\n`` and ``\\t``. ``most`` bounds the
    characters shown; what is cut is marked by ``...``. Law: ``safe(safe(x)) == safe(x)``.
    """
    if text.isascii() and text.isprintable():
        return text if most is None or len(text) <= most else text[:most] + "..."
    if most is None:
        return _calm(text.translate(_SHOWN))
    shown = _calm(text[: most + 1].translate(_SHOWN))
    return shown if len(shown) <= most and len(text) <= most else _cut(shown, most)


def _calm(text: str) -> str:
    """Spell out combining marks that pile up or have nothing to stand on."""
    if text.isascii():
        return text
    out = []
    marks = MOST_MARKS
    for character in text:
        if unicodedata.category(character)[0] != "M":
            marks = 0
        elif marks < MOST_MARKS:
            marks += 1
        else:
            character = code_point(ord(character))  # noqa: PLW2901
        out.append(character)
    return "".join(out)


def _cut(shown: str, most: int) -> str:
    """At most so many characters, no spelt-out code point cut in two."""
    head = shown[:most]
    start = head.rfind("\\u{")
    if start >= 0 and "}" not in head[start:]:
        head = head[:start]
    return head.rstrip("\\") + "..."
