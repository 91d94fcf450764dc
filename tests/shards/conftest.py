"""How tests of the readers read: bytes in, rows out, all as plain Python values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lineage.model import Reason, Remark, Role, ShardCoverage, Status
from lineage.shards import Located, ReadingRecipe, open_shard
from lineage.shards.batch import DocumentBatch, Reading


@dataclass(frozen=True)
class Line:
    """One row of a batch."""

    record: int
    offset: int
    reading: Reading
    text: str
    leaves: str
    roles: dict[Role, str]


@dataclass(frozen=True)
class Outcome:
    """All rows and remarks of a shard, and its coverage."""

    rows: list[Line]
    remarks: list[Remark]
    coverage: ShardCoverage

    @property
    def documents(self) -> list[str]:
        """Texts of the documents."""
        return [row.text for row in self.rows if row.reading is Reading.DOCUMENT]

    @property
    def reasons(self) -> list[tuple[int, Reason, bool]]:
        """Record, reason and whether quarantined, of each remark."""
        return [(remark.record, remark.reason, remark.quarantined) for remark in self.remarks]


def rows_of(batches: Iterable[DocumentBatch]) -> tuple[list[Line], list[Remark], int]:
    """Rows, remarks and number of records; checks what holds of every batch."""
    rows: list[Line] = []
    remarks: list[Remark] = []
    records = 0
    for batch in batches:
        columns = [batch.text, batch.leaves, *batch.roles.values()]
        for column in columns:
            column.validate(full=True)
            assert str(column.type) == "large_string" and len(column) == len(batch)
        assert batch.text.null_count == batch.leaves.null_count == 0
        assert batch.offset is not None and len(batch.reading) == len(batch) == len(batch.offset)
        roles = {role: column.to_pylist() for role, column in batch.roles.items()}
        texts, leaves = batch.text.to_pylist(), batch.leaves.to_pylist()
        for i in range(len(batch)):
            present = {role: values[i] for role, values in roles.items() if values[i] is not None}
            assert "" not in present.values()
            place = int(batch.record[i]), int(batch.offset[i]), Reading(int(batch.reading[i]))
            rows.append(Line(*place, texts[i], leaves[i], present))
        remarks += batch.remarks
        records += batch.records
    return rows, remarks, records


def check_counts(outcome: Outcome) -> None:
    """The law of coverage, and that nothing quarantined goes unseen."""
    cover, rows = outcome.coverage, outcome.rows
    assert cover.records == cover.documents + cover.quarantined
    assert cover.documents == sum(row.reading is Reading.DOCUMENT for row in rows)
    quarantined = [remark.record for remark in outcome.remarks if remark.quarantined]
    assert len(set(quarantined)) == len(quarantined) == cover.quarantined
    assert {row.record for row in rows if row.reading is Reading.SALVAGED} == set(quarantined)
    numbers = [row.record for row in rows]
    assert numbers == sorted(numbers) and set(numbers) == set(range(cover.records))
    for remark in outcome.remarks:
        assert all(len(text) <= 200 for _, text in remark.readings)
        assert 0 <= remark.record < max(1, cover.records)
    if cover.status is Status.FAILED:
        assert cover.detail


Read = Callable[..., Outcome]


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Reads bytes as a shard of some name: ``read(data, "a.jsonl", recipe)``."""
    folder = tmp_path_factory.mktemp("shards")

    def read_bytes(
        data: bytes | Path, name: str = "shard.jsonl", recipe: ReadingRecipe | None = None
    ) -> Outcome:
        file = data if isinstance(data, Path) else folder / name
        if isinstance(data, bytes):
            file.write_bytes(data)
        reader = open_shard(Located(file, name), recipe)
        rows, remarks, records = rows_of(reader)
        outcome = Outcome(rows, remarks, reader.coverage(None))
        assert records == outcome.coverage.records
        check_counts(outcome)
        return outcome

    return read_bytes
