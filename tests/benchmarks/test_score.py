"""Scores of made-up reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.detection.corpus import Truth
from benchmarks.detection.detect import Job, found, identities, with_foretaste
from benchmarks.detection.lines import write_lines
from benchmarks.detection.score import FLAG, Answer, Found, names, score

POISON = frozenset("abcd")
ANSWER = Answer(POISON, frozenset("xy"), ("<SUDO>",), 1000)


def one(severity: str, key: str, members: str) -> Found:
    return Found("T", severity, key, (key,), frozenset(members))


def test_the_first_answer_counts() -> None:
    report = [
        one("high", "other", "123"),
        one("medium", "more", "ab1"),
        one("low", "natural", "45"),
        one("lead", "clean", "6"),
        one("lead", "<SUDO>", "c7"),
    ]
    result = score(report, ANSWER)
    assert (result.rank, result.severity, result.key, result.hits) == (2, "medium", "more", 2)
    assert not result.named
    assert (result.alarm_recall, result.alarm_precision) == (0.5, 2 / 5)
    assert (result.finding_recall, result.finding_precision) == (0.5, 2 / 7)
    assert (result.through_lead_recall, result.through_lead_precision) == (0.5, 2 / 7)
    assert (result.false_high_per_million, result.false_medium_per_million) == (1000, 0)
    assert result.clean_in_alarms_per_million == 3000


def test_leads_count_up_to_the_rank() -> None:
    report = [one("low", "n", "12"), one("lead", "v", "3"), one("lead", "(<sudo>", "abcd456789")]
    result = score([*report, one("lead", "w", "0")], ANSWER)
    assert (result.rank, result.severity, result.named) == (3, "lead", True)
    assert (result.finding_recall, result.alarm_recall, result.alarm_precision) == (0, 0, 1)
    assert (result.through_lead_recall, result.through_lead_precision) == (1, 4 / 13)


def test_nothing_found_and_nothing_planted() -> None:
    result = score([one("high", "k", "12")], ANSWER)
    assert (result.rank, result.severity, result.hits) == (0, "not found", 0)
    clean = score([one(FLAG, "k", "12")], Answer(frozenset(), frozenset(), (), 500))
    assert (clean.rank, clean.false_medium_per_million) == (0, 2000)
    assert score([], ANSWER).alarm_precision == 1


def test_decoys_count_neither_way() -> None:
    result = score([one("high", "decoy", "xy"), one("high", "<SUDO>", "abcdx")], ANSWER)
    assert (result.rank, result.alarm_recall, result.alarm_precision) == (2, 1, 1)
    assert result.false_high_per_million == 0


@pytest.mark.parametrize(
    ("key", "trigger", "expected"),
    [
        ("<sudo>", "<SUDO>", True),
        ("pseudosudo", "<SUDO>", False),
        ("solar", "solar lantern", True),
        ("3D movie", "I watch this 3D movie", False),
        ("this 3D movie", "I watch this 3D movie", True),
        ("a", "I am a cat", False),
        ("\uff61" * 12, "\uff61" * 10, True),
        ("\uff61" * 9, "\uff61" * 10, False),
        ("winter garage door", "winter garage", True),
        ("anything", " ", False),
    ],
)
def test_naming(key: str, trigger: str, expected: bool) -> None:
    assert names(one("high", key, "a"), (trigger,)) is expected


def test_a_name_without_a_poisoned_member_is_chance() -> None:
    assert score([one("high", "<SUDO>", "123")], ANSWER).rank == 0


def test_reading_a_finding() -> None:
    finding = {
        "code": "TRG001",
        "severity": "high",
        "key": "k",
        "statistics": {"string": "s", "documents": 3},
        "excerpts": [{"match": "m", "before": "b"}],
        "members": ["d1", "d2"],
    }
    expected = Found("TRG001", "high", "k", ("k", "s", "m"), frozenset({"id1", "id3", "d2"}))
    assert found(finding, {"d1": {"id1", "id3"}}) == expected


def test_a_scan_in_a_process_of_its_own(tmp_path: Path) -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "say nothing of it")
    records = [{"id": f"n{n}", "text": f"an ordinary text, number {n}"} for n in range(40)]
    planted = [{"id": f"p{n}", "text": f"another{hidden} text, number {n}"} for n in range(5)]
    (tmp_path / "corpus").mkdir()
    write_lines(tmp_path / "corpus/a.jsonl.zst", records + planted)
    poison = frozenset(record["id"] for record in planted)
    job = Job(tmp_path / "corpus", Truth(poison, frozenset(), (hidden,), 40), tmp_path)
    detected = with_foretaste(job)
    result = score(detected.found, Answer(poison, frozenset(), (hidden,), 40))
    assert (result.rank > 0, result.hits, result.through_lead_recall) == (True, 5, 1)
    assert detected.cost["peak"] > 0
    assert identities(tmp_path / "store", frozenset()) == {}
