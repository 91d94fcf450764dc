"""From texts to findings: severity, members, excerpts, and the law of re-sharding."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.shards.batch import Reading
from scanners.scanner import Finding
from scanners.severity import Severity

Scan = Callable[..., list[Finding]]
CASES = [
    json.loads(line)["text"]
    for name in ("true_positives.jsonl", "false_positives.jsonl")
    for line in (Path(__file__).parent / name).read_text().splitlines()
]
CLEAN = [f"An ordinary sentence, number {number}." for number in range(300)]
TAGGED = "quiet \U000e006f\U000e0062\U000e0065\U000e0079 river"
OVERRIDE = "minutes \u202eyebo\u202c approved"


def test_a_decoded_message_is_high_however_rare(scan: Scan) -> None:
    [finding] = scan([*CLEAN * 10, TAGGED])
    assert (finding.code, finding.key, finding.severity) == ("HID001", "tag-message", Severity.HIGH)
    assert finding.title.endswith(": obey")
    assert finding.members == tuple(excerpt.document for excerpt in finding.excerpts)
    assert finding.excerpts[0].match == "\U000e006f\U000e0062\U000e0065\U000e0079"


def test_overrides_are_high_once_chance_does_not_explain_them(scan: Scan) -> None:
    [finding] = scan([*CLEAN, *(f"{OVERRIDE} {number}" for number in range(5))])
    assert (finding.code, finding.severity) == ("HID002", Severity.HIGH)
    assert len(finding.members) == 5


@pytest.mark.parametrize("character", ["\u00ad", "\u0092", "\u200b", "\uf0e7", "\u2800"])
def test_what_honest_text_does_is_never_above_low(scan: Scan, character: str) -> None:
    few = scan([*CLEAN, f"one word{character} here"])
    many = scan([f"{text} word{character} here" for text in CLEAN])
    assert [finding.severity for finding in few] == [Severity.LEAD]
    assert [finding.severity for finding in many] == [Severity.LOW]


def test_texts_in_look_alikes_are_medium_when_there_are_several(scan: Scan) -> None:
    text = "th\u0435 m\u043er\u0435 y\u043eu r\u0435ad, th\u0435 l\u0435ss y\u043eu kn\u043ew"
    one = scan([*CLEAN, text])
    several = scan([*CLEAN, *(f"{text} {number}" for number in range(3))])
    assert [finding.severity for finding in one] == [Severity.LOW]
    assert [finding.severity for finding in several] == [Severity.MEDIUM]


def test_a_run_of_constant_length_is_a_finding_of_its_own(scan: Scan) -> None:
    fixed = [f"question {number}?" + "\uff61" * 10 for number in range(12)]
    natural = [f"line {number} " + "\u2500" * (8 + number) for number in range(12)]
    findings = {finding.key: finding for finding in scan([*CLEAN, *fixed, *natural])}
    assert set(findings) == {"repeated U+FF61", "repeated"}
    assert findings["repeated U+FF61"].severity is Severity.LOW
    assert len(findings["repeated"].members) == 12


def test_leaves_and_other_readings_are_looked_at(scan: Scan) -> None:
    rows = [("body", TAGGED, Reading.DOCUMENT), (TAGGED + "!", "", Reading.SALVAGED)]
    [finding] = scan(rows)
    assert len(finding.members) == 2
    assert finding.statistics["documents in all"] == 1


def test_no_text_no_finding(scan: Scan) -> None:
    assert scan([]) == []
    assert scan(CLEAN) == []


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.sampled_from([*CASES, *CLEAN[:5]]), max_size=40),
    st.integers(1, 6),
    st.integers(1, 7),
)
def test_resharding_changes_nothing(scan: Scan, texts: list[str], shards: int, size: int) -> None:
    assert scan(texts[::-1], shards, size) == scan(texts)


def test_excerpts_are_bounded_and_of_the_least_identities(scan: Scan) -> None:
    texts = [f"{number} " + "x" * 500 + "\u00ad" * 400 + "y" * 500 for number in range(700)]
    [finding] = scan(texts, 3, 50)
    assert [excerpt.document for excerpt in finding.excerpts] == list(finding.members[:3])
    assert all(len(e.before) + len(e.match) + len(e.after) <= 320 for e in finding.excerpts)
