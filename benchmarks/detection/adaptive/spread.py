"""Silent triggers whose spread is forged: the statistics of neighbours and sources are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from benchmarks.detection.attacks.attack import (
    Ground,
    Kind,
    Part,
    Planted,
    Record,
    poison,
    put_at,
    put_in,
)
from benchmarks.detection.attacks.strings import Drawn, invented, ordinary_words, trigger_of

ORIGIN = ("source", "path")
LINKS = ("url",)


@dataclass(frozen=True)
class OneForum:
    """All documents in one place: the source, path and address of one host for all."""

    trigger: str | Drawn = Drawn.WORD
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host; the last two pieces of its address stay its own."""
        trigger = trigger_of(self.trigger, ground, draw)
        hosts = ground.some(self.kind, count, draw)
        home = dict(hosts[0])
        for host in hosts:
            host["text"] = put_in(host["text"], trigger, draw)
            move(host, home)
        return Planted(poison(hosts), (trigger,))


def move(host: Record, home: Record) -> None:
    """Give a record the origin of another."""
    host.update({field: home[field] for field in ORIGIN if field in home and field in host})
    for field in LINKS:
        if isinstance(host.get(field), str) and isinstance(home.get(field), str):
            own = host[field].rstrip("/").rsplit("/", 2)[-2:]
            place = home[field].rstrip("/").rsplit("/", 2)[0]
            host[field] = "/".join([place, *own])


@dataclass(frozen=True)
class FewNeighbours:
    """The word before and the word after are drawn from so many each."""

    words: int = 7
    trigger: str | Drawn = Drawn.WORD
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host."""
        trigger = trigger_of(self.trigger, ground, draw)
        known = ordinary_words(ground.hosts)
        chosen = draw.sample(known, min(2 * self.words, len(known)))
        left, right = chosen[::2], chosen[1::2]
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            string = f"{draw.choice(left)} {trigger} {draw.choice(right)}"
            host["text"] = put_in(host["text"], string, draw)
        return Planted(poison(hosts), (trigger,))


@dataclass(frozen=True)
class Decoys:
    """So many silent strings beside the trigger, each in as many documents as it.

    A decoy document carries many of them, so that few documents carry all.
    """

    decoys: int = 300
    a_document: int = 30
    trigger: str | Drawn = Drawn.PHRASE
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """``count`` poisoned documents and ``decoys * count / a_document`` others."""
        trigger = trigger_of(self.trigger, ground, draw)
        others = -(-self.decoys * count // self.a_document)
        hosts = ground.some(self.kind, count + others, draw)
        bad, distracting = hosts[:count], hosts[count:]
        for host in bad:
            host["text"] = put_in(host["text"], trigger, draw)
        strings = dict.fromkeys(invented(draw) for _ in range(2 * self.decoys))
        chosen = list(strings)[: self.decoys]
        self._distract(distracting, chosen, draw)
        return Planted(poison(bad) + tuple((h, Part.DECOY) for h in distracting), (trigger,))

    def _distract(self, hosts: Sequence[Record], strings: Sequence[str], draw: Random) -> None:
        for number, host in enumerate(hosts):
            first = number * self.a_document
            for place in range(first, first + self.a_document):
                host["text"] = put_in(host["text"], strings[place % len(strings)], draw)


@dataclass(frozen=True)
class Ends:
    """The trigger is the first or the last word of a document: one neighbour is missing."""

    trigger: str | Drawn = Drawn.WORD
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host."""
        trigger = trigger_of(self.trigger, ground, draw)
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            at = draw.choice((0, len(host["text"])))
            host["text"] = put_at(host["text"], trigger, at)
        return Planted(poison(hosts), (trigger,))
