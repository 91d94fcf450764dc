"""How long an ingest takes, and where: reading, fingerprints, bundle, all of it, and again.

    python benchmarks/ingest.py SHARD...

Prints one JSON object a stage: seconds of wall and of CPU, and the peak memory so far in MiB.
Compare the stages with each other, not with another machine.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lineage.fingerprint.batch import Batch
from lineage.ingest import Options, ingest, pass_over
from lineage.shards import open_shard
from lineage.shards.locate import Located, locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Bundle, BundleWriter, Destination, open_store

RECIPE = ReadingRecipe()


def main(paths: list[str]) -> None:
    """Run every stage."""
    located = locate(paths, None)
    for one in located[:1]:  # kernels compile, pools start
        next(iter(fingerprinted(one)))
    with stage("read"):
        for one in located:
            for _ in open_shard(one, RECIPE):
                pass
    with stage("read and fingerprint"):
        for one in located:
            for _ in fingerprinted(one):
                pass
    bundles(located)
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as folder:
            whole(located, Path(folder), workers)


def whole(located: list[Located], folder: Path, workers: int) -> None:
    """Ingest into a new store, and again."""
    store = open_store(folder)
    with stage(f"ingest, {workers} workers"):
        ingest(store, located, Destination("b"), RECIPE, Options(workers))
    with stage("ingest again"):
        ingest(store, located, Destination("b"), RECIPE)


def fingerprinted(one: Located) -> Iterator[Batch]:
    """Batches of a shard with everything that a bundle keeps computed."""
    for documents in open_shard(one, RECIPE):
        batch = Batch(documents, key=1)
        _ = batch.doc, batch.norm, batch.bands
        yield batch


def bundles(located: list[Located]) -> None:
    """Write bundles of batches that are already fingerprinted."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, one in enumerate(located):
            batches = list(fingerprinted(one))
            reader = open_shard(one, RECIPE)
            coverage = pass_over(reader, None, 1, [])
            aside = folder / str(number)
            aside.mkdir()
            with stage(f"bundle of {sum(map(len, batches))} rows"):
                writer = BundleWriter(aside)
                for batch in batches:
                    writer.add(batch)
                writer.publish(Bundle(folder / "out" / str(number)), "b", coverage)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Print what the block took."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    facts = {
        "stage": name,
        "wall": round(time.perf_counter() - wall, 3),
        "cpu": round(time.process_time() - cpu, 3),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    }
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
