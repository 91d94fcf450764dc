"""How shards are read, as one value: part of the name of everything made from what was read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lineage.model import Role

VERSION = 1
"""Raised whenever the same bytes would give different documents."""


@dataclass(frozen=True)
class Limits:
    """Bounds that keep hostile bytes from costing more than they weigh.

    record_bytes     a longer record is quarantined, its text salvaged piece by piece
    depth            deeper nesting of objects and lists is quarantined
    expansion        a shard that decompresses to more than this many times its size fails ...
    expansion_floor  ... but not before it gave this many bytes
    """

    record_bytes: int = 64 << 20
    depth: int = 512
    expansion: int = 1000
    expansion_floor: int = 1 << 30


@dataclass(frozen=True)
class ReadingRecipe:
    """Options of reading. Equal recipes and equal bytes give equal documents.

    roles   role -> dotted field paths (exact case), in place of all names that are known for
            the role; the values of several paths are joined. No path: the role is not read.
    lines   a .txt file holds one document a line, not one in all
    format  read every file as this format, whatever its name says
    """

    roles: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    lines: bool = False
    format: str | None = None

    @cached_property
    def name(self) -> str:
        """``read1``, or ``read1-`` and eight hex digits where options differ from the defaults."""
        if self == ReadingRecipe():
            return f"read{VERSION}"
        options = {
            "roles": {role.value: list(paths) for role, paths in self.roles.items()},
            "limits": vars(self.limits),
            "lines": self.lines,
            "format": self.format,
        }
        digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()
        return f"read{VERSION}-{digest[:8]}"
