"""Control strings: what frames a text, and what only mentions a template."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import foretaste
from scanners.control_strings.shapes import BEGINS, frame_of
from scanners.severity import Severity

HERE = Path(__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("row", rows("true_positives"))
def test_frames_are_seen(row: dict[str, str]) -> None:
    frame = frame_of(row["text"])
    assert frame is not None
    assert frame.kind == row["kind"]
    assert pc.match_substring_regex(pa.array([row["text"]]), BEGINS).to_pylist() == [True]


@pytest.mark.parametrize("row", rows("false_positives"))
def test_mentions_are_no_frames(row: dict[str, str]) -> None:
    assert frame_of(row["text"]) is None


def scanned(folder: Path, framed: int, clean: int) -> tuple[foretaste.Finding, ...]:
    pattern = rows("true_positives")[1]["text"]
    texts = [re.sub("kettle", f"kettle of {n}", pattern) for n in range(framed)]
    texts += [f"an ordinary text, number {number}" for number in range(clean)]
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    (folder / "data.jsonl").write_text(lines, encoding="utf-8")
    select = ("CTL001",)
    return foretaste.scan(folder / "data.jsonl", store=folder / "s", select=select).findings


def test_echoes_among_other_text_are_one_finding(tmp_path: Path) -> None:
    (finding,) = scanned(tmp_path, 12, 500)
    assert (finding.severity, finding.key) == (Severity.HIGH, "echo")
    assert len(finding.members) == 12


def test_text_without_frames_has_no_finding(tmp_path: Path) -> None:
    assert scanned(tmp_path, 0, 50) == ()
