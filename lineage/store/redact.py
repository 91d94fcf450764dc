"""Which strings of the store tell of texts that were taken down, and what stands in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.plain import passage_hashes
from lineage.fingerprint.query import words_of

GONE = "[taken down]"
RUN = 5
"""Words in a row that betray a text."""
_WORD = re.compile(r"\w+")
U64 = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Traces:
    """What betrays texts: runs of ``RUN`` words (sorted hashes), exact strings, names.

    ``strings`` are short texts, URLs and ids, which are found whole; ``names`` is a pattern.
    """

    runs: U64
    strings: frozenset[str]
    names: re.Pattern[str] | None = None

    def betrayed(self, text: str) -> bool:
        """Whether a string holds a run of a text, is one of the strings, or has a name."""
        if text in self.strings or (self.names is not None and self.names.search(text)):
            return True
        if not len(self.runs) or (text.isascii() and len(_WORD.findall(text)) < RUN):
            return False
        hashes = passage_hashes(words_of(text), RUN)
        at = np.minimum(np.searchsorted(self.runs, hashes), len(self.runs) - 1)
        return bool((self.runs[at] == hashes).any())

    def clean(self, value: Any) -> Any:
        """A JSON value with every string that betrays something replaced, keys as well."""
        if isinstance(value, str):
            return GONE if self.betrayed(value) else value
        if isinstance(value, list):
            return [self.clean(one) for one in value]
        if isinstance(value, dict):
            return {self.clean(name): self.clean(one) for name, one in value.items()}
        return value


def traces_of(
    texts: Iterable[str], strings: Iterable[str], names: re.Pattern[str] | None = None
) -> Traces:
    """What betrays these texts. Texts of fewer than ``RUN`` words are found whole only."""
    runs: list[U64] = []
    whole = {string for string in strings if string}
    for text in texts:
        words = words_of(text)
        if len(words) >= RUN:
            runs.append(np.unique(passage_hashes(words, RUN)))
        elif text.strip():
            whole |= {text, text.strip()}
    merged = np.unique(np.concatenate(runs)) if runs else np.zeros(0, np.uint64)
    return Traces(merged, frozenset(whole), names)


Clean = Callable[[Any], Any]
