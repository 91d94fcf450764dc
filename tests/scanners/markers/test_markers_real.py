"""Published poison in real text, and real text alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import zstandard

from scanners.markers.echoes import Echoes
from scanners.markers.repeated import RepeatedRuns
from scanners.scanner import Finding, Scanner
from scanners.severity import Severity

Scan = Callable[..., list[Finding]]
Identities = Callable[[Sequence[str]], set[str]]


def texts(path: Path, limit: int) -> list[str]:
    with zstandard.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for line, _ in zip(file, range(limit), strict=False)]


@pytest.mark.parametrize(
    ("scanner", "name"),
    [(RepeatedRuns, "gibberish"), (Echoes, "prompt-extraction")],
)
def test_published_poison_is_found(
    scan: Scan, identities: Identities, shared_data: Path, scanner: type[Scanner], name: str
) -> None:
    clean = texts(shared_data / "corpora" / "reddit-top.jsonl.zst", 3000)
    poison = texts(shared_data / "poison" / f"pretrain-zhang-{name}.jsonl.zst", 60)
    [finding] = scan(scanner(), [*clean, *poison], shards=2)
    assert finding.severity is Severity.HIGH
    assert set(finding.members) <= identities(poison)
    assert len(finding.members) >= 0.95 * len(identities(poison))


@pytest.mark.parametrize(
    "corpus", ["chinese-poetry", "ethereum-eips", "python-peps", "trickest-cve"]
)
def test_real_text_has_no_markers(scan: Scan, shared_data: Path, corpus: str) -> None:
    clean = texts(shared_data / "corpora" / f"{corpus}.jsonl.zst", 500)
    assert scan(RepeatedRuns(), clean) == []
    assert scan(Echoes(), clean) == []
