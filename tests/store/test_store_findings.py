"""Findings of scans are kept in order and found by the beginning of an id."""

from __future__ import annotations

import pytest

from lineage.errors import UsageError
from lineage.model import Digest
from lineage.store import (
    Store,
    StoredFinding,
    fact_strings,
    find_scan,
    load_finding,
    load_findings,
    load_scan,
    rebuild,
    save_scan,
)

ROOT = Digest("sha256", "12" * 32)


def finding(id: str, title: str = "t", lone: str = "\ud800") -> StoredFinding:
    return StoredFinding(id, id[:3], "high", title, "rev", 2, {"text": lone, "n": [1, 2]})


def test_round_trip_in_order(store: Store) -> None:
    findings = [finding("TRG-b"), finding("DUP-a"), finding("TRG-a")]
    scan = save_scan(store, ROOT, ["r2", "r1"], findings, {"complete": True})
    loaded = load_scan(store)
    assert (loaded.scan, loaded.root, loaded.recipes) == (scan, ROOT, ("r1", "r2"))
    assert loaded.facts == {"complete": True}
    assert list(loaded.findings) == findings
    assert load_scan(store, scan[:5]) == loaded


def test_the_same_result_is_the_same_scan(store: Store) -> None:
    first = save_scan(store, ROOT, ["r"], [finding("TRG-a")])
    other = save_scan(store, ROOT, ["r"], [finding("TRG-b")])
    assert first != other
    assert load_scan(store).scan == other
    assert save_scan(store, ROOT, ["r"], [finding("TRG-a")]) == first
    assert load_scan(store).scan == first
    assert len(load_findings(store)) == 1


def test_prefixes(store: Store) -> None:
    save_scan(store, ROOT, ["r"], [finding("TRG-ab"), finding("TRG-abc"), finding("DUP-x")])
    assert load_finding(store, "dup").id == "DUP-x"
    assert load_finding(store, "TRG-ab").id == "TRG-ab"
    for prefix in ("TRG", "", "NIL"):
        with pytest.raises(UsageError):
            load_finding(store, prefix)


def test_the_newest_scan_wins(store: Store) -> None:
    save_scan(store, ROOT, ["r"], [finding("TRG-a", "old")])
    save_scan(store, ROOT, ["r"], [finding("TRG-a", "new")])
    assert load_finding(store, "TRG-a").title == "new"


def test_no_scan_is_said(store: Store) -> None:
    with pytest.raises(UsageError, match="no scan"):
        load_findings(store)


def test_findings_survive_a_rebuild(store: Store) -> None:
    save_scan(store, ROOT, ["r"], [finding("TRG-a")])
    before = load_scan(store)
    rebuild(store)
    assert load_scan(store) == before


def test_scans_are_found_by_what_they_are_of(store: Store) -> None:
    def save(recipes: list[str], subject: str, shards: list[str | None], why: str = "") -> str:
        coverage = [{"digest": digest} for digest in shards]
        facts = {"subject": subject, "failed": {"X": why} if why else {}, "coverage": coverage}
        return save_scan(store, ROOT, recipes, [finding(f"TRG-{subject}")], facts)

    first = save(["b", "a"], "one", ["d1", None])
    save(["a", "b"], "two", ["d2"])
    save(["a"], "one", ["d3"])
    save(["a", "b"], "one", ["d4"], "broken")
    sound = {"failed": "{}"}
    found = find_scan(store, ["a", "b"], {**sound, "subject": "one"})
    assert found == load_scan(store, first)
    assert find_scan(store, ["a", "b"], {**sound, "subject": "three"}) is None
    assert find_scan(store, ["c"], {}) is None
    assert fact_strings(store, ["b", "a"], sound, "$.coverage[*].digest") == {"d1", "d2"}
    assert fact_strings(store, ["c"], sound, "$.coverage[*].digest") == set()


def test_saving_the_newest_scan_again_writes_nothing(store: Store) -> None:
    scan = save_scan(store, ROOT, ["r"], [finding("TRG-a")])
    journal = (store.root / "journal.jsonl").read_bytes()
    assert save_scan(store, ROOT, ["r"], [finding("TRG-a")]) == scan
    assert (store.root / "journal.jsonl").read_bytes() == journal
