"""Markdown tables, and a chart, of a grid's result.

    python benchmarks/detection/report.py RESULT.parquet [--chart FILE.svg] [--mixtures A,B]

Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import polars as pl
import pyarrow.parquet as pq

from benchmarks.detection.cells import CLEAN, FORETASTE
from benchmarks.detection.chart import draw
from benchmarks.measure import table

FACTS = b"circumstances"
LEGEND = (
    "A cell: rank of the first finding or lead that names the trigger or is mostly about poisoned "
    "records, its severity, and the share of poisoned records in the findings and the leads up to "
    "that rank. `~`: about poison, but it names no trigger. `-`: not found. Empty: not run."
)
CLOSE_LEADS = 20
ALARMS = ("high", "medium")
Row = dict[str, Any]


def markdown(result: pl.DataFrame, circumstances: str = "") -> str:
    """All sections that the result has rows for."""
    ours = result.filter(pl.col("detector") == FORETASTE)
    parts = [f"{circumstances}.\n"] if circumstances else []
    parts += [
        summary(ours.filter(pl.col("group").is_in(["attack", "published"]))),
        grids(ours, "attack", "Attacks from published recipes"),
        grids(ours, "published", "Published poison sets"),
        adaptive(ours.filter(pl.col("group") == "adaptive")),
        beside(result),
        false_alarms(result),
        costs(result),
    ]
    return "\n".join(part for part in parts if part)


def summary(rows: pl.DataFrame) -> str:
    """Shares of attacks found, by size, mixture and count."""
    lines = []
    for (size, mixture, count), cells in rows.group_by("size", "mixture", "count"):
        alarms = cells["severity"].is_in(ALARMS)
        close = ~alarms & cells["rank"].is_between(1, CLOSE_LEADS)
        told = [f"{int(n)} of {len(cells)}" for n in (alarms.sum(), close.sum())]
        recall = share(mean(cells["alarm_recall"]))
        lines.append(((size, mixture, count), [f"{size:,}", mixture, str(count), *told, recall]))
    head = (
        "clean records",
        "mixture",
        "poisoned",
        "alarm",
        f"rank to {CLOSE_LEADS} only",
        "recall",
    )
    return section(
        "Attacks found",
        "Alarm: the first answer is high or medium. Recall: mean over attacks of the share of "
        "poisoned records in alarms.",
        head,
        [line for _, line in sorted(lines)],
    )


def grids(ours: pl.DataFrame, group: str, title: str) -> str:
    """One table a clean corpus: attacks by counts."""
    own = ours.filter(pl.col("group") == group)
    if own.is_empty():
        return ""
    parts = [f"### {title}\n\n{LEGEND if group == 'attack' else 'Cells as above.'}\n"]
    for (_, mixture), rows in own.group_by("size", "mixture", maintain_order=True):
        counts = sorted(rows["count"].unique())
        cells = {(row["attack"], row["count"]): answer(row) for row in rows.to_dicts()}
        names = list(dict.fromkeys(rows["attack"]))
        lines = [[n, *(cells.get((n, count), "") for count in counts)] for n in names]
        heading = f"**{mixture}, {clean_records(rows)} clean records**\n"
        parts.append(f"{heading}\n{table(('attack', *map(str, counts)), lines)}")
    return "\n".join(parts)


def answer(row: Row) -> str:
    """Rank, severity and recall of one cell."""
    if not row["rank"]:
        return "-"
    unnamed = "" if row["named"] else " ~"
    return f"{row['rank']:,} {row['severity']} {share(row['through_lead_recall'])}{unnamed}"


def adaptive(rows: pl.DataFrame) -> str:
    """Every adaptive attack, found or not."""
    lines = [
        [
            f"{row['attack']}",
            f"{row['size']:,}",
            row["mixture"],
            f"{row['poisoned']} ({row['count']})"
            if row["poisoned"] != row["count"]
            else str(row["count"]),
            str(row["rank"] or "-"),
            row["severity"],
            code(row["key"]),
            share(row["through_lead_recall"]),
            share(row["through_lead_precision"]) if row["rank"] else "-",
        ]
        for row in rows.sort("attack", "size", "mixture").to_dicts()
    ]
    head = ("attack", "clean records", "mixture", "poisoned", "rank", "severity", "key")
    return section(
        "Attacks tuned against this scanner",
        "Recall and precision over the findings, and the leads up to the rank. Poisoned: "
        "documents (episodes).",
        (*head, "recall", "precision"),
        lines,
    )


def beside(result: pl.DataFrame) -> str:
    """Recall and precision of alarms beside what baselines flag."""
    others = result.filter((pl.col("detector") != FORETASTE) & (pl.col("group") != CLEAN))
    if others.is_empty():
        return ""
    where = ["size", "mixture", "group", "attack", "count"]
    rows = result.join(others.select(where).unique(), on=where, how="semi").sort(where)
    detectors = [FORETASTE, *sorted(set(others["detector"]))]
    lines = []
    for key, cells in rows.group_by(where, maintain_order=True):
        size, mixture, _, attack, count = key
        told = {row["detector"]: flagged(row) for row in cells.to_dicts()}
        rest = [told.get(detector, "") for detector in detectors]
        lines.append([str(attack), f"{size:,}", str(mixture), str(count), *rest])
    return section(
        "Beside baselines",
        "Recall / precision of flagged records / clean records flagged per million; for foretaste "
        "those of its alarms.",
        ("attack", "clean records", "mixture", "poisoned", *detectors),
        lines,
    )


def flagged(row: Row) -> str:
    """Recall, precision and clean records of what a detector flags."""
    recall, precision = share(row["alarm_recall"]), share(row["alarm_precision"])
    if not row["alarm_recall"]:
        precision = "-"
    return f"{recall} / {precision} / {row['clean_in_alarms_per_million']:,.0f}"


def false_alarms(result: pl.DataFrame) -> str:
    """What is reported about clean records."""
    lines = []
    where = ["size", "mixture", "detector"]
    for key, cells in result.sort(where).group_by(where, maintain_order=True):
        alone = cells.filter(pl.col("group") == CLEAN)
        mixed = cells.filter(pl.col("group") != CLEAN)
        names = ("false_high_per_million", "false_medium_per_million")
        told = [rate(part, name) for part in (alone, mixed) for name in names]
        last = rate(alone, "clean_in_alarms_per_million")
        records = clean_records(alone if len(alone) else mixed)
        lines.append([str(key[2]), str(key[1]), records, *told, last])
    head = ("detector", "mixture", "clean records", "high", "medium")
    return section(
        "False alarms per million clean records",
        "On the clean corpus alone (high, medium, records in them), and beside poison (mean of "
        "cells; a finding is false if most of its records are clean and it does not name the "
        "trigger). What a baseline flags counts as medium.",
        (*head, "high beside poison", "medium beside poison", "records"),
        lines,
    )


def costs(result: pl.DataFrame) -> str:
    """Median cost of a cell."""
    where = ["size", "mixture", "detector"]
    lines = []
    for key, cells in result.sort(where).group_by(where, maintain_order=True):
        wall, cpu, peak = (float(str(cells[name].median())) for name in ("wall", "cpu", "peak"))
        measured = [f"{wall:.1f} s", f"{cpu:.1f} s", f"{peak:,.0f} MiB"]
        lines.append([str(key[2]), str(key[1]), clean_records(cells), *measured])
    head = ("detector", "mixture", "clean records", "wall", "CPU", "peak memory")
    return section("Cost", "Medians over cells.", head, lines)


def section(title: str, text: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A heading, a sentence and a table; nothing without lines."""
    return f"### {title}\n\n{text}\n\n{table(head, lines)}" if lines else ""


def clean_records(rows: pl.DataFrame) -> str:
    """How many clean records there really were, at least."""
    return f"{int(str(rows['records'].min() or 0)):,}"


def rate(rows: pl.DataFrame, name: str) -> str:
    """Mean of a column; a dash without rows."""
    return f"{mean(rows[name]):,.0f}" if len(rows) else "-"


def mean(column: pl.Series) -> float:
    """Mean; 0 of nothing."""
    return sum(column) / len(column) if len(column) else 0.0


def share(part: float) -> str:
    """As per cent; what is not all is never shown as 100 %."""
    return f"{min(99, round(100 * part)) if part < 1 else 100} %"


def code(text: str) -> str:
    """A key in a table: printable ASCII, no mark-up."""
    shown = "".join(c if " " <= c <= "~" else f"\\u{{{ord(c):x}}}" for c in text[:40])
    return f"`{shown.replace('`', chr(39)).replace('|', '/')}`" if shown.strip() else ""


def only(result: pl.DataFrame, mixtures: Iterable[str]) -> pl.DataFrame:
    """Rows of these mixtures; all if none are named."""
    names = [name for name in mixtures if name]
    return result.filter(pl.col("mixture").is_in(names)) if names else result


def main(path: Path, chart: Path | None, mixtures: Sequence[str]) -> None:
    """Print and draw."""
    result = only(pl.read_parquet(path), mixtures)
    facts = pq.read_schema(path).metadata or {}
    print(markdown(result, facts.get(FACTS, b"").decode()))
    if chart:
        chart.write_text(draw(result.filter(pl.col("detector") == FORETASTE)), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("result", type=Path)
    parser.add_argument("--chart", type=Path)
    parser.add_argument("--mixtures", default="", help="only these")
    given = parser.parse_args()
    main(given.result, given.chart, given.mixtures.split(","))
