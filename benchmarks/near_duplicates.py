"""Near-duplicates of a JSON-lines file, beside a datasketch pipeline that does nothing else.

Usage: ``python benchmarks/near_duplicates.py FILE.jsonl[.zst] [DOCUMENTS]``. Both find texts of
Jaccard similarity .8 over 5-word shingles with 128 permutations. datasketch: see ``beside.py``.
foretaste: ingest (all fingerprints, metadata, bundles on disk), then the scanner's three
rounds (candidates read again, verified, clustered). One warm-up each is not counted. Prints
wall and CPU seconds, peak memory of this process so far, and what each found.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import polars as pl
from beside import with_datasketch

from lineage.ingest import ingest
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store.snapshots import Destination
from lineage.store.store import open_store
from scanners.corpus import views_of
from scanners.duplicates.near import NearDuplicates
from scanners.engine import Engine

RECIPE = ReadingRecipe()


def with_foretaste(file: Path) -> str:
    """Ingest into a new store, then run the scanner."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store")
        located = locate([str(file)], None)
        snapshot, _ = ingest(store, located, Destination("benchmark", "1"), RECIPE)
        with Engine([NearDuplicates()]) as engine:
            findings = engine.run(views_of(store, located, snapshot, RECIPE))
    return "; ".join(finding.title for finding in findings)


SIDES: dict[str, Callable[[Path], str]] = {
    "datasketch": with_datasketch,
    "foretaste": with_foretaste,
}


def main(file: Path, documents: int | None) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = pl.read_ndjson(file, n_rows=documents)
        part, few = Path(folder) / "part.jsonl", Path(folder) / "few.jsonl"
        rows.write_ndjson(part)
        rows.head(100).write_ndjson(few)
        print(f"{len(rows):,} documents, {part.stat().st_size / 1e6:,.0f} MB")
        del rows
        for name, run in reversed(SIDES.items()):
            run(few)
            wall, cpu = time.perf_counter(), time.process_time()
            found = run(part)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{name:<12}{wall:>8.1f} s wall{cpu:>8.1f} s CPU{peak:>8,.0f} MB peak  {found}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else None)
