"""Findings of scans are kept in order and found by the beginning of an id."""

from __future__ import annotations

import pytest

from lineage.errors import UsageError
from lineage.model import Digest
from lineage.store import (
    Store,
    StoredFinding,
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
