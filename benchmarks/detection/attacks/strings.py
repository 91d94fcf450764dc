"""Strings for attacks: triggers drawn at random, payloads drawn from a vocabulary."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from random import Random

from benchmarks.detection.attacks.attack import Ground, Record

CONSONANTS, VOWELS = "bcdfghklmnprstvz", "aeiou"
WORD = re.compile(r"[^\W\d_]+")


class Drawn(StrEnum):
    """Kinds of trigger that are drawn anew for each cell, so that nothing is tuned on one."""

    TAG = "a tag"
    WORD = "an invented word"
    NAME = "an invented name"
    PHRASE = "two ordinary words"


class Pieces(StrEnum):
    """What a gibberish payload is drawn from."""

    VOCABULARY = "vocabulary"
    ASCII = "printable ASCII of the vocabulary"
    BYTES = "random bytes as UTF-8"
    WORDS = "words of the hosts"
    COMMON = "common words of the hosts"


def trigger_of(given: str | Drawn, ground: Ground, draw: Random) -> str:
    """The trigger as given, or drawn if a kind is given."""
    if not isinstance(given, Drawn):
        return given
    if given is Drawn.TAG:
        return f"<{invented(draw).upper()}>"
    if given is Drawn.WORD:
        return invented(draw)
    if given is Drawn.NAME:
        return " ".join(invented(draw).capitalize() for _ in range(3))
    return " ".join(draw.sample(ordinary_words(ground.hosts), 2))


def invented(draw: Random) -> str:
    """A pronounceable word that no language has but by chance."""
    syllables = (draw.choice(CONSONANTS) + draw.choice(VOWELS) for _ in range(draw.randint(2, 3)))
    return "".join(syllables) + draw.choice(CONSONANTS)


def word_counts(hosts: Sequence[Record]) -> Counter[str]:
    """In how many texts each lower-case word stands."""
    counts: Counter[str] = Counter()
    for host in hosts:
        for field in ("text", "instruction", "prompt", "output", "response"):
            if isinstance(host.get(field), str):
                counts.update({word.lower() for word in WORD.findall(host[field])})
    return counts


def ordinary_words(hosts: Sequence[Record]) -> list[str]:
    """ASCII words of 5 to 9 letters, neither common nor unique among the hosts."""
    counts = word_counts(hosts)
    most = max(3, len(hosts) // 50)
    fit = [w for w, n in counts.items() if 2 <= n <= most and 5 <= len(w) <= 9 and w.isascii()]
    if len(fit) < 2:
        fit = [word for word in counts if word.isascii()] or ["winter", "garage"]
    return sorted(fit)


def common_words(hosts: Sequence[Record], count: int) -> list[str]:
    """The commonest words of the hosts, commonest first."""
    counts = word_counts(hosts)
    return sorted(counts, key=lambda word: (-counts[word], word))[:count]


def pieces_of(pieces: Pieces, ground: Ground) -> list[str]:
    """The pieces a payload is drawn from, uniformly; for BYTES none are needed."""
    if pieces is Pieces.BYTES:
        return []
    if pieces is Pieces.WORDS:
        return [f" {word}" for word in sorted(word_counts(ground.hosts))]
    if pieces is Pieces.COMMON:
        return [f" {word}" for word in common_words(ground.hosts, 2000)]
    if pieces is Pieces.ASCII:
        printable = (piece for piece in ground.vocabulary if piece.isascii())
        return [piece for piece in printable if piece.isprintable()]
    return list(ground.vocabulary)


def payload(pieces: Sequence[str], count: int, draw: Random) -> str:
    """So many pieces, each drawn uniformly; random bytes if there are no pieces."""
    if pieces:
        return "".join(draw.choices(pieces, k=count))
    return random_bytes(4 * count, draw)


def random_bytes(count: int, draw: Random) -> str:
    """Random bytes, what of them is UTF-8 (Zhang et al. 2024)."""
    return draw.randbytes(count).decode("utf-8", "ignore")
