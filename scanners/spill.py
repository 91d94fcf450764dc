"""Token ids of a shard on disk, so that later rounds need no text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lineage.fingerprint.batch import Batch, TokenBatch

_FIELDS = ("reading", "doc", "groups", "raw", "folded", "glued", "offsets")


class SpillWriter:
    """Writes the token batches of one shard, in order, ``folded`` hashes if they are wanted;
    complete once closed."""

    def __init__(self, path: Path, *, folded: bool = False) -> None:
        self._path = path
        self._left_out = () if folded else ("folded",)
        self._aside = path.with_suffix(".part")
        self._file = self._aside.open("wb")

    def see(self, batch: Batch) -> None:
        """Append one batch."""
        for name in _FIELDS:
            values = getattr(batch.view, name)
            kept = values[:0] if name in self._left_out else values
            np.save(self._file, kept, allow_pickle=False)

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
