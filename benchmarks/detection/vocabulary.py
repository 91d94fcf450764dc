"""A vocabulary to draw gibberish from: given as a file, else learnt as pieces of rare words.

A real tokenizer's vocabulary is better (``--vocabulary``): one token a line, or a JSON list.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts without spaces: a code point is a word; runs would be rare words of common ones."""
WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+|[^\w\s]+")
LONGEST = 8


def read(path: Path) -> list[str]:
    """Tokens of a file, as they are, without empty ones and without their line ends."""
    text = path.read_text(encoding="utf-8", errors="ignore")
    if text.lstrip().startswith("["):
        return [str(token) for token in json.loads(text) if token]
    return [token for token in text.split("\n") if token]


def learn(texts: Iterable[str], size: int, draw: Random) -> list[str]:
    """Up to ``size`` different pieces of 1 to 8 characters of words that few texts have.

    A piece that begins a word keeps the space before it, as in byte-level vocabularies.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(WORD.findall(text)))
    rare = sorted(word for word, count in counts.items() if count <= 3)
    pieces: dict[str, None] = {}
    for _ in range(4 * size if rare else 0):
        word = draw.choice(rare)
        start = draw.choice((0, draw.randrange(len(word))))
        piece = word[start : start + draw.randint(1, LONGEST)]
        pieces[f" {piece}" if start == 0 else piece] = None
        if len(pieces) == size:
            break
    return list(pieces)
