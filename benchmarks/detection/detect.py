"""Detectors, each in a process of its own: the installed ``foretaste scan``, and baselines."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.detection.corpus import Truth
from benchmarks.detection.score import FLAG, Found
from benchmarks.measure import foretaste, run

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Job:
    """A corpus with its truth, and a folder for whatever a detector writes."""

    corpus: Path
    truth: Truth
    scratch: Path
    workers: int = 1
    also: str = ""
    """Codes that are looked for only if asked."""


@dataclass(frozen=True)
class Detected:
    """What was found, worst first, and what it cost."""

    found: list[Found]
    cost: dict[str, float]


def metered(job: Job, *command: str) -> dict[str, float]:
    """Run a command; its ``wall``, ``cpu`` and ``peak``."""
    cost = job.scratch / "cost.json"
    run([sys.executable, str(HERE / "meter.py"), str(cost), *command])
    return dict(json.loads(cost.read_text()))


def with_foretaste(job: Job) -> Detected:
    """Scan into a new store, as a user would. ValueError if coverage is not complete."""
    store, report = job.scratch / "store", job.scratch / "report.json"
    options = ("--format", "json", "--output", str(report), "--quiet", "--exit-zero")
    workers = ("--workers", str(job.workers))
    also = ("--also", job.also) if job.also else ()
    scan = foretaste("scan", str(job.corpus), "--store", str(store), *options, *workers, *also)
    cost = metered(job, *scan)
    told = json.loads(report.read_text())
    if not told["coverage"]["complete"]:
        raise ValueError("not everything could be read")
    planted = identities(store, job.truth.planted)
    return Detected([found(finding, planted) for finding in told["findings"]], cost)


def identities(store: Path, planted: frozenset[str]) -> dict[str, set[str]]:
    """Planted records by the identity of their document, which findings have as members."""
    if not planted:
        return {}
    listed = ", ".join(f"'{name}'" for name in sorted(planted))
    query = f"SELECT DISTINCT doc, id FROM record WHERE id IN ({listed})"
    _, out = run(foretaste("sql", query, "--format", "json", "--store", str(store)))
    known = defaultdict(set)
    for row in json.loads(out):
        known[row["doc"]].add(row["id"])
    return known


def found(finding: Mapping[str, Any], planted: Mapping[str, set[str]]) -> Found:
    """A finding of the JSON report; planted members by record identity."""
    told = finding.get("statistics", {}).values()
    matched = (excerpt.get("match") for excerpt in finding.get("excerpts", ()))
    strings = [one for one in (finding["key"], *told, *matched) if isinstance(one, str)]
    members: set[str] = set()
    for doc in finding["members"]:
        members |= planted.get(doc, {doc})
    return Found(
        finding["code"],
        finding["severity"],
        finding["key"],
        tuple(strings),
        frozenset(members),
    )


def with_baseline(name: str, job: Job) -> Detected:
    """Run one baseline."""
    planted, out = job.scratch / "planted.json", job.scratch / "flags.json"
    planted.write_text(json.dumps(sorted(job.truth.planted)))
    files = (str(job.corpus), str(planted), str(out))
    cost = metered(job, sys.executable, str(HERE / "flagging.py"), name, *files)
    flags = json.loads(out.read_text())
    return Detected(
        [
            Found(name, FLAG, flag["key"], (flag["key"],), frozenset(flag["members"]))
            for flag in flags
        ],
        cost,
    )


def warm(folder: Path) -> None:
    """Compile the kernels before anything is measured."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "warm.jsonl").write_text('{"text": "one two three four five six"}\n' * 3)
    options = ("--format", "json", "--output", str(folder / "warm.json"), "--quiet", "--exit-zero")
    run(foretaste("scan", str(folder / "warm.jsonl"), "--store", str(folder / "warm"), *options))
