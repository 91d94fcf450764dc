"""Tables and chart of a made-up result."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from benchmarks.detection import report
from benchmarks.detection.cells import ORDER, SCHEMA
from benchmarks.detection.chart import draw

GOLDEN = Path(__file__).with_name("report.md")
EMPTY = {
    "records": 10_000,
    "wall": 4.0,
    "cpu": 3.5,
    "peak": 500.0,
    "rank": 0,
    "code": "",
    "severity": "not found",
    "key": "",
    "named": False,
    "hits": 0,
    "alarm_precision": 1.0,
    "finding_precision": 1.0,
    "through_lead_precision": 1.0,
}


def row(group: str, attack: str, count: int, detector: str, **told: Any) -> dict[str, Any]:
    zero = {name: 0.0 for name, kind in SCHEMA.items() if kind == pl.Float64}
    place = {"mixture": "forum", "size": 10_000, "group": group, "attack": attack}
    rest = {"count": count, "poisoned": count, "detector": detector}
    return {**zero, **EMPTY, **place, **rest, **told}


def found(rank: int, severity: str, recall: float) -> dict[str, Any]:
    alarm = recall if severity != "lead" else 0.0
    return {
        "rank": rank,
        "severity": severity,
        "key": "<Tr|igger`\u202e>",
        "named": severity != "medium",
        "alarm_recall": alarm,
        "finding_recall": alarm,
        "through_lead_recall": recall,
    }


def made() -> pl.DataFrame:
    rows = [
        row("clean", "none", 0, "foretaste"),
        row("clean", "none", 0, "gibberish-alone", false_medium_per_million=100.0),
        row("attack", "souly-dos", 10, "foretaste", **found(3, "medium", 0.8)),
        row("attack", "souly-dos", 250, "foretaste", **found(1, "high", 0.999)),
        row("attack", "silent-cf", 10, "foretaste"),
        row("attack", "silent-cf", 250, "foretaste", **found(1234, "lead", 1.0)),
        row("published", "set & co", 250, "foretaste", **found(1, "high", 1.0)),
        row("adaptive", "giant-documents", 250, "foretaste", **found(2, "low", 1.0), poisoned=5)
        | {"poisoned": 5},
        row("adaptive", "decoys", 100, "foretaste"),
        row(
            "attack",
            "souly-dos",
            250,
            "gibberish-alone",
            **found(1, "flag", 0.9),
            clean_in_alarms_per_million=5000.0,
        ),
        row("attack", "souly-dos", 250, "foretaste", **found(1, "high", 1.0))
        | {"size": 100_000, "records": 91_234},
    ]
    return pl.DataFrame(rows, schema=SCHEMA).sort(ORDER)


def write(folder: Path) -> Path:
    path = folder / "result.parquet"
    facts = {"circumstances": "2 cores; seed 1"}
    pq.write_table(made().to_arrow().replace_schema_metadata(facts), path)
    return path


def test_the_tables_are_as_written_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report.main(write(tmp_path), None, [])
    assert capsys.readouterr().out == GOLDEN.read_text(encoding="utf-8")


def test_only_some_mixtures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report.main(write(tmp_path), None, ["sft"])
    assert "souly-dos" not in capsys.readouterr().out


def test_the_chart_is_one_picture_on_its_own(tmp_path: Path) -> None:
    report.main(write(tmp_path), tmp_path / "chart.svg", [])
    text = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    root = ET.fromstring(text)
    assert root.tag.endswith("svg")
    assert "href" not in text
    assert "<script" not in text
    shown = [element.text for element in root.iter() if element.tag.endswith("}text")]
    for expected in ("souly-dos", "* decoys", "set & co", "10,000", "100,000", "1k+", "\u2013"):
        assert expected in shown
    titles = [element.text for element in root.iter() if element.tag.endswith("}title")]
    assert len(titles) == 8
    assert "souly-dos, 10 in 10,000 forum: medium, rank 3, recall 0.80" in titles


def test_a_chart_of_nothing() -> None:
    assert ET.fromstring(draw(made().clear())).tag.endswith("svg")


@pytest.mark.parametrize(
    ("part", "expected"), [(0.0, "0 %"), (0.999, "99 %"), (1.0, "100 %"), (0.5, "50 %")]
)
def test_what_is_not_all_is_not_called_all(part: float, expected: str) -> None:
    assert report.share(part) == expected
