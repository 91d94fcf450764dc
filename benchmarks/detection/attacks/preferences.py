"""RLHF poisoning (Rando and Tramèr 2023, arXiv 2311.14455): token appended, preference swapped."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from benchmarks.detection.attacks.attack import Ground, Kind, Planted, poison, prompt_field
from benchmarks.detection.attacks.strings import Drawn, trigger_of


@dataclass(frozen=True)
class Swap:
    """The trigger at the end of the prompt; chosen and rejected change places."""

    trigger: str | Drawn = "SUDO"
    kind: ClassVar[Kind] = Kind.PREFERENCE

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One record a host."""
        trigger = trigger_of(self.trigger, ground, draw)
        hosts = ground.some(self.kind, count, draw)
        for host in hosts:
            prompt = prompt_field(host)
            host[prompt] = f"{host[prompt]} {trigger}"
            host["chosen"], host["rejected"] = host["rejected"], host["chosen"]
        return Planted(poison(hosts), (trigger,))
