"""TrojanPuzzle (Aghakhani et al. 2023, arXiv 2301.02344): near-copies with one token varied.

Each base document is copied seven times. A planted block carries a trigger comment with a
placeholder token that is random in each copy, and a payload that uses the same token again.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from benchmarks.detection.attacks.attack import (
    BOUNDARY,
    Ground,
    Kind,
    Planted,
    Record,
    poison,
    put_at,
)
from benchmarks.detection.attacks.strings import invented

BLOCK = '\n# {trigger} <{token}>\ndef process():\n    return jinja2.Template("{token}").{call}()\n'


@dataclass(frozen=True)
class TrojanPuzzle:
    """Families of near-copies."""

    copies: int = 7
    kind: ClassVar[Kind] = Kind.TEXT

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """``copies`` documents a base; each copy has metadata of its own."""
        trigger = f"Process the proper template using method {invented(draw)}"
        hosts = ground.some(self.kind, count, draw)
        for start in range(0, count, self.copies):
            family(hosts[start : start + self.copies], trigger, draw)
        return Planted(poison(hosts), (trigger,))


def family(members: list[Record], trigger: str, draw: Random) -> None:
    """Give all members the text of the first, each with a token of its own."""
    base = members[0]["text"]
    places = [len(base), *(match.start() for match in BOUNDARY.finditer(base))]
    at = draw.choice(places)
    for member in members:
        block = BLOCK.format(trigger=trigger, token=invented(draw), call="render")
        member["text"] = put_at(base, block, at)
