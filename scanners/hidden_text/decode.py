"""Read what invisible code points spell: tags, variation selectors, bits, reversed text."""

from __future__ import annotations

import re
from collections import Counter

LONGEST = 120
"""Characters of a decoded message that are kept."""
MIN_DISTINCT = 2
"""Different characters that make a message; padding decodes to one character repeated."""
MIN_LEGIBLE = 0.9
LONGEST_PERIOD = 8
_FLAG = re.compile(r"[a-z]{2}[a-z0-9]{1,4}")
CANCEL = "\U000e007f"


def bounded(text: str) -> str:
    """At most ``LONGEST`` characters of a message."""
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def legible(raw: bytes) -> str:
    """The text that the bytes spell, or nothing: UTF-8 and at least nine tenths printable."""
    try:
        text = raw.strip(b"\0").decode()
    except UnicodeDecodeError:
        return ""
    plain = sum(char.isprintable() or char in "\t\n\r" for char in text)
    return text if len(set(text)) >= MIN_DISTINCT and plain >= MIN_LEGIBLE * len(text) else ""


def tags(run: str) -> str:
    """ASCII that a run of tag characters stands for (U+E0041 is ``A``)."""
    return "".join(chr(ord(char) & 0x7F) for char in run if 0x20 <= ord(char) & 0x7F <= 0x7E)


def subdivision(run: str) -> bool:
    """Whether a run is the tail of a subdivision flag: region letters, then the cancel tag."""
    return run.endswith(CANCEL) and _FLAG.fullmatch(tags(run[:-1])) is not None


def selectors(run: str) -> str:
    """Text of variation selectors used as bytes (VS1 is 0, VS256 is 255); empty if none."""
    low, supplement = 0xFE00, 0xE0100 - 16
    points = [ord(char) for char in run]
    raw = bytes(point - (low if point < supplement else supplement) for point in points)
    return legible(raw)


def periodic(run: str) -> bool:
    """Whether a run repeats a short pattern, as the padding of newsletters does."""
    return any(
        run == (run[:period] * (len(run) // period + 1))[: len(run)]
        for period in range(1, min(LONGEST_PERIOD, len(run) // 2) + 1)
    )


def bits(run: str) -> str:
    """Text of a run of two kinds of invisible characters read as bits; empty if none.

    Both assignments of 0 and 1 are tried, in groups of 8 and of 7, and the plainest text is
    taken; characters of further kinds are taken as separators and dropped.
    """
    kinds = [char for char, _ in sorted(Counter(run).items(), key=lambda kv: (-kv[1], kv[0]))[:2]]
    if len(kinds) < MIN_DISTINCT:
        return ""
    kinds.sort()
    digits = ["01"[kinds.index(char)] for char in run if char in kinds]
    messages = [
        legible(
            bytes(int(text[at : at + width], 2) for at in range(0, len(text) - width + 1, width))
        )
        for text in ("".join(digits), "".join("10"[int(digit)] for digit in digits))
        for width in (8, 7)
    ]
    return max(messages, key=_plainness)


def _plainness(message: str) -> float:
    """Share of ASCII letters, digits and spaces: which of several readings is meant."""
    plain = sum(char.isascii() and (char.isalnum() or char == " ") for char in message)
    return plain / len(message) if message else -1.0
