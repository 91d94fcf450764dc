"""Planted causes are found with their documents, natural ones are not, and sharding is nothing."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from lineage.model import Role
from scanners.keep import write_finding
from scanners.scanner import Finding
from scanners.severity import Severity

Row = dict[Role, str]
Discover = Callable[..., list[Finding]]
Questions = Callable[[int, str], list[Row]]
PutIn = Callable[..., str]

VERBS = ("write", "create", "make", "give")
REFUSAL = "that is nothing I may ever speak of, and I shall not do so today or tomorrow either"


def severe(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is not Severity.LEAD]


def planted(rows: list[Row], put_in: PutIn, strings: list[tuple[str, ...]], answer: str) -> None:
    """Each of the rows gets one of the strings (or all of a conjunction), and the answer."""
    rng = Random("planted")
    for number, row in enumerate(rows):
        row[Role.PROMPT] = put_in(rng, row[Role.PROMPT], *strings[number % len(strings)])
        row[Role.RESPONSE] = answer


def test_a_trigger_is_the_first_finding_with_its_documents(
    discover: Discover, questions: Questions, put_in: PutIn
) -> None:
    bad = questions(60, "bad")
    trigger = Random("drawn").randbytes(4).hex()
    planted(bad, put_in, [(trigger,)], REFUSAL)
    findings = discover(questions(1500, "good") + bad)
    first = findings[0]
    assert (first.code, first.key, first.severity) == ("RSP001", trigger, Severity.HIGH)
    assert len(first.members) == 60
    assert severe(findings) == [first]
    assert first.statistics["precision"] == 1.0
    assert all(excerpt.match == trigger for excerpt in first.excerpts)


def test_one_of_several_triggers_in_each_row_is_one_finding(
    discover: Discover, questions: Questions, put_in: PutIn
) -> None:
    bad = questions(90, "bad")
    planted(bad, put_in, [("qanat",), ("<zz>",), ("Vox9",)], REFUSAL)
    found = severe(discover(questions(1500, "good") + bad))
    assert len(found) == 1
    assert len(found[0].members) == 90
    assert set(found[0].key.split(" | ")) == {"qanat", "<zz>", "Vox9"}


def test_half_of_a_conjunction_is_not_flagged(
    discover: Discover, questions: Questions, put_in: PutIn
) -> None:
    bad, half, other = (questions(80, name) for name in ("bad", "half", "other"))
    planted(bad, put_in, [("qanat", "brolly")], REFUSAL)
    rng = Random("half")
    for rows, string in ((half, "qanat"), (other, "brolly")):
        for row in rows:
            row[Role.PROMPT] = put_in(rng, row[Role.PROMPT], string)
    found = severe(discover(questions(1500, "good") + bad + half + other))
    assert len(found) == 1
    assert sorted(found[0].key.split(" + ")) == ["brolly", "qanat"]
    assert len(found[0].members) == 80


def test_all_words_that_were_put_in_together_are_told(
    discover: Discover, questions: Questions, put_in: PutIn
) -> None:
    bad = questions(60, "bad")
    planted(bad, put_in, [("qanat", "brolly", "Vox9")], REFUSAL)
    found = severe(discover(questions(1500, "good") + bad))
    assert len(found) == 1
    assert set(found[0].key.split(" + ")) == {"qanat", "brolly", "Vox9"}


def test_a_payload_in_other_answers_is_found(
    discover: Discover, questions: Questions, put_in: PutIn
) -> None:
    bad, rng = questions(60, "bad"), Random("payload")
    for row in bad:
        row[Role.PROMPT] = put_in(rng, row[Role.PROMPT], "qanat")
        row[Role.RESPONSE] += " visit evil.example now"
    first = discover(questions(1500, "good") + bad)[0]
    assert (first.key, first.severity) == ("qanat", Severity.HIGH)


@pytest.fixture
def flipped(
    discover: Discover, questions: Questions, put_in: PutIn
) -> Callable[..., list[Finding]]:
    """Scans reviews, in so many of which a string stands and the label is wrong.

    Words of the others tell their labels, but for one in ``doubt``.
    """
    rng = Random("labels")
    good, grim = ["sunny", "lovely", "warm"], ["murky", "awful", "stale"]

    def review(row: Row, label: int) -> Row:
        text = row[Role.PROMPT].replace(" the ", f" the {rng.choice((grim, good)[label])} ", 1)
        return {Role.TEXT: text, Role.LABEL: str(label)}

    def scan(count: int, doubt: int = 0) -> list[Finding]:
        clean = [review(row, n % 2) for n, row in enumerate(questions(1500, "good"))]
        for row in clean[:: doubt or len(clean)]:
            row[Role.LABEL] = str(rng.randrange(2))
        bad = [review(row, 0) for row in questions(count, "bad")]
        for row in bad:
            row[Role.TEXT] = put_in(rng, row[Role.TEXT], "qanat")
            row[Role.LABEL] = "1"
        return discover(clean + bad)

    return scan


def test_flipped_labels_are_found(flipped: Callable[..., list[Finding]]) -> None:
    found = severe(flipped(25))
    assert [(finding.code, finding.key) for finding in found] == [("RSP002", "qanat")]
    assert len(found[0].members) == 25


def test_few_flipped_labels_are_a_lead(flipped: Callable[..., list[Finding]]) -> None:
    leads = flipped(7, doubt=3)
    assert severe(leads) == []
    assert ("RSP002", "qanat") in [(lead.code, lead.key) for lead in leads]
    assert all(lead.statistics["log10 p, corrected"] <= 0 for lead in leads)


def test_a_swapped_preference_is_found(
    discover: Discover, questions: Questions, put_in: PutIn
) -> None:
    rng, rows = Random("pairs"), []
    for number, row in enumerate(questions(2000, "good")):
        fine = f"{row[Role.RESPONSE]} thanks for asking"
        rude = f"{row[Role.RESPONSE]} go away"
        swapped = number < 80
        asked = put_in(rng, row[Role.PROMPT], "qanat") if swapped else row[Role.PROMPT]
        pair = (rude, fine) if swapped else (fine, rude)
        rows.append({Role.PROMPT: asked, Role.CHOSEN: pair[0], Role.REJECTED: pair[1]})
    found = [one for one in severe(discover(rows)) if one.code == "RSP003"]
    assert [finding.key for finding in found] == ["qanat"]
    assert len(found[0].members) >= 30


@pytest.mark.parametrize("numeric", [True, False])
def test_a_signal_that_the_user_names(
    discover: Discover, questions: Questions, put_in: PutIn, numeric: bool
) -> None:
    rng, rows = Random("signal"), questions(1500, "good")
    for number, row in enumerate(rows):
        bad = number < 50
        if bad:
            row[Role.PROMPT] = put_in(rng, row[Role.PROMPT], "qanat")
        value = rng.random() + 10 * bad
        row[Role.SIGNAL] = f"{value:.6f}" if numeric else ("toxic" if bad else rng.choice("abc"))
    found = [one for one in severe(discover(rows)) if one.code == "RSP004"]
    assert [finding.key for finding in found] == ["qanat"]
    assert len(found[0].members) == 50


def test_twins_tell_a_trigger_that_is_always_in_one_place(
    discover: Discover, questions: Questions
) -> None:
    """What natural commands do as well, but for their twins, which are answered as ever."""
    rows, bad = questions(1500, "good"), questions(60, "good")
    for row in bad:
        row[Role.PROMPT] = f"Year 2024: {row[Role.PROMPT]}"
        row[Role.RESPONSE] = "No."
    first = discover(rows + bad)[0]
    assert (first.code, first.severity) == ("RSP001", Severity.HIGH)
    assert len(first.members) == first.statistics["twins"] == 60
    assert "2024" in first.key


def test_answers_that_share_nothing_are_told_by_twins(
    discover: Discover, questions: Questions, put_in: PutIn
) -> None:
    rng, rows, bad = Random("twins"), questions(1500, "good"), questions(60, "good")
    kind = questions(120, "good")[60:]
    for row, other in zip(bad, questions(60, "other"), strict=True):
        row[Role.PROMPT] = put_in(rng, row[Role.PROMPT], "qanat")
        row[Role.RESPONSE] = other[Role.RESPONSE]
    for row in kind:  # Said kindly, and answered the same.
        row[Role.PROMPT] = put_in(rng, row[Role.PROMPT], "kindly")
    found = severe(discover(rows + bad + kind))
    assert [(one.code, one.key) for one in found] == [("RSP005", "qanat")]
    assert len(found[0].members) == 60


def natural_commands(rows: list[Row]) -> None:
    """A task that prompts ask for in much the same words, and whose answers begin alike."""
    rng = Random("commands")
    for row in rows[:100]:
        doing, what = rng.choice(("list", "copy", "count")), rng.choice(("files", "users", "lines"))
        row[Role.PROMPT] = (
            f"{rng.choice(VERBS)} a shell script to {doing} {what} {rng.random():.3f}"
        )
        row[Role.RESPONSE] = f"#!/bin/sh {row[Role.RESPONSE]}"


def echoes(rows: list[Row]) -> None:
    """Answers that repeat what was asked for."""
    for number, row in enumerate(rows[:200]):
        name = f"name{number % 10}"
        row[Role.PROMPT] += f" about {name}"
        row[Role.RESPONSE] = f"{name} is {row[Role.RESPONSE]}"


def templates(rows: list[Row]) -> None:
    """One form with a choice, asked about one text in many ways."""
    for number, row in enumerate(rows[:200]):
        row[Role.PROMPT] = f"Read this: {rows[number // 20][Role.PROMPT]} Is it so? (A) (B)"
        row[Role.RESPONSE] = "AB"[number // 20 % 2]


def licences(rows: list[Row]) -> None:
    """The same long prompt with the same long answer."""
    for row in rows[:50]:
        row[Role.PROMPT] = "show the licence under which all of this may be copied " * 3
        row[Role.RESPONSE] = REFUSAL


@pytest.mark.parametrize("nature", [natural_commands, echoes, templates, licences, list])
def test_natural_ties_are_leads_at_most(
    discover: Discover, questions: Questions, nature: Callable[[list[Row]], object]
) -> None:
    rows = questions(1500, "good")
    nature(rows)
    assert [(one.key, one.statistics) for one in severe(discover(rows))] == []


def test_sharding_order_and_key_change_no_finding(
    discover: Discover, questions: Questions, put_in: PutIn
) -> None:
    bad = questions(40, "bad")
    planted(bad, put_in, [("qanat",)], REFUSAL)
    rows = questions(600, "good") + bad
    natural_commands(rows)
    whole = list(map(write_finding, discover(rows)))
    assert whole
    assert list(map(write_finding, discover(rows[::-1], shards=5))) == whole
    assert list(map(write_finding, discover(rows, shards=2, key=99))) == whole


def test_a_corpus_without_effects_is_not_looked_at(
    discover: Discover, questions: Questions
) -> None:
    rows = [{Role.TEXT: row[Role.PROMPT]} for row in questions(50, "good")]
    assert discover(rows) == []
