"""What changed between two snapshots: counts that add up, rows, reasons."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import foretaste
from lineage.errors import UsageError
from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.ingest import ingest
from lineage.queries.diff import Change, Diff, diff
from lineage.queries.pairing import matched
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Store, StoredFinding, declare, find_snapshot, save_scan
from lineage.store.snapshots import Destination
from lineage.store.store import open_store

Records = Sequence[dict[str, Any]]


def take_in(store: Store, name: str, shards: dict[str, Records]) -> None:
    folder = store.root.parent / name
    folder.mkdir(exist_ok=True)
    for shard, records in shards.items():
        (folder / shard).write_text("".join(json.dumps(record) + "\n" for record in records))
    ingest(store, locate([str(folder)], None), Destination(name, "1"), ReadingRecipe())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Give a store with two states of a few pages."""
    store = open_store(tmp_path_factory.mktemp("diff") / "store")
    base = [f"Page {n} tells {' '.join(str(n * k) for k in range(60))}." for n in range(8)]
    old = [{"url": f"u{n}", "text": text} for n, text in enumerate(base)]
    new = [dict(page) for page in old]
    new[1]["text"] += " More."
    new[2]["url"] = "renamed"
    new[7]["url"] = None
    take_in(store, "old", {"a.jsonl": old[:5], "b.jsonl": [*old[5:], {"text": "no key"}]})
    kept = [new[0], new[1], new[2], new[3], new[7], {"text": "no key"}, {"url": "u99", "text": "x"}]
    take_in(store, "new", {"first.jsonl": kept[:4], "second.jsonl": [*kept[4:], new[4]]})
    return store


def counts(answer: Diff) -> dict[str, int]:
    return {str(change): count for change, count in answer.counts.items() if count}


def reconciles(answer: Diff) -> bool:
    total = sum(answer.counts.values())
    old, new = total - answer.counts[Change.ADDED], total - answer.counts[Change.REMOVED]
    changed = sum(answer.reasons.values()) == total - answer.counts[Change.UNCHANGED]
    return (old, new) == (answer.old.records, answer.new.records) and changed


def test_by_key_a_page_is_edited_and_by_content_it_is_another(store: Store) -> None:
    by_url = diff(store, "old", "new", by="url")
    assert counts(by_url) == {"unchanged": 3, "moved": 1, "edited": 1, "removed": 4, "added": 3}
    by_content = diff(store, "old", "new")
    assert counts(by_content) == {"unchanged": 5, "moved": 1, "removed": 3, "added": 2}
    near = diff(store, "old", "new", near=True)
    assert counts(near) == {"unchanged": 5, "moved": 1, "edited": 1, "removed": 2, "added": 1}
    assert all(map(reconciles, (by_url, by_content, near)))
    assert by_url.keyed == (8, 6)


def test_rows_tell_places_and_where_content_went(store: Store) -> None:
    rows = diff(store, "old", "new", by="url").rows().to_pylist()
    by_key = {(row["change"], row["key"]): row for row in rows}
    moved = by_key["moved", "u4"]
    assert moved["old_shard"].endswith("old/a.jsonl")
    assert (moved["old_record"], moved["new_shard"][-12:], moved["new_record"]) == (
        4,
        "second.jsonl",
        3,
    )
    assert by_key["removed", "u2"]["twin"] == "renamed"
    assert by_key["added", "renamed"]["twin"] == "u2"
    assert by_key["removed", "u5"]["twin"] is None
    edited = by_key["edited", "u1"]
    assert edited["old_document"] != edited["new_document"]
    near_rows = diff(store, "old", "new", near=True).rows().to_pylist()
    (near,) = [row for row in near_rows if row["change"] == "edited"]
    assert near["similarity"] > 0.8


def test_nothing_differs_from_itself(store: Store) -> None:
    for by, near in ((None, True), ("url", False)):
        answer = diff(store, "old", "old", by=by, near=near)
        assert counts(answer) == {"unchanged": 9}
        assert answer.rows().num_rows == 0


def test_a_key_that_no_record_has_is_refused(store: Store) -> None:
    with pytest.raises(UsageError):
        diff(store, "old", "new", by="id")
    with pytest.raises(UsageError):
        diff(store, "old", "new", by="colour")


ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 2)), max_size=12)


@settings(max_examples=30, deadline=None)
@given(ROWS, ROWS)
def test_rows_are_paired_as_multisets_are(
    left: list[tuple[str | None, int]], right: list[tuple[str | None, int]]
) -> None:
    schema = {"key": pl.String, "text": pl.Int64}
    sides = [pl.DataFrame(rows, schema, orient="row").with_row_index("n") for rows in (left, right)]
    pairs = matched(*sides, ["key", "text"])
    common = Counter(r for r in left if r[0]) & Counter(r for r in right if r[0])
    assert Counter(left[n] for n in pairs["left"]) == common
    assert all(left[one] == right[other] for one, other in pairs.iter_rows())
    assert pairs["left"].is_unique().all()
    assert pairs["right"].is_unique().all()


def test_reasons_come_from_findings_decisions_and_runs(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    texts = [{"text": f"text number {n}", "source": "bad" if n == 3 else "good"} for n in range(6)]
    take_in(store, "old", {"a.jsonl": texts})
    take_in(store, "new", {"a.jsonl": [texts[0], {"text": "added"}]})
    before = diff(store, "old", "new")
    assert before.reasons == {(Change.REMOVED, "unknown"): 5, (Change.ADDED, "unknown"): 1}
    rows = before.rows().to_pylist()
    docs = [row["old_document"] for row in rows if row["change"] == "removed"]
    found = [
        StoredFinding(f"HID001-{n}", "HID001", "high", "t", "r", 1, {"members": [docs[n]]})
        for n in (0, 1)
    ]
    lead = StoredFinding("TRG003-0", "TRG003", "lead", "t", "r", 1, {"members": docs})
    roots = {name: str(find_snapshot(store, name).root) for name in ("old", "new")}
    save_scan(store, find_snapshot(store, "old").root, ["r"], [*found, lead])
    drop, keep, run = Node(Kind.DECISION, "d1"), Node(Kind.DECISION, "d2"), Node(Kind.RUN, "clean")
    declare(
        store,
        [
            Entity(drop, {"verdict": "exclude", "reason": "poison"}),
            Entity(keep, {"verdict": "accept-risk"}),
        ],
        [
            Edge(drop, Relation.ABOUT, Node(Kind.FINDING, "HID001-0"), Basis.DECLARED),
            Edge(drop, Relation.ABOUT, Node(Kind.SOURCE, "bad"), Basis.DECLARED),
            Edge(keep, Relation.ABOUT, Node(Kind.FINDING, "HID001-1"), Basis.DECLARED),
            Edge(run, Relation.READ, Node(Kind.SNAPSHOT, roots["old"]), Basis.DECLARED),
            Edge(Node(Kind.SNAPSHOT, roots["new"]), Relation.WRITTEN_BY, run, Basis.DECLARED),
        ],
    )
    answer = diff(store, "old", "new")
    assert answer.reasons == {
        (Change.REMOVED, "decision"): 2,
        (Change.REMOVED, "finding"): 1,
        (Change.REMOVED, "run"): 2,
        (Change.ADDED, "run"): 1,
    }
    reasons = Counter(row["reason"] for row in answer.rows().to_pylist())
    assert reasons == {"decision d1": 2, "finding HID001-1": 1, "run clean": 3}
    assert answer.table().to_pylist()[0] == {"change": "unchanged", "reason": None, "records": 1}
    foretaste.takedown(texts=["text number 5"], store=store)
    taken = foretaste.diff("old", "new", store=store)
    assert taken.reasons[Change.REMOVED, "takedown"] == 1
    assert taken.reasons[Change.REMOVED, "run"] == 1


def test_real_pages_by_url(shared_data: Path, tmp_path: Path) -> None:
    pair = shared_data / "corpora" / "snapshot-pairs"
    store = open_store(tmp_path / "store")
    for state in ("old", "new"):
        located = locate([str(pair / f"php-doc-en.{state}.jsonl.zst")])
        ingest(store, located, Destination("php", state), ReadingRecipe())
    answer = diff(store, "php@old", "php@new", by="url")
    assert counts(answer) == {"unchanged": 8972, "edited": 1952, "removed": 71, "added": 426}
    assert reconciles(answer)
