"""Token ids of a shard on disk, so that later rounds need no text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lineage.fingerprint.batch import Batch, TokenBatch

_FIELDS = ("reading", "doc", "groups", "raw", "glued", "offsets")


class SpillWriter:
    """Writes the token batches of one shard, in order; complete once closed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._aside = path.with_suffix(".part")
        self._file = self._aside.open("wb")

    def see(self, batch: Batch) -> None:
        """Append one batch."""
        for name in _FIELDS:
            np.save(self._file, getattr(batch.view, name), allow_pickle=False)

    def close(self) -> None:
        """Finish: only now does the spill exist under its name."""
        self._file.close()
        self._aside.rename(self._path)


def read_spill(path: Path) -> Iterator[TokenBatch]:
    """Batches of a shard's spill, in order."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            yield TokenBatch(**{name: np.load(file, allow_pickle=False) for name in _FIELDS})
