"""Scans real posts with published poison among them: what is found, how long, how much memory.

    python benchmarks/scan.py POISON.jsonl.zst POSTS.jsonl.zst... [--documents N] [--quick]

Prints Markdown: the cost of ``foretaste scan`` beside two other tools on the same documents, and
what was found. Every command runs in a process of its own. ``--quick`` leaves out datasketch.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measure import Cost, circumstances, foretaste, run, script, table


@dataclass(frozen=True)
class Scanned:
    """A scan that ended: its cost, its store, its report."""

    cost: Cost
    store: Path
    text: str

    @cached_property
    def report(self) -> dict[str, Any]:
        """The JSON report."""
        return dict(json.loads(self.text))

    @property
    def findings(self) -> str:
        """The findings' bytes; coverage names shards, findings do not."""
        return self.text[self.text.index('"findings": [') :]

    @property
    def severities(self) -> Counter[str]:
        """How many findings of each severity."""
        return Counter(finding["severity"] for finding in self.report["findings"])

    def best(self, planted: frozenset[str]) -> tuple[int, str, str, int]:
        """Rank (from 1), severity, key and planted members of the first trigger that is about
        planted documents, lead or not; rank 0 if none is."""
        ids = self._ids()
        for rank, finding in enumerate(self.report["findings"], 1):
            if not finding["code"].startswith("TRG"):
                continue
            hits = len({ids.get(doc) for doc in finding["members"]} & planted)
            if 2 * hits > len(finding["members"]):
                return rank, finding["severity"], finding["key"], hits
        return 0, "not found", "", 0

    def _ids(self) -> dict[str, str]:
        query = "SELECT DISTINCT doc, id FROM record WHERE starts_with(id, 'post-')"
        store = ("--store", str(self.store))
        _, out = run(foretaste("sql", query, "--format", "json", *store))
        return {row["doc"]: row["id"] for row in json.loads(out)}


def scan(corpus: Path, store: Path) -> Scanned:
    """Scan into a store, as a user would."""
    report = store.with_suffix(".json")
    options = ("--format", "json", "--output", str(report), "--quiet", "--exit-zero")
    cost, _ = run(foretaste("scan", str(corpus), "--store", str(store), *options))
    return Scanned(cost, store, report.read_text())


def warm(folder: Path) -> None:
    """Compile the kernels before anything is measured."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "warm.jsonl").write_text('{"text": "one two three four five six"}\n' * 3)
    scan(folder / "warm.jsonl", folder / "warm")


def found_row(name: str, scanned: Scanned, planted: frozenset[str]) -> list[str]:
    """What a scan found, for a table."""
    rank, severity, key, hits = scanned.best(planted)
    high, medium = scanned.severities["high"], scanned.severities["medium"]
    about = ["-", "-", "-"]
    if rank:
        about = [f"`{key}`, {severity}", str(rank), f"{hits} of {len(planted)}"]
    return [name, *about, str(high), str(medium)]


FOUND = ("corpus", "trigger", "rank", "documents", "high", "medium")


def main(poison: Path, posts: Sequence[Path], documents: int | None, quick: bool) -> None:
    """Make the corpora, measure, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = ["--documents", str(documents)] if documents else []
        run(script("corpora.py", str(folder), str(poison), *map(str, posts), *size))
        warm(folder)
        planted = frozenset(json.loads((folder / "poison.json").read_text()))
        scans = {
            "mixed, 8 shards": scan(folder / "mixed-8", folder / "store-8"),
            "mixed, 8 shards, again": scan(folder / "mixed-8", folder / "store-8"),
            "mixed, 64 shards": scan(folder / "mixed-64", folder / "store-64"),
            "clean, 8 shards": scan(folder / "clean-8", folder / "store-clean"),
        }
        plain = folder / "mixed.jsonl"
        sides = {"polars.read_ndjson": run(script("beside.py", "polars", str(plain)))[0]}
        if not quick:
            sides["datasketch, near-duplicates only"] = run(
                script("beside.py", "datasketch", str(plain))
            )[0]
        total = scans["mixed, 8 shards"].report["coverage"]["documents"]
        print(f"{total:,} documents, {plain.stat().st_size / 1e6:,.0f} MB of JSON lines; ", end="")
        print(f"{circumstances()}.\n")
        print(costs({f"foretaste scan, {k}": v.cost for k, v in scans.items()} | sides))
        print(table(FOUND, [found_row(name, done, planted) for name, done in scans.items()]))
        same = scans["mixed, 8 shards"].findings == scans["mixed, 64 shards"].findings
        print(f"Findings over 8 and over 64 shards: {'identical' if same else 'DIFFERENT'} bytes.")


def costs(measured: dict[str, Cost]) -> str:
    """The table of costs, with wall time against polars."""
    base = measured["polars.read_ndjson"]
    rows = [
        [name, *cost.cells, f"{cost.wall / base.wall:.1f}", f"{cost.peak / base.peak:.1f}"]
        for name, cost in measured.items()
    ]
    return table(("", "wall", "CPU", "peak memory", "wall / polars", "memory / polars"), rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("poison", type=Path)
    parser.add_argument("posts", type=Path, nargs="+")
    parser.add_argument("--documents", type=int, help="so many posts; by default all")
    parser.add_argument("--quick", action="store_true", help="without datasketch")
    given = parser.parse_args()
    main(given.poison, given.posts, given.documents, given.quick)
