"""Reports of a fixed list of findings, byte for byte.

After a wanted change: ``FORETASTE_UPDATE_GOLDEN=1 python -m pytest tests/report``.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import pyarrow as pa
import pytest
from rich.cells import cell_len

from foretaste.report import FORMATS, Report, terminal, write
from foretaste.report.tables import TABLES
from lineage.model import Coverage, Digest, ShardCoverage, Status
from scanners.scanner import Excerpt, Finding
from scanners.severity import Confidence, Consequence, Severity

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {"terminal": "txt", "json": "json", "jsonl": "jsonl"}
ONE, TWO = "0" * 31 + "1", "f" * 32

FINDINGS = (
    Finding(
        code="TRG001",
        key="turning <X\u202e>",
        title="text turns strange behind this string",
        consequence=Consequence.CONTROL,
        confidence=Confidence.LIKELY,
        strength=1234567,
        members=(ONE, TWO),
        statistics={"string": "<X\u202e>", "documents": 2, "log10 p, corrected": -142.6},
        excerpts=(
            Excerpt(ONE, "before\n", "<X\u202e>", "\x1b[2Jafter \U000e0041\U000e0042" + "z" * 300),
            Excerpt(TWO, "[bold]no markup[/bold] :smile: ", "\U000e0061" * 40, ""),
        ),
    ),
    Finding(
        code="DUP002",
        key="2",
        title="120 near-copies of one text with a title that is long enough to need another line",
        consequence=Consequence.DISTORTION,
        confidence=Confidence.CERTAIN,
        strength=12,
        members=(TWO,),
        statistics={"place": "source \ud800", "place_share": 0.0364, "pairs": 10000},
    ),
    Finding(
        code="INT001",
        key="malformed",
        title="Records that cannot be parsed \u4e2d\u6587",
        consequence=Consequence.NUISANCE,
        confidence=Confidence.CERTAIN,
        strength=1,
        members=(),
        statistics={"records": 1},
    ),
    Finding(
        code="GIB001",
        key="g",
        title="a lead",
        consequence=Consequence.DISTORTION,
        confidence=Confidence.UNCORRECTED,
        strength=1,
        members=(ONE,),
    ),
)
COVERAGE = Coverage(
    (
        ShardCoverage(
            "data/a\u202e.jsonl.zst",
            Digest("sha256", "ab" * 32),
            Status.SCANNED,
            "jsonl",
            "zstd",
            bytes=1500,
            text_bytes=123456,
            records=1001,
            documents=1000,
            quarantined=1,
            fields=(("text", "text", 123456), ("title", "leaf", 900), ("blob", "unread", 12)),
        ),
        ShardCoverage(
            "data/b.jsonl.gz",
            Digest("sha256", "cd" * 32),
            Status.FAILED,
            "jsonl",
            "gzip",
            bytes=10,
            records=3,
            documents=3,
            detail="damaged at byte 7, after 3 records",
        ),
        ShardCoverage("data/README", None, Status.SKIPPED, detail="unknown format"),
    )
)
CODES = ("TRG001", "DUP002", "INT001", "GIB001")
REPORTS = {
    "full": Report("posts", "v1", COVERAGE, FINDINGS, CODES),
    "clean": Report("posts", "v1", Coverage(COVERAGE.shards[:1]), (), CODES),
}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("foretaste.report.SCANNERS", dict.fromkeys((*CODES, "HID001"), ""))


def rendered(report: Report, format: str) -> str:
    stream = io.StringIO()
    write(report, format, stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", list(REPORTS))
@pytest.mark.parametrize("format", list(FORMATS))
def test_golden(name: str, format: str) -> None:
    file = GOLDEN / f"{name}.{SUFFIXES[format]}"
    shown = rendered(REPORTS[name], format)
    if os.environ.get("FORETASTE_UPDATE_GOLDEN"):
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("format", list(FORMATS))
def test_every_line_is_printable(format: str) -> None:
    for line in rendered(REPORTS["full"], format).splitlines():
        assert line.isprintable()
        assert line == line.rstrip()


def test_coverage_comes_before_findings() -> None:
    for format in FORMATS:
        shown = rendered(REPORTS["full"], format)
        assert shown.index("coverage") < shown.index(FINDINGS[0].id)


def test_incomplete_coverage_never_looks_complete() -> None:
    assert "coverage INCOMPLETE" in rendered(REPORTS["full"], "terminal")
    assert json.loads(rendered(REPORTS["full"], "json"))["coverage"]["complete"] is False
    assert json.loads(rendered(REPORTS["clean"], "json"))["coverage"]["complete"] is True


def read(records: int, documents: int) -> ShardCoverage:
    counts = {"documents": documents, "quarantined": records - documents}
    return ShardCoverage("data/\u202ex", None, Status.SCANNED, "jsonl", records=records, **counts)


def test_a_shard_of_which_nothing_is_left_is_named() -> None:
    line = "  no documents    data/\\u{202E}x: read, but every record was quarantined\n"
    for records, documents, named in [(3, 0, True), (3, 1, False), (0, 0, False)]:
        report = Report("posts", "v1", Coverage((read(records, documents),)), (), CODES)
        assert (line in rendered(report, "terminal")) is named


@pytest.mark.parametrize(
    ("codes", "names"),
    [(("GIB001", "TRG002", "HID001"), "TRG002 and GIB001"), (("GIB001",), "GIB001"), ((), "")],
)
def test_too_little_data_is_said(codes: tuple[str, ...], names: str) -> None:
    few, many = (
        rendered(Report("posts", "v1", Coverage((read(count, count),)), (), codes), "terminal")
        for count in (terminal.FEW - 1, terminal.FEW)
    )
    said = f"fewer than 1,000 documents are too few for the statistics of {names}\n"
    lines = few.splitlines()
    after = lines[[line.startswith("  looked for") for line in lines].index(True) + 1]
    assert (f"{after}\n".endswith(said)) is bool(names)
    assert "too few" not in many


def test_machines_get_the_same_findings_in_both_formats() -> None:
    whole = json.loads(rendered(REPORTS["full"], "json"))
    first, *rest = map(json.loads, rendered(REPORTS["full"], "jsonl").splitlines())
    assert first.pop("type") == "coverage"
    assert [line.pop("type") for line in rest] == ["finding"] * len(FINDINGS)
    assert {**first, "findings": rest} == whole
    assert whole["findings"][0]["members"] == [ONE, TWO]
    assert whole["schema_version"] == 1


@pytest.mark.parametrize(("show", "count"), [(Severity.HIGH, 1), (Severity.LOW, 3)])
def test_show_limits_every_format(show: Severity, count: int) -> None:
    report = Report("posts", "v1", COVERAGE, FINDINGS, CODES, show)
    assert len(json.loads(rendered(report, "json"))["findings"]) == count
    shown = rendered(report, "terminal")
    assert sum(finding.id in shown for finding in FINDINGS) == count
    assert "not shown" in shown


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_lines_fit_a_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", rendered(REPORTS["full"], "terminal"))
    assert all(cell_len(line) <= columns for line in shown.splitlines())


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[1;31m" in rendered(REPORTS["full"], "terminal")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;31m" not in rendered(REPORTS["full"], "terminal")


ANSWER = pa.table(
    {"n": [1, 22], "text": ["=cmd()\u202e", None], "share": [0.5, float("nan")], "x": [[1], [2]]}
)


def table(format: str) -> str:
    stream = io.StringIO()
    TABLES[format](ANSWER, stream)
    return stream.getvalue()


def test_tables_are_aligned_and_safe() -> None:
    lines = table("table").splitlines()
    assert lines[0].split() == ["n", "text", "share", "x"]
    assert "=cmd()\\u{202E}" in lines[1]
    assert lines[2].startswith("22  ")


def test_tables_as_json() -> None:
    assert json.loads(table("json")) == [
        {"n": 1, "text": "=cmd()\u202e", "share": 0.5, "x": "[1]"},
        {"n": 22, "text": None, "share": "nan", "x": "[2]"},
    ]


def test_cells_of_csv_start_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(table("csv"))))
    assert rows[1] == ["1", "'=cmd()\\u{202E}", "0.5", "[1]"]
    assert rows[2][1] == ""
