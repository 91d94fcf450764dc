"""Kills ingests at random moments and checks that nothing committed is lost or done twice.

    python benchmarks/torture.py [--kills 30] [--seed N] [--folder DIR]

A generated corpus is ingested once in peace. Then, store after store, an ingest in a process
of its own is ended by SIGKILL at a random moment, again and again, until one comes to its end:
its canonical dump must equal the peaceful one, it must not have opened a shard that was
committed before it began, and ``store verify`` must find nothing. Exit code 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SHARDS, DOCUMENTS = 12, 500


def main() -> int:
    """Run the torture, or one ingest of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--ingest", nargs=2, metavar=("STORE", "CORPUS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ingest:
        return ingest_once(*options.ingest)
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    print(f"torture: {options.kills} kills, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        faults = torture(Path(folder), options.kills, random.Random(seed))
    print("\n".join(faults) or "torture: nothing lost, nothing done twice")
    return 1 if faults else 0


def torture(folder: Path, kills: int, draw: random.Random) -> list[str]:
    """Kill ingests; returns what went wrong."""
    corpus = folder / "corpus"
    write_corpus(corpus, draw)
    peaceful = Run(folder / "peace", corpus)
    duration = peaceful.to_the_end()
    expected = dump(peaceful.store)
    faults: list[str] = []
    killed = number = 0
    while killed < kills:
        number += 1
        store = folder / f"store-{number}"
        while True:
            before = committed(store)
            run = Run(store, corpus)
            wait = draw.random() * 0.8 * duration if killed < kills else None
            if run.killed_after(wait):
                killed += 1
                print(f"  kill {killed}: store {number}, after {wait:.3f} s", flush=True)
                continue
            twice = before & set(run.opened)
            faults += [f"store {number}: opened again: {name}" for name in sorted(twice)]
            faults += differences(store, expected)
            break
    return faults


class Run:
    """One ingest in a process of its own, started and ready to read."""

    def __init__(self, store: Path, corpus: Path) -> None:
        """Start it, and wait until its imports and kernels are there."""
        self.store = store
        self.opened: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--ingest", str(store), str(corpus)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("the ingest did not start")

    def to_the_end(self) -> float:
        """Wait for the end; returns the seconds it took."""
        start = time.monotonic()
        out, _ = self.process.communicate()
        if self.process.returncode:
            raise RuntimeError(f"the ingest failed with exit code {self.process.returncode}")
        self.opened = json.loads(out)
        return time.monotonic() - start

    def killed_after(self, wait: float | None) -> bool:
        """Kill after a time, if one is given; False if the end came first."""
        try:
            self.process.wait(wait)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return True
        self.to_the_end()
        return False


def ingest_once(store: str, corpus: str) -> int:
    """Ingest, and print the digests of the shards that were opened."""
    from lineage.fingerprint.batch import Batch  # noqa: PLC0415
    from lineage.fingerprint.digest import shard_digest  # noqa: PLC0415
    from lineage.ingest import Options, ingest  # noqa: PLC0415
    from lineage.shards import open_shard  # noqa: PLC0415
    from lineage.shards.locate import Located, locate  # noqa: PLC0415
    from lineage.shards.recipe import ReadingRecipe  # noqa: PLC0415
    from lineage.store import Destination, open_store  # noqa: PLC0415

    opened: list[str] = []

    def open_reader(located: Located, recipe: ReadingRecipe) -> Any:
        opened.append(str(shard_digest(located.file)))
        return open_shard(located, recipe)

    found = locate([corpus], None)
    for documents in open_shard(found[0], ReadingRecipe()):
        assert Batch(documents, key=1).bands.size  # kernels are compiled or loaded
    print("ready", flush=True)
    destination = Destination("torture", "all", "generator", {"licence": "CC0"})
    ingest(open_store(store), found, destination, ReadingRecipe(), Options(open_reader=open_reader))
    print(json.dumps(opened))
    return 0


def committed(store: Path) -> set[str]:
    """Digests of the shards that a killed ingest has committed."""
    journal = store / "journal.jsonl"
    lines = journal.read_bytes().split(b"\n")[:-1] if journal.exists() else []
    events = map(json.loads, lines)
    return {
        shard["digest"]
        for event in events
        if event["kind"] == "shards"
        for shard in event["shards"]
        if shard["manifest"]
    }


def dump(store: Path) -> list[str]:
    """Canonical dump of a store."""
    from lineage.store import canonical_dump, open_store  # noqa: PLC0415

    return list(canonical_dump(open_store(store, create=False)))


def differences(store: Path, expected: list[str]) -> list[str]:
    """What a store that came to its end has that it should not, or lacks."""
    from lineage.store import open_store, verify  # noqa: PLC0415

    found = dump(store)
    faults = [f"{store.name}: missing {line}" for line in sorted(set(expected) - set(found))]
    faults += [f"{store.name}: too many {line}" for line in sorted(set(found) - set(expected))]
    faults += [f"{store.name}: {damage}" for damage in verify(open_store(store))]
    left = [path.name for path in (store / "staging").iterdir()]
    return faults + [f"{store.name}: left in staging: {name}" for name in left]


def write_corpus(folder: Path, draw: random.Random) -> None:
    """Write shards of random words, with a broken line in each."""
    folder.mkdir()
    words = [f"word{number}" for number in range(200)]
    for shard in range(SHARDS):
        lines = list(_lines(words, shard, draw))
        (folder / f"shard-{shard:02}.jsonl").write_text("\n".join(lines) + "\n", encoding="ascii")


def _lines(words: list[str], shard: int, draw: random.Random) -> Iterator[str]:
    for number in range(DOCUMENTS):
        text = " ".join(draw.choices(words, k=30))
        yield json.dumps({"id": f"{shard}-{number}", "source": f"s{number % 3}", "text": text})
    yield "{broken"


if __name__ == "__main__":
    sys.exit(main())
