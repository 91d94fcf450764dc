"""Observations of a scan: what will be of use again is kept in the store, the rest beside it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from lineage.model import Digest
from lineage.store.observations import (
    find_observation,
    read_frame,
    save_observation,
    write_frame,
)
from lineage.store.store import Store
from scanners.scanner import Input, Scanner

HELD_BYTES = 256 << 20
"""Observations kept in memory between being made and being combined."""

Name = tuple[Digest, str, str]
"""Digest of a shard view, component recipe, plan digest."""


def text_recipes(scanners: Iterable[Scanner]) -> frozenset[str]:
    """Recipes of the components that need a shard's whole text."""
    rounds = (components for scanner in scanners for components in scanner.rounds)
    return frozenset(c.recipe for each in rounds for c in each if c.input is Input.TEXT)


@dataclass
class ObservationCache:
    """Observations of one scan.

    Those of ``lasting`` components (seen in the text of a shard, whatever other shards there
    are) are kept in the store. Those of later rounds depend on the whole corpus, and bundles
    are read again faster than what was seen in them: the rest is forgotten when it was loaded.

    ``shards`` tells of each view's digest the shard's own, and the name of its reading.
    """

    store: Store
    scratch: Path
    shards: Mapping[Digest, tuple[Digest, str]]
    lasting: Collection[str]
    _files: dict[Name, Path] = field(default_factory=dict)
    _held: dict[Name, pl.DataFrame] = field(default_factory=dict)
    _size: float = 0.0
    _made: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self, digest: Digest, recipe: str, plan: str) -> pl.DataFrame | None:
        """The observation, or None."""
        name = (digest, recipe, plan)
        with self._lock:
            held = self._held.pop(name, None)
            if held is not None:
                self._size -= held.estimated_size()
                return held
        file = self._file(name)
        frame = None if file is None else read_frame(file)
        if file is not None and recipe not in self.lasting:
            del self._files[name]
            file.unlink()
        return frame

    def save(self, digest: Digest, recipe: str, plan: str, frame: pl.DataFrame) -> None:
        """Keep an observation."""
        name = (digest, recipe, plan)
        if recipe in self.lasting:
            shard, reading = self.shards[digest]
            component = f"{recipe}.{reading}"
            self._files[name] = save_observation(self.store, shard, component, plan, frame)
        with self._lock:
            room = self._size + frame.estimated_size() <= HELD_BYTES
            if room:
                self._held[name] = frame
                self._size += frame.estimated_size()
            self._made += 1
            aside = self.scratch / f"observation-{self._made}"
        if not room and recipe not in self.lasting:
            write_frame(aside, frame)
            self._files[name] = aside

    def has(self, digest: Digest, recipe: str, plan: str) -> bool:
        """Whether an observation is kept."""
        name = (digest, recipe, plan)
        return name in self._held or self._file(name) is not None

    def _file(self, name: Name) -> Path | None:
        """Where it lies; one that was found was looked at, and is not looked at again."""
        digest, recipe, plan = name
        if name not in self._files and recipe in self.lasting:
            shard, reading = self.shards[digest]
            found = find_observation(self.store, shard, f"{recipe}.{reading}", plan)
            if found is not None:
                self._files[name] = found
        return self._files.get(name)
