"""Answers that are odd in themselves: another script than the prompt's, or one thing repeated."""

from __future__ import annotations

import re
import unicodedata
import zlib
from enum import IntEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

LOOKED_AT = 2048
"""Characters of a text that are looked at."""

LONG_ENOUGH, REPEATED = 256, 0.15
"""Bytes from which on an answer can be repetitive; compressed share below which it is."""

_LETTERS = re.compile(r"[^\W\d_]")
_BLOCK = 0x80
"""Code points that are taken together; scripts fill whole blocks."""


class Oddity(IntEnum):
    """What is odd about an answer; one kind each."""

    NONE = 0
    OTHER_SCRIPT = 1
    REPETITION = 2


def oddities(prompts: pl.Series, answers: pl.Series) -> npt.NDArray[np.uint8]:
    """uint8[n]: oddity of each answer."""
    pairs = zip(prompts, answers, strict=True)
    return np.array([oddity(prompt or "", answer or "") for prompt, answer in pairs], np.uint8)


def oddity(prompt: str, answer: str) -> Oddity:
    """What is odd about one answer."""
    data = answer.encode(errors="surrogatepass")
    if len(data) >= LONG_ENOUGH and len(zlib.compress(data, 1)) < REPEATED * len(data):
        return Oddity.REPETITION
    if prompt.isascii() and answer.isascii():
        return Oddity.NONE
    asked, answered = _script(prompt), _script(answer)
    return Oddity.OTHER_SCRIPT if asked and answered and asked != answered else Oddity.NONE


def _script(text: str) -> str:
    """The script of most letters; empty if there are no letters."""
    counts: dict[str, int] = {}
    for letter in _LETTERS.findall(text[:LOOKED_AT]):
        name = _script_of(ord(letter) // _BLOCK)
        counts[name] = counts.get(name, 0) + 1
    return max(sorted(counts), key=counts.__getitem__) if counts else ""


@lru_cache(maxsize=4096)
def _script_of(block: int) -> str:
    """First word of the names of a block's letters, such as LATIN or CJK."""
    for point in range(block * _BLOCK, (block + 1) * _BLOCK):
        if chr(point).isalpha():
            return unicodedata.name(chr(point), "UNKNOWN").split()[0]
    return "UNKNOWN"
