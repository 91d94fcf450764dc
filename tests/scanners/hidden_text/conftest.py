"""Runs the hidden-text scanner over texts in memory, in any sharding."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from lineage.fingerprint.batch import Batch
from lineage.model import Role
from lineage.shards.batch import DocumentBatch
from scanners.fold import fold
from scanners.hidden_text.scanner import SCHEMA, HiddenText, HiddenTextObserver
from scanners.scanner import Finding

Row = tuple[str, str, int]
"""Text, other leaves, reading."""
Scan = Callable[..., list[Finding]]


def batch_of(rows: Sequence[Row]) -> Batch:
    """One batch of rows."""
    text = pa.array([row[0] for row in rows], type=pa.large_string())
    leaves = pa.array([row[1] for row in rows], type=pa.large_string())
    reading = np.array([row[2] for row in rows], dtype=np.uint8)
    number = np.arange(len(rows), dtype=np.int64)
    return Batch(DocumentBatch(number, reading, text, leaves, {Role.TEXT: text}, len(rows)), 1)


@pytest.fixture(scope="session")
def scan() -> Scan:
    """Function of rows (or texts), shards and rows a batch, to findings worst first."""

    def run(rows: Sequence[Row | str], shards: int = 1, size: int = 1000) -> list[Finding]:
        full = [(row, "", 0) if isinstance(row, str) else row for row in rows]
        frames = []
        for shard in range(shards):
            part = full[shard::shards]
            observer = HiddenTextObserver()
            for at in range(0, len(part), size):
                observer.see(batch_of(part[at : at + size]))
            frames.append(observer.observation())
        observed = {HiddenText.component.recipe: fold(frames, SCHEMA)}
        return sorted(HiddenText().judge(observed), key=lambda finding: finding.order)

    return run
