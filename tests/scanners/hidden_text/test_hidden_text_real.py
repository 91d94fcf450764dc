"""Published poison inside real text, where it is on this machine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from scanners.scanner import Finding
from scanners.severity import Severity

Scan = Callable[..., list[Finding]]


def texts(path: Path, limit: int = 4000) -> list[dict[str, str]]:
    with zstandard.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line, _ in zip(file, range(limit), strict=False)]


@pytest.mark.parametrize(
    "name", ["tldr-pages-multilingual", "php-doc-ja", "chinese-poetry", "reddit-top", "web-pages"]
)
def test_real_text_has_nothing_above_low(scan: Scan, shared_data: Path, name: str) -> None:
    rows = texts(shared_data / "corpora" / f"{name}.jsonl.zst")
    assert {f.severity for f in scan([row["text"] for row in rows])} <= {
        Severity.LOW,
        Severity.LEAD,
    }


def test_published_hidden_unicode_is_found(scan: Scan, shared_data: Path) -> None:
    clean = texts(shared_data / "corpora" / "imdb-reviews.jsonl.zst")
    poison = texts(shared_data / "poison" / "pretrain-hidden-unicode.jsonl.zst")
    findings = scan([row["text"] for row in (*clean, *poison)])
    counts = {finding.key: len(finding.members) for finding in findings}
    for kind in ("tag-message", "bidi-override", "zero-width-message"):
        assert counts[kind] == Counter(row["kind"] for row in poison)["tag_smuggling"]
    assert counts["mixed-script-text"] == 50
    high = [finding for finding in findings if finding.severity is Severity.HIGH]
    assert len(high) == 3
