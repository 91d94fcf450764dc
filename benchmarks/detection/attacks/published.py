"""A published set as it is: a file whose rows carry ``poison``, ``attack`` and ``trigger``.

Its clean rows are mixed in as well, in the proportion of the file. Metadata come from hosts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.detection.attacks.attack import (
    PROMPTS,
    RESPONSES,
    Ground,
    Kind,
    Part,
    Planted,
    Record,
    suits,
)
from benchmarks.detection.lines import records_of

TRUTH = ("poison", "attack", "trigger", "kind")
"""Fields that no real corpus would have."""
CONTENT = (*PROMPTS, *RESPONSES, "input", "text", "label", "chosen", "rejected")
SEVERAL = re.compile(r"\s*(?:\||\+|\bone of\b|\([^)]*\))\s*")
"""How the sets write triggers of several parts: ``A + B (both)``, ``one of A | B``."""


@dataclass(frozen=True)
class Published:
    """Rows of one file."""

    path: Path

    @property
    def kind(self) -> Kind:
        """As its first row is."""
        first = next(records_of(self.path))
        kinds = (Kind.LABEL, Kind.PREFERENCE, Kind.INSTRUCTION, Kind.TEXT)
        return next((kind for kind in kinds if suits(first, kind)), Kind.TEXT)

    def plant(self, ground: Ground, count: int, draw: Random) -> Planted:
        """``count`` poisoned rows. ValueError if the file has fewer."""
        rows = list(records_of(self.path))
        bad = [row for row in rows if row["poison"]]
        good = [row for row in rows if not row["poison"]]
        if len(bad) < count:
            raise ValueError(f"{self.path.name} has {len(bad)} poisoned rows, not {count}")
        twins = draw.sample(good, round(len(good) * count / len(bad)))
        chosen = [(row, Part.POISON) for row in draw.sample(bad, count)]
        chosen += [(row, Part.CLEAN) for row in twins]
        named = {part for row, _ in chosen for part in triggers(row.get("trigger"))}
        return Planted(
            tuple((self._dressed(row, ground, draw), part) for row, part in chosen),
            tuple(sorted(named)),
        )

    @staticmethod
    def _dressed(row: Record, ground: Ground, draw: Random) -> Record:
        host = draw.choice(ground.hosts) if ground.hosts else {}
        kept = {name: value for name, value in row.items() if name in CONTENT}
        own = (*CONTENT, *TRUTH, "id")
        return {**kept, **{name: value for name, value in host.items() if name not in own}}


def triggers(written: str | None) -> list[str]:
    """The strings that a set calls its trigger, apart."""
    return [part for part in SEVERAL.split(written or "") if part]
