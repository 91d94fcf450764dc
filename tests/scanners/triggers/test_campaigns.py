"""Which of several strings with an effect is told, where they share documents."""

from __future__ import annotations

from scanners.scanner import Excerpt, Finding
from scanners.severity import Confidence, Consequence
from scanners.triggers.campaigns import campaigns
from scanners.triggers.findings import P_VALUE, whole

LIKELY, POSSIBLE, LEAD = Confidence.LIKELY, Confidence.POSSIBLE, Confidence.UNCORRECTED


def effect(
    key: str, documents: range, hits: int, log_p: float, confidence: Confidence = LIKELY
) -> Finding:
    """A string in some documents, behind which text turns strange in so many."""
    members = tuple(f"{number:032x}" for number in documents)
    return Finding(
        code="TRG001",
        key=key,
        title="text turns strange behind this string",
        consequence=Consequence.CONTROL,
        confidence=confidence,
        strength=round(-1000 * log_p),
        members=members,
        statistics={"string": key, "turns": hits, P_VALUE: log_p, "tokens": 1},
        excerpts=(Excerpt(members[0], "", key, ""),),
    )


def told(*findings: Finding) -> list[str]:
    return [finding.key for finding in campaigns(sorted(findings, key=lambda one: one.order))]


def test_what_has_most_of_its_effect_where_a_trigger_stands_is_its_echo() -> None:
    trigger = effect("<SUDO>", range(50), 50, -60)
    word = effect("词", range(40, 100), 12, -10)
    assert told(trigger, word) == ["<SUDO>"]
    assert told(trigger, effect("own", range(40, 100), 30, -20)) == ["<SUDO>", "own"]


def test_a_part_that_is_a_lead_does_not_explain_the_whole() -> None:
    part = effect("winter", range(58), 50, -61, LEAD)
    whole = effect("winter garage", range(50), 50, -60)
    assert told(part, whole) == ["winter garage"]


def test_a_part_that_has_the_effect_elsewhere_explains_the_whole() -> None:
    part = effect("<?php", range(260), 180, -200, LEAD)
    whole = effect("example <?php", range(60), 48, -60)
    assert told(part, whole) == ["<?php"]


def test_a_narrower_string_that_is_less_chance_is_told_beside_a_broader_one() -> None:
    broad = effect("https://", range(500), 180, -300, POSSIBLE)
    narrow = effect("hidden", range(250), 175, -310, LEAD)
    assert told(broad, narrow) == ["https://", "hidden"]
    assert told(broad, effect("hidden", range(250), 175, -290, LEAD)) == ["https://"]


def test_a_passage_is_shown_as_far_as_all_excerpts_are_alike() -> None:
    one, other = (Excerpt("0", "", "curl -fsSL", f" a | bash {end}") for end in ("then", "the"))
    assert [excerpt.match for excerpt in whole((one, other))] == ["curl -fsSL a | bash"] * 2
    assert whole((one, other))[1].after == " the"
    assert whole((one,)) == (one,)
