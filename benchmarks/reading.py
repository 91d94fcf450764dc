"""How fast a JSON-lines file is read, beside polars and pyarrow, in turns in one run.

Usage: ``python benchmarks/reading.py FILE.jsonl [ROUNDS]``. Prints, for each reader, the best
wall time, the best CPU time (both in seconds; a busy machine disturbs the first more) and their
ratios to ``polars.read_ndjson``; the floor that the project promises is half its speed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import polars as pl
import pyarrow.json as pj

from lineage.shards import Located, open_shard


def with_polars(file: Path) -> int:
    """All columns, on all cores."""
    return len(pl.read_ndjson(file))


def with_pyarrow(file: Path) -> int:
    """All columns, on all cores."""
    return len(pj.read_json(file))


def with_pyarrow_alone(file: Path) -> int:
    """All columns, on one core."""
    return len(pj.read_json(file, pj.ReadOptions(use_threads=False)))


def with_foretaste(file: Path) -> int:
    """All batches with text, leaves and roles, checked, on one core."""
    return sum(batch.records for batch in open_shard(Located(file, file.name)))


READERS: dict[str, Callable[[Path], int]] = {
    "polars.read_ndjson": with_polars,
    "pyarrow.json": with_pyarrow,
    "pyarrow.json, one thread": with_pyarrow_alone,
    "foretaste": with_foretaste,
}


def main(file: Path, rounds: int) -> None:
    """Print the table."""
    best = {name: (float("inf"), float("inf")) for name in READERS}
    for _ in range(rounds):
        for name, read in READERS.items():
            wall, cpu = time.perf_counter(), time.process_time()
            read(file)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            best[name] = (min(best[name][0], wall), min(best[name][1], cpu))
    base = best["polars.read_ndjson"]
    print(f"{'reader':<26}{'wall s':>8}{'CPU s':>8}{'x polars wall':>15}{'x polars CPU':>14}")
    for name, (wall, cpu) in best.items():
        print(f"{name:<26}{wall:8.2f}{cpu:8.2f}{wall / base[0]:15.2f}{cpu / base[1]:14.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
