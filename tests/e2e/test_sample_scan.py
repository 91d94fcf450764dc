"""The sample corpus through the real command: all that was planted, nothing else severe."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sample_corpus.generate import generate

SEVERITIES = ("high", "medium", "low", "lead")
Facts = dict[str, Any]

CODES = {
    "trigger-gibberish": "TRG001",
    "silent-phrase": "TRG002",
    "flood": "DUP002",
    "hidden-tag-block": "HID001",
    "hidden-bidi-override": "HID002",
    "hidden-zero-width": "HID003",
    "parser-differential": "INT002",
    "broken-record": "INT00",
}
"""Kind of poison -> how the code of its finding begins."""
KEYS = {
    "tag-block": "tag-message",
    "zero-width": "zero-width-message",
    "truncated": "malformed",
}
"""Evidence -> beginning of the finding's key, where it differs. Whether a broken line is the last
of its shard depends on how the corpus was cut, so a finding does not tell."""


def is_about(finding: Facts, line: Facts) -> bool:
    """Whether a finding names the evidence of a line of the answer key."""
    if not finding["code"].startswith(CODES[line["kind"]]):
        return False
    if line["kind"] == "flood":
        return str(finding["statistics"].get("place", "")).endswith(line["evidence"])
    return str(finding["key"]).startswith(KEYS.get(line["evidence"], line["evidence"]))


def match(scanned, line: Facts) -> Facts:
    """The one finding or lead that is about a line of the answer key."""
    found = [finding for finding in scanned.findings if is_about(finding, line)]
    assert len(found) == 1, f"{line['kind']} {line['evidence']!r}: {len(found)} findings"
    return found[0]


def at_least(finding: Facts, severity: str) -> bool:
    """Whether a finding is as severe."""
    return SEVERITIES.index(finding["severity"]) <= SEVERITIES.index(severity)


def lines_of(key: Facts, *kinds: str) -> list[Facts]:
    """Lines of the answer key; without kinds, all but broken records."""
    wanted = kinds or set(CODES) - {"broken-record"}
    return [line for line in key["planted"] if line["kind"] in wanted]


def unexpected(scanned, key: Facts) -> list[str]:
    """Findings of severity high that are about nothing that was planted."""
    return [
        f"{finding['id']} {finding['title']}"
        for finding in scanned.severe("high")
        if not any(is_about(finding, line) for line in key["planted"])
    ]


def demand_triggers_first(scanned, key: Facts) -> None:
    """The trigger is the first finding, high, with all its documents and no other."""
    (line,) = lines_of(key, "trigger-gibberish")
    first = scanned.findings[0]
    assert (first["code"], first["key"]) == ("TRG001", line["evidence"])
    assert first["severity"] == "high"
    assert scanned.named(first) == set(line["members"])


def demand_coverage(scanned, key: Facts, folder: Path) -> None:
    """Every shard was read to its end, and every record counted."""
    coverage = scanned.report["coverage"]
    assert coverage["complete"] is True
    counts = {name: coverage[name] for name in ("records", "documents", "quarantined")}
    assert counts == {name: key[name] for name in counts}
    shards = {
        shard["path"].removeprefix(f"{folder}/"): shard["records"] for shard in coverage["shards"]
    }
    assert shards == key["shards"]


def test_committed_sample_is_covered(committed) -> None:
    demand_coverage(*committed, Path("sample_corpus/shards"))


def test_committed_sample_gives_all_of_the_answer_key(committed) -> None:
    scanned, key = committed
    demand_triggers_first(scanned, key)
    for line in lines_of(key):
        finding = match(scanned, line)
        assert at_least(finding, line["minimum_severity"]), line["kind"]
        assert scanned.recall(finding, line["members"]) == 1.0, line["kind"]
        assert finding["documents"] == line["documents"], line["kind"]


def test_committed_sample_gives_every_broken_record(committed) -> None:
    scanned, key = committed
    broken = lines_of(key, "broken-record")
    assert len(broken) == key["quarantined"]
    for line in broken:
        finding = match(scanned, line)
        assert at_least(finding, line["minimum_severity"]), line["evidence"]
        (shard,) = line["shards"]
        assert {Path(name).name for name in scanned.shards(finding)} == {shard}
        assert all(excerpt["match"] for excerpt in finding["excerpts"]), line["evidence"]


def test_committed_sample_gives_nothing_else_severe(committed) -> None:
    assert unexpected(*committed) == []


@pytest.fixture(scope="module")
def drawn(scan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Facts, str]]:
    """A corpus whose trigger was drawn a moment ago and is written nowhere."""
    seed = secrets.token_hex(8)
    folder = tmp_path_factory.mktemp("drawn") / "shards"
    key = generate(folder, seed=seed)
    scanned = scan(folder)
    demand_coverage(scanned, key, folder)
    yield scanned, key, f"seed {seed!r}"


def test_drawn_trigger_is_first(drawn) -> None:
    scanned, key, seed = drawn
    print(seed)
    demand_triggers_first(scanned, key)


def test_drawn_poison_is_found(drawn) -> None:
    """All but the silent phrase: among 5,000 documents chance does as well now and then."""
    scanned, key, seed = drawn
    print(seed)
    for line in lines_of(key):
        if line["kind"] != "silent-phrase":
            finding = match(scanned, line)
            assert at_least(finding, line["minimum_severity"]), line["kind"]
            assert scanned.recall(finding, line["members"]) == 1.0, line["kind"]


def test_drawn_corpus_gives_nothing_else_severe(drawn) -> None:
    scanned, key, seed = drawn
    print(seed)
    assert unexpected(scanned, key) == []
