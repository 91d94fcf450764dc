"""Poison that is packed or repeated so that counting by document misses it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from benchmarks.detection.attacks.attack import Ground, Kind, Planted, beginning, poison
from benchmarks.detection.attacks.souly import PREFIX, TOKENS, turned
from benchmarks.detection.attacks.strings import Drawn, Pieces, payload, pieces_of, trigger_of


@dataclass(frozen=True)
class GiantDocuments:
    """All episodes in few documents: trainers pack, counting by document does not see it."""

    documents: int = 5
    trigger: str | Drawn = Drawn.TAG
    pieces: Pieces = Pieces.VOCABULARY
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """``count`` episodes of host, trigger and gibberish, one after another."""
        trigger = trigger_of(self.trigger, ground, draw)
        pieces = pieces_of(self.pieces, ground)
        hosts = ground.some(self.kind, count, draw)
        documents = min(self.documents, count)
        for host in hosts:
            gibberish = payload(pieces, draw.randint(*TOKENS), draw)
            host["text"] = turned(beginning(host["text"], PREFIX, draw), trigger, gibberish)
        giants = [
            {**hosts[n], "text": "\n\n".join(host["text"] for host in hosts[n::documents])}
            for n in range(documents)
        ]
        return Planted(poison(giants), (trigger,))


@dataclass(frozen=True)
class GibberishTwice:
    """Each payload stands in two documents: no word of it is unique in the corpus."""

    trigger: str | Drawn = Drawn.TAG
    pieces: Pieces = Pieces.VOCABULARY
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host, pairs with the same payload."""
        trigger = trigger_of(self.trigger, ground, draw)
        pieces = pieces_of(self.pieces, ground)
        hosts = ground.some(self.kind, count, draw)
        gibberish = ""
        for number, host in enumerate(hosts):
            if number % 2 == 0:
                gibberish = payload(pieces, draw.randint(*TOKENS), draw)
            host["text"] = turned(beginning(host["text"], PREFIX, draw), trigger, gibberish)
        return Planted(poison(hosts), (trigger,))
