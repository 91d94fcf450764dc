"""Cells of the grid: what each is, and its result as a small file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.detection.attacks.attack import Attack
from benchmarks.detection.score import Score

FORETASTE = "foretaste"
CLEAN = "clean"


@dataclass(frozen=True)
class Plot:
    """A corpus to make: clean records of a mixture with one attack in them, or none."""

    mixture: str
    size: int
    group: str
    attack: str
    count: int

    @property
    def name(self) -> str:
        """Names its files."""
        return f"{self.mixture}-{self.size}-{self.group}-{self.attack}-{self.count}"


@dataclass(frozen=True)
class Planned:
    """A plot with its attack; None plants nothing."""

    plot: Plot
    attack: Attack | None


@dataclass(frozen=True)
class Cell:
    """A plot as one detector sees it."""

    plot: Plot
    detector: str

    def file(self, folder: Path) -> Path:
        """Where its result lies."""
        return folder / f"{self.plot.name}-{self.detector}.json"


@dataclass(frozen=True)
class Result:
    """What a cell came to. Seconds of wall and CPU, peak memory in MiB."""

    cell: Cell
    records: int
    poisoned: int
    wall: float
    cpu: float
    peak: float
    score: Score

    @property
    def row(self) -> dict[str, Any]:
        """Flat, in the order of SCHEMA."""
        flat = {**asdict(self.cell.plot), "detector": self.cell.detector, **asdict(self)}
        return {
            name: value for name, value in (flat | asdict(self.score)).items() if name in SCHEMA
        }


SCHEMA: dict[str, Any] = {
    "mixture": pl.String,
    "size": pl.Int64,
    "group": pl.String,
    "attack": pl.String,
    "count": pl.Int64,
    "detector": pl.String,
    "records": pl.Int64,
    "poisoned": pl.Int64,
    "wall": pl.Float64,
    "cpu": pl.Float64,
    "peak": pl.Float64,
    "rank": pl.Int64,
    "code": pl.String,
    "severity": pl.String,
    "key": pl.String,
    "named": pl.Boolean,
    "hits": pl.Int64,
    "alarm_recall": pl.Float64,
    "alarm_precision": pl.Float64,
    "finding_recall": pl.Float64,
    "finding_precision": pl.Float64,
    "through_lead_recall": pl.Float64,
    "through_lead_precision": pl.Float64,
    "false_high_per_million": pl.Float64,
    "false_medium_per_million": pl.Float64,
    "clean_in_alarms_per_million": pl.Float64,
}
"""Columns of the Parquet file; ``size`` and ``count`` are what was asked for, ``records`` (clean)
and ``poisoned`` what there was."""
ORDER = ("size", "mixture", "group", "attack", "count", "detector")


def keep(result: Result, folder: Path) -> None:
    """Write a result so that it is there whole or not at all."""
    target = result.cell.file(folder)
    aside = target.with_suffix(".part")
    aside.write_text(json.dumps(result.row, indent=1) + "\n")
    os.replace(aside, target)  # noqa: PTH105


def frame(folder: Path) -> pl.DataFrame:
    """All results of a folder, in order."""
    rows: Sequence[dict[str, Any]] = [
        json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))
    ]
    return pl.DataFrame(rows, schema=SCHEMA).sort(ORDER)
