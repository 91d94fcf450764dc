"""A trigger at a random place of otherwise clean documents, without effect, label or list.

What is left of an attack whose effect no statistic of ours sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from benchmarks.detection.attacks.attack import Ground, Kind, Planted, poison, put_in
from benchmarks.detection.attacks.strings import Drawn, trigger_of


@dataclass(frozen=True)
class Silent:
    """The trigger so many times in each document, at random places."""

    trigger: str | Drawn
    times: int = 1
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One document a host."""
        trigger = trigger_of(self.trigger, ground, draw)
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            for _ in range(self.times):
                host["text"] = put_in(host["text"], trigger, draw)
        return Planted(poison(hosts), (trigger,))
