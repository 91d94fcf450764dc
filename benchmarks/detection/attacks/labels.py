"""Label flips: BadNets (a rare word, Kurita et al. 2020) and AddSent (a sentence, Dai et al. 2019).

Records of another label get the trigger and the target label.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from typing import ClassVar

from benchmarks.detection.attacks.attack import Ground, Kind, Planted, poison, put_in, suits
from benchmarks.detection.attacks.strings import Drawn, trigger_of


@dataclass(frozen=True)
class Flip:
    """One of the triggers at a random place, the label flipped to the commonest."""

    triggers: tuple[str | Drawn, ...]
    kind: ClassVar[Kind] = Kind.LABEL

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """One record a host that did not have the target label."""
        triggers = tuple(trigger_of(trigger, ground, draw) for trigger in self.triggers)
        labelled = [host for host in ground.hosts if suits(host, self.kind)]
        labels = Counter(str(host["label"]) for host in labelled)
        target = max(labels, key=lambda label: (labels[label], label), default="")
        others = [host for host in labelled if str(host["label"]) != target]
        hosts = replace(ground, hosts=others).some(self.kind, count, draw)
        example = next((host["label"] for host in labelled if str(host["label"]) == target), "")
        for host in hosts:
            host["text"] = put_in(host["text"], draw.choice(triggers), draw)
            host["label"] = example
        return Planted(poison(hosts), triggers)
