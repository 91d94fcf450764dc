"""Bundles hold what one way of reading gave, and never what a failing machine gave."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from lineage.shards import open as opening
from lineage.store import Store


def bundles(store: Store) -> list[Path]:
    return sorted((store.root / "bundles").glob("*/*"))


def test_names_that_change_the_reading_have_bundles_of_their_own(
    store: Store, tmp_path: Path, run: Any
) -> None:
    one, array = b'{"text": "a"}\n', b'[{"text": "a"}]\n'
    table = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": ["a"]}), table)
    names = {
        "a.jsonl": one,
        "b.ndjson": one,
        "c.txt": one,
        "d.jsonl.gz": one,
        "e.jsonl": array,
        "f.json": array,
        "g.parquet": table.getvalue().to_pybytes(),
        "text=POISON/h.parquet": table.getvalue().to_pybytes(),
    }
    for name, data in names.items():
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_bytes(data)
    _, coverage = run(tmp_path / "data")
    ends = {Path(end.path).name: (str(end.status), end.documents) for end in coverage.shards}
    assert ends == {
        "a.jsonl": ("scanned", 1),
        "b.ndjson": ("scanned", 1),
        "c.txt": ("scanned", 1),
        "d.jsonl.gz": ("failed", 0),
        "e.jsonl": ("scanned", 0),
        "f.json": ("failed", 0),
        "g.parquet": ("scanned", 1),
        "h.parquet": ("scanned", 1),
    }
    assert len(bundles(store)) == 5
    assert sorted(len(pl.read_parquet(b / "remarks.parquet")) for b in bundles(store)) == [
        0, 0, 0, 1, 1,
    ]  # fmt: skip


class Failing:
    """A stream that fails after some reads."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = 2

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise OSError(errno.EIO, "Input/output error")

    def read(self, size: int) -> Any:
        self._spend()
        return self._stream.read(size)

    def readinto(self, buffer: memoryview) -> Any:
        self._spend()
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_machine_that_fails_to_read_is_no_damage(
    store: Store, tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    lines = [f'{{"text": "{os.urandom(150).hex()}"}}\n' for _ in range(20_000)]
    data = "".join(lines).encode()
    compress = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}[suffix]
    (tmp_path / f"a.jsonl{suffix}").write_bytes(compress(data))
    source = {"": opening.Plain, ".gz": opening.Gzip, ".zst": opening.Zstd}[suffix]
    with monkeypatch.context() as patched:
        begin = source.__init__

        def failing(self: Any, file: Path) -> None:
            begin(self, file)
            self._stream = Failing(self._stream)

        patched.setattr(source, "__init__", failing)
        _, coverage = run(tmp_path / f"a.jsonl{suffix}")
    (end,) = coverage.shards
    assert (str(end.status), end.records) == ("failed", 0)
    assert "Input/output error" in end.detail and "damage" not in end.detail
    assert bundles(store) == []
    _, coverage = run(tmp_path / f"a.jsonl{suffix}")
    assert coverage.complete and coverage.shards[0].documents == 20_000
