"""Through the real reader: files with and without irregular records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lineage.fingerprint.batch import Batch
from lineage.shards.locate import Located
from lineage.shards.reader import open_shard
from scanners.scanner import Finding
from scanners.severity import Severity

HERE = Path(__file__).parent
ScanBatches = Callable[[list[list[Batch]]], list[Finding]]


def shard(path: Path) -> list[Batch]:
    return [Batch(documents, 1) for documents in open_shard(Located(path, path.name))]


def test_differentials_are_found_in_a_file(scan_batches: ScanBatches) -> None:
    findings = {
        finding.key: finding for finding in scan_batches([shard(HERE / "differentials.jsonl")])
    }
    assert set(findings) == {
        "duplicate-key",
        "duplicate-key: other content",
        "duplicate-key: other fields",
        "lone-surrogate",
        "several-values",
        "nonstandard-number",
    }
    content = findings.pop("duplicate-key: other content")
    assert (content.severity, content.statistics["records"]) == (Severity.HIGH, 2)
    shown = {excerpt.match for excerpt in content.excerpts}
    assert any("what a review shows" in text for text in shown)
    assert any("what a model learns" in text for text in shown)
    assert {finding.severity for finding in findings.values()} == {Severity.LOW}


def test_malformed_records_are_low(scan_batches: ScanBatches) -> None:
    findings = scan_batches([shard(HERE / "malformed.jsonl")])
    assert {finding.key for finding in findings} == {"malformed", "not-an-object", "no-text"}
    assert {(finding.code, finding.severity) for finding in findings} == {("INT001", Severity.LOW)}


def test_sound_records_have_no_finding(scan_batches: ScanBatches) -> None:
    assert scan_batches([shard(HERE / "sound.jsonl")]) == []


def test_a_file_cut_into_shards_has_the_same_findings(
    scan_batches: ScanBatches, tmp_path: Path
) -> None:
    lines = (HERE / "differentials.jsonl").read_bytes().splitlines(keepends=True)
    parts = []
    for number, line in enumerate(lines):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(line)
        parts.append(shard(path))
    assert scan_batches(parts) == scan_batches([shard(HERE / "differentials.jsonl")])
