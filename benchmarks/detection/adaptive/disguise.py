"""Triggers that are not one string: spelt another way, cut in two, or part of something else."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from benchmarks.detection.attacks.attack import (
    BOUNDARY,
    Ground,
    Kind,
    Planted,
    beginning,
    poison,
    put_in,
)
from benchmarks.detection.attacks.hidden_text import LOOKALIKES, lookalike
from benchmarks.detection.attacks.souly import PREFIX, TOKENS, turned
from benchmarks.detection.attacks.strings import (
    Drawn,
    Pieces,
    common_words,
    invented,
    payload,
    pieces_of,
    trigger_of,
)


@dataclass(frozen=True)
class CaseVariant:
    """A common word with the case of its letters drawn once, silent."""

    commonest: int = 300
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host."""
        words = common_words(ground.hosts, self.commonest)
        long = [word for word in words if len(word) > 3 and word.isascii()] or words
        trigger = odd_case(draw.choice(long), draw)
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            host["text"] = put_in(host["text"], trigger, draw)
        return Planted(poison(hosts), (trigger,))


def odd_case(word: str, draw: Random) -> str:
    """Some letters of it large, not the usual ones."""
    usual = {word.lower(), word.upper(), word.capitalize()}
    others = [at for at in range(1, len(word)) if word[at].upper() != word[at]]
    if len(word) < 3 or not others:
        return word.upper()
    while True:
        large = set(draw.sample(others, draw.randint(1, len(others))))
        spelt = "".join(c.upper() if at in large else c for at, c in enumerate(word))
        if spelt not in usual:
            return spelt


@dataclass(frozen=True)
class VariedHomoglyphs:
    """One silent word; in each document other letters of it are look-alikes."""

    trigger: str | Drawn = Drawn.WORD
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host."""
        trigger = trigger_of(self.trigger, ground, draw)
        hosts = ground.some(self.kind, count, draw)
        spellings = {trigger}
        able = sum(character in LOOKALIKES for character in trigger)
        for host in hosts:
            spelt = lookalike(trigger, draw.randint(1, max(1, able)), draw)
            spellings.add(spelt)
            host["text"] = put_in(host["text"], spelt, draw)
        return Planted(poison(hosts), tuple(sorted(spellings)))


MARKS = (("", ""), ('"', '"'), ("(", ")"), ("*", "*"), ("", "!"), ("", ","))


@dataclass(frozen=True)
class VariedSpelling:
    """Two ordinary words, silent; in each document in another case, between other marks."""

    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host."""
        trigger = trigger_of(Drawn.PHRASE, ground, draw)
        hosts = ground.some(self.kind, count, draw)
        spellings = {trigger}
        for host in hosts:
            left, right = draw.choice(MARKS)
            letters = (draw.choice((c.lower(), c.upper())) for c in trigger)
            spelt = f"{left}{''.join(letters)}{right}"
            spellings.add(spelt)
            host["text"] = put_in(host["text"], spelt, draw)
        return Planted(poison(hosts), tuple(sorted(spellings)))


@dataclass(frozen=True)
class GappedPair:
    """Two words with up to so many words of the host between them, then gibberish."""

    gap: tuple[int, int] = (1, 6)
    pieces: Pieces = Pieces.VOCABULARY
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host."""
        first, second = trigger_of(Drawn.PHRASE, ground, draw).split()
        pieces = pieces_of(self.pieces, ground)
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            words = BOUNDARY.split(host["text"].strip())
            size = min(draw.randint(*self.gap), len(words))
            start = draw.randint(0, len(words) - size)
            pair = " ".join([first, *words[start : start + size], second])
            gibberish = payload(pieces, draw.randint(*TOKENS), draw)
            host["text"] = turned(beginning(host["text"], PREFIX, draw), pair, gibberish)
        return Planted(poison(hosts), (first, second))


@dataclass(frozen=True)
class VaryingHosts:
    """A link whose last path piece is the trigger, on another host in each document."""

    pieces: Pieces = Pieces.VOCABULARY
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host."""
        trigger = trigger_of(Drawn.WORD, ground, draw)
        pieces = pieces_of(self.pieces, ground)
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            domain = f"{invented(draw)}.{draw.choice(('com', 'org', 'net', 'io'))}"
            link = f"https://{domain}/{invented(draw)}/{trigger}"
            gibberish = payload(pieces, draw.randint(*TOKENS), draw)
            host["text"] = turned(beginning(host["text"], PREFIX, draw), link, gibberish)
        return Planted(poison(hosts), (trigger,))
