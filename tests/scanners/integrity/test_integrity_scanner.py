"""Malformed records, parser differentials, and the law of re-sharding."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.model import Reason, Remark
from lineage.shards.batch import Reading
from scanners.integrity.kinds import KINDS, kind_of
from scanners.scanner import Finding
from scanners.severity import Severity

Scan = Callable[..., list[Finding]]
DOCUMENT, OTHER, SALVAGED = Reading.DOCUMENT, Reading.OTHER, Reading.SALVAGED
READINGS = (("last wins", "poison"), ("first wins", "clean"))


def test_two_contents_of_one_record_are_high_with_both_readings(scan, record) -> None:
    twice = record(
        (("poison", "", DOCUMENT), ("clean", "", OTHER)), (Reason.DUPLICATE_KEY,), READINGS
    )
    [finding] = scan([record((("plain", "", DOCUMENT),)), twice])
    assert (finding.code, finding.severity) == ("INT002", Severity.HIGH)
    assert finding.key == "duplicate-key: other content"
    assert [(e.before, e.match) for e in finding.excerpts] == [
        ("last wins: ", "poison"),
        ("first wins: ", "clean"),
    ]
    assert finding.members == (finding.excerpts[0].document,)


def test_other_metadata_and_equal_values_are_low(scan, record) -> None:
    metadata = record(
        (("same", "b", DOCUMENT), ("same", "a", OTHER)), (Reason.DUPLICATE_KEY,), READINGS
    )
    equal = record((("alike", "", DOCUMENT),), (Reason.DUPLICATE_KEY,))
    findings = {finding.key: finding for finding in scan([metadata, equal])}
    assert set(findings) == {"duplicate-key", "duplicate-key: other fields"}
    assert {finding.severity for finding in findings.values()} == {Severity.LOW}


def test_quarantined_records_can_have_two_contents_too(scan, record) -> None:
    reasons = (Reason.LONE_SURROGATE, Reason.DUPLICATE_KEY)
    twice = record((("poison", "", SALVAGED), ("clean", "", OTHER)), reasons, READINGS)
    findings = {finding.key: finding for finding in scan([twice])}
    assert set(findings) == {"lone-surrogate", "duplicate-key: other content"}
    content = findings["duplicate-key: other content"]
    assert (content.severity, len(content.members)) == (Severity.HIGH, 1)
    assert content.members == findings["lone-surrogate"].members


def test_several_values_are_no_two_readings_of_one(scan, record) -> None:
    reasons = (Reason.SEVERAL_VALUES, Reason.DUPLICATE_KEY)
    values = record((("one", "", SALVAGED), ("two", "", SALVAGED)), reasons)
    assert {finding.key for finding in scan([values])} == {"several-values", "duplicate-key"}


def test_differentials_of_a_whole_shard_are_judged_by_their_readings(scan, record) -> None:
    [finding] = scan([record((), (Reason.DUPLICATE_KEY,), READINGS)])
    assert finding.key == "duplicate-key: replaced column"
    assert finding.severity is Severity.MEDIUM
    assert finding.members == ()


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.DUPLICATE_KEY}))
def test_every_other_reason_is_low_and_named(scan, record, reason: Reason) -> None:
    broken = record((("half a record", "", SALVAGED),), (reason,))
    [finding] = scan([broken, broken, record((("fine", "", DOCUMENT),))])
    assert finding.severity is Severity.LOW
    assert finding.statistics == {"records": 2, "documents": 1}
    assert finding.excerpts[0].match == "half a record"


def test_a_truncated_record_is_a_malformed_one(scan, record) -> None:
    cut = record((("cut", "", SALVAGED),), (Reason.TRUNCATED,))
    bad = record((("bad", "", SALVAGED),), (Reason.MALFORMED,))
    assert [finding.key for finding in scan([cut, bad])] == ["malformed"]


def test_records_salvaged_in_pieces_count_once_and_nothing_salvaged_has_no_member(
    scan, record
) -> None:
    pieces = record((("one", "", SALVAGED), ("two", "", SALVAGED)), (Reason.TOO_LARGE,))
    lost = record((), (Reason.TOO_LARGE,))
    [finding] = scan([pieces, lost])
    assert finding.statistics == {"records": 2, "documents": 2}
    assert len(finding.members) == 2


def test_nothing_wrong_no_finding(scan, record) -> None:
    assert scan([]) == []
    assert scan([record((("fine", "", DOCUMENT),))] * 5) == []


def test_every_reason_has_a_kind_whose_name_holds_no_position() -> None:
    remarks = [Remark(7, 70, reason, "at 7", True, READINGS) for reason in Reason]
    sides: list[list[tuple[int, int]]] = [[], [(1, 1)], [(2, 2)]]
    names = {
        kind_of(remark, main, other) for remark in remarks for main in sides for other in sides
    }
    assert names <= set(KINDS)
    assert "7" not in "".join(names)


def test_other_readings_without_a_remark_are_found(scan, record) -> None:
    rows = (("poison", "", DOCUMENT), ("clean", "", OTHER))
    [finding] = scan([record(rows)])
    assert (finding.severity, finding.statistics["records"]) == (Severity.HIGH, 1)


@settings(deadline=None, max_examples=30)
@given(data=st.data(), shards=st.integers(1, 5), size=st.integers(1, 6))
def test_resharding_changes_nothing(scan, record, data, shards: int, size: int) -> None:
    texts = st.sampled_from(["a", "b", "c", "d"])
    broken = st.builds(
        lambda text, reason: record(((text, "", SALVAGED),), (reason,)),
        texts,
        st.sampled_from(sorted(set(Reason) - {Reason.DUPLICATE_KEY})),
    )
    twice = st.builds(
        lambda text, other: record(
            ((text, "", DOCUMENT), (other, "", OTHER)), (Reason.DUPLICATE_KEY,), READINGS
        ),
        texts,
        texts,
    )
    records = data.draw(st.lists(broken | twice, max_size=25))
    assert scan(records[::-1], shards, size) == scan(records)
