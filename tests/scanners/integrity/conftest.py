"""Runs the integrity scanner over batches in memory, in any sharding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from lineage.fingerprint.batch import Batch
from lineage.model import Reason, Remark, Role
from lineage.shards.batch import DocumentBatch, Reading
from scanners.fold import fold
from scanners.integrity.scanner import SCHEMA, Integrity, IntegrityObserver
from scanners.scanner import Finding


@dataclass(frozen=True)
class Record:
    """A record with its readings (text, other leaves, reading) and its irregularities."""

    rows: tuple[tuple[str, str, Reading], ...]
    reasons: tuple[Reason, ...] = ()
    readings: tuple[tuple[str, str], ...] = ()


Scan = Callable[..., list[Finding]]


def batch_of(records: Sequence[Record]) -> Batch:
    """One batch of records, numbered from 0."""
    rows = [(n, *row) for n, record in enumerate(records) for row in record.rows]
    text = pa.array([row[1] for row in rows], type=pa.large_string())
    leaves = pa.array([row[2] for row in rows], type=pa.large_string())
    remarks = tuple(
        Remark(n, 100 * n, reason, f"a case of {reason.value}", True, record.readings)
        for n, record in enumerate(records)
        for reason in record.reasons
    )
    documents = DocumentBatch(
        record=np.array([row[0] for row in rows], dtype=np.int64),
        reading=np.array([row[3] for row in rows], dtype=np.uint8),
        text=text,
        leaves=leaves,
        roles={Role.TEXT: text},
        records=len(records),
        remarks=remarks,
    )
    return Batch(documents, 1)


def judge(shards: Sequence[Sequence[Batch]]) -> list[Finding]:
    """Findings of shards, worst first."""
    frames = []
    for shard in shards:
        observer = IntegrityObserver()
        for batch in shard:
            observer.see(batch)
        frames.append(observer.observation())
    observed = {Integrity.component.recipe: fold(frames, SCHEMA)}
    return sorted(Integrity().judge(observed), key=lambda finding: finding.order)


@pytest.fixture(scope="session")
def scan() -> Scan:
    """Function of records, shards and records a batch, to findings worst first."""

    def run(records: Sequence[Record], shards: int = 1, size: int = 1000) -> list[Finding]:
        parts = [records[shard::shards] for shard in range(shards)]
        return judge(
            [[batch_of(p[at : at + size]) for at in range(0, len(p), size)] for p in parts]
        )

    return run


@pytest.fixture(scope="session")
def scan_batches() -> Callable[[Sequence[Sequence[Batch]]], list[Finding]]:
    """Function of the batches of each shard, to findings worst first."""
    return judge


@pytest.fixture(scope="session")
def record() -> type[Record]:
    """The class of records, for tests that make them."""
    return Record
