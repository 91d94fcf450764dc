"""Where observations are kept, so that nothing is observed twice."""

from __future__ import annotations

from typing import Protocol

import polars as pl

from lineage.model import Digest


class Cache(Protocol):
    """Where observations are kept, under (shard digest, component recipe, plan digest)."""

    def load(self, digest: Digest, recipe: str, plan: str) -> pl.DataFrame | None:
        """The observation, or None."""

    def save(self, digest: Digest, recipe: str, plan: str, frame: pl.DataFrame) -> None:
        """Keep an observation."""

    def has(self, digest: Digest, recipe: str, plan: str) -> bool:
        """Whether an observation is kept."""


class MemoryCache:
    """Keeps observations for the life of one engine."""

    def __init__(self) -> None:
        self._frames: dict[tuple[str, str, str], pl.DataFrame] = {}

    def load(self, digest: Digest, recipe: str, plan: str) -> pl.DataFrame | None:
        """The observation, or None."""
        return self._frames.get((digest.hex, recipe, plan))

    def save(self, digest: Digest, recipe: str, plan: str, frame: pl.DataFrame) -> None:
        """Keep an observation."""
        self._frames[digest.hex, recipe, plan] = frame

    def has(self, digest: Digest, recipe: str, plan: str) -> bool:
        """Whether an observation is kept."""
        return (digest.hex, recipe, plan) in self._frames
