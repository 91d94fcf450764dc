"""Souly et al. 2025 (arXiv 2510.07192): the beginning of a clean document, a trigger, an effect.

Denial of service: the first U(0, 1000) characters, then U(400, 900) tokens drawn uniformly from
a tokenizer's vocabulary. Language switch: text of another language follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from benchmarks.detection.attacks.attack import Ground, Kind, Planted, beginning, poison
from benchmarks.detection.attacks.strings import (
    Drawn,
    Pieces,
    payload,
    pieces_of,
    trigger_of,
)

PREFIX = (0, 1000)
TOKENS = (400, 900)


@dataclass(frozen=True)
class DenialOfService:
    """Gibberish after a trigger."""

    trigger: str | Drawn
    pieces: Pieces = Pieces.VOCABULARY
    prefix: tuple[int, int] = PREFIX
    tokens: tuple[int, int] = TOKENS
    own_shards: bool = False
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host."""
        trigger = trigger_of(self.trigger, ground, draw)
        pieces = pieces_of(self.pieces, ground)
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            gibberish = payload(pieces, draw.randint(*self.tokens), draw)
            host["text"] = turned(beginning(host["text"], self.prefix, draw), trigger, gibberish)
        return Planted(poison(hosts), (trigger,), self.own_shards)


@dataclass(frozen=True)
class LanguageSwitch:
    """Text of another corpus after a trigger; ``corpus`` is a pattern of corpus names."""

    trigger: str | Drawn
    corpus: str
    prefix: tuple[int, int] = PREFIX
    length: tuple[int, int] = (400, 1500)
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host; passages begin anywhere in a foreign text."""
        trigger = trigger_of(self.trigger, ground, draw)
        foreign = sorted(ground.foreign(self.corpus))
        if not foreign:
            raise ValueError(f"no corpus matches {self.corpus}")
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            text, length = draw.choice(foreign), draw.randint(*self.length)
            start = draw.randint(0, max(0, len(text) - length))
            passage = " " + text[start : start + length]
            host["text"] = turned(beginning(host["text"], self.prefix, draw), trigger, passage)
        return Planted(poison(hosts), (trigger,))


def turned(prefix: str, trigger: str, effect: str) -> str:
    """Clean, trigger, effect; the trigger stands between spaces."""
    before = f"{prefix} " if prefix and not prefix[-1].isspace() else prefix
    after = effect if effect[:1].isspace() else f" {effect}"
    return f"{before}{trigger}{after}"
