"""Trace: each way to match, no false exact match, places, models, the past, damage."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from lineage.errors import UsageError
from lineage.fingerprint.query import prints_of
from lineage.graph import Basis, Edge, Kind, Node, Relation
from lineage.queries.trace import Asked, Trace, Tracer, trace
from lineage.queries.verified import longest_run, verified
from lineage.store import as_of, declare, lookup, rebuild, segment_build, verify
from lineage.store.lookup import drop_segments, open_lookup, read_segments, refresh
from lineage.store.matching import Match, matches
from tests.queries.conftest import Known, fill, prose, write


@pytest.fixture(scope="module")
def tracer(known: Known) -> Tracer:
    """The store, opened once."""
    return Tracer(known.store)


def told(answer: Trace) -> list[tuple[str, str, int]]:
    return [
        (str(found.match), where.dataset, found.place.record)
        for found in answer.found
        for where in found.where
    ]


def test_a_text_is_found_in_every_way(known: Known, tracer: Tracer) -> None:
    answer = tracer.text(known.text)
    assert dict(answer.totals) == {
        Match.EXACT: 1,
        Match.NORMALISED: 2,
        Match.NEAR: 1,
        Match.PASSAGE: 1,
    }
    assert told(answer) == [
        ("exact", "one", 10),
        ("normalised", "two", 10),
        ("normalised", "two", 11),
        ("near", "two", 12),
        ("passage", "two", 13),
    ]
    near, passage = answer.found[3], answer.found[4]
    assert near.similarity == pytest.approx(0.93, abs=3 * (near.error or 0) + 0.01)
    assert 8 <= passage.words <= passage.words_likely <= 55
    assert answer.words == 120


def test_the_text_of_several_roles_is_exact(known: Known, tracer: Tracer) -> None:
    words = known.text.split()
    joined = f"{' '.join(words[:60])}\n{' '.join(words[60:])}"
    answer = tracer.text(joined)
    assert told(answer)[0] == ("exact", "two", 10)
    assert answer.totals[Match.EXACT] == 1


@pytest.mark.parametrize("change", [" ", ".", "\n", "\u200b", "A"])
def test_nothing_else_is_exact(known: Known, tracer: Tracer, change: str) -> None:
    for text in (known.text + change, change + known.text, known.text[:-1]):
        assert not tracer.text(text).totals[Match.EXACT]


def test_a_paragraph_within_another_text_is_found(known: Known, tracer: Tracer) -> None:
    answer = tracer.text(f"{prose(90)} {known.passage} {prose(40)}")
    assert {(d, r) for _, d, r in told(answer)} >= {("one", 10), ("two", 13)}
    assert set(answer.totals) == {Match.PASSAGE}


def test_text_that_is_not_there_is_not_found(tracer: Tracer) -> None:
    for text in (prose(200), "one word", "?!"):
        assert not tracer.text(text).totals


def test_models_come_with_their_way(known: Known, tracer: Tracer) -> None:
    answer = tracer.text(known.text)
    assert [(m.name, len(m.way), str(m.basis)) for m in answer.models] == [
        ("base", 1, "declared"),
        ("tuned", 2, "declared"),
    ]
    rows = answer.table().to_pylist()
    assert {row["models"] for row in rows if row["dataset"] == "two"} == {"base, tuned"}
    assert {row["models"] for row in rows if row["dataset"] == "one"} == {""}
    assert not tracer.digest("f" * 32).models


def test_digests_urls_and_shards(known: Known, tracer: Tracer) -> None:
    own = tracer.text(known.text).found[0]
    assert told(tracer.digest(own.document)) == [("exact", "one", 10)]
    assert tracer.digest(own.shard).totals[Match.EXACT] == 11
    for url in ("http://example.org/a/?q=1", "https://EXAMPLE.org/a/?q=1#x"):
        assert told(tracer.url(url)) == [("exact", "one", 10)]
    assert not tracer.url("http://example.org/A/?q=1").totals
    assert not tracer.url("http://example.org/").totals
    assert told(tracer.domain("example.org")) == [("exact", "one", 10), ("exact", "two", 13)]
    assert not tracer.domain("ample.org").totals
    with pytest.raises(UsageError, match="not a digest"):
        tracer.digest("sha256:12")


def test_a_file_may_end_in_a_line_feed(known: Known, tracer: Tracer) -> None:
    file = known.folder / "asked.txt"
    file.write_text(known.text + "\n", encoding="utf-8")
    assert trace(known.store, file=str(file)).totals[Match.EXACT] == 1
    with pytest.raises(UsageError, match="one of"):
        trace(known.store, "a", file=str(file))
    with pytest.raises(UsageError, match="no text"):
        tracer.text("")


def test_the_list_is_bounded_and_the_totals_are_not(known: Known, tracer: Tracer) -> None:
    answer = tracer.text(known.text, limit=2)
    assert len(answer.found) == 2
    assert sum(answer.totals.values()) == 5
    assert sum(sum(held.records.values()) for held in answer.snapshots) == 5
    assert answer.found == tracer.text(known.text).found[:2]


def test_records_are_read_again(known: Known, tracer: Tracer) -> None:
    answer = tracer.text(known.text)
    checked = [found.checked for found in verified(known.store, Asked(known.text), answer).found]
    exact, roles, upper, near, passage = (one for one in checked if one is not None)
    assert (exact.same, exact.jaccard, exact.words, exact.run) == (True, 1, 120, known.text)
    assert (upper.same, upper.jaccard) == (False, 1)
    assert roles.jaccard == 1
    assert near.jaccard == pytest.approx(112 / 120, abs=0.005)
    assert (passage.words, passage.run) == (55, known.passage)


def test_the_longest_run_of_words() -> None:
    a, b = np.arange(1, 60, dtype=np.uint64), np.arange(20, 90, dtype=np.uint64)
    assert longest_run(a, b) == (19, 40)
    assert longest_run(a[:7], a) == (0, 0)


def test_models_of_a_snapshot_that_was_declared_by_name_before_it_came(fresh: Known) -> None:
    early, late = (Node(Kind.ARTIFACT, name) for name in ("early", "late"))
    learned = Edge(early, Relation.TRAINED_ON, Node(Kind.SNAPSHOT, "four@1"), Basis.DECLARED)
    wrote = Edge(Node(Kind.SOURCE, "made"), Relation.GENERATED_BY, early, Basis.DECLARED)
    read = Edge(late, Relation.TRAINED_ON, Node(Kind.SOURCE, "made"), Basis.INFERRED_SKETCH)
    declare(fresh.store, edges=[learned, wrote, read])
    fill(fresh.store, "four", write(fresh.folder / "four.jsonl", [{"text": fresh.text}]))
    models = {model.name: model.basis for model in trace(fresh.store, fresh.text).models}
    assert models["early"] is Basis.DECLARED
    assert models["late"] is Basis.INFERRED_SKETCH


def test_the_past_knows_only_what_was_there(fresh: Known) -> None:
    fill(fresh.store, "late", write(fresh.folder / "late.jsonl", [{"text": fresh.text}]))
    assert trace(fresh.store, fresh.text).totals[Match.EXACT] == 2
    with as_of(fresh.store, "2") as past:
        answer = trace(past, fresh.text)
    assert dict(answer.totals) == {Match.EXACT: 1}
    assert told(answer) == [("exact", "one", 10)]
    assert not answer.models


def hits(known: Known) -> set[tuple[str, tuple[int, int], float]]:
    found = set()
    for hit in matches(open_lookup(known.store), prints_of(known.text), 0.8):
        docs = hit.opened.segment.array("doc")[hit.rows].tolist()
        found |= {(str(hit.match), tuple(d), s) for d, s in zip(docs, hit.strength, strict=True)}
    return found


def test_segments_say_the_same_however_they_were_made(
    fresh: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = hits(fresh)
    (one,) = read_segments(fresh.store)
    shutil.rmtree(fresh.store.root / "segments")
    monkeypatch.setattr(segment_build, "PARTITION", 16)
    monkeypatch.setattr(lookup, "ROWS", 1)
    assert refresh(fresh.store) == 3
    assert len(read_segments(fresh.store)) == 3
    assert hits(fresh) == whole
    fill(fresh.store, "four", write(fresh.folder / "four.jsonl", [{"text": prose(30)}] * 40))
    monkeypatch.setattr(lookup, "FAN", 2)
    refresh(fresh.store)
    (merged,) = read_segments(fresh.store)
    assert merged.rows == one.rows + 40
    assert hits(fresh) == whole


def test_a_killed_merge_leaves_both_and_counts_once(
    fresh: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = hits(fresh)
    monkeypatch.setattr(lookup, "ROWS", 1)
    drop_segments(fresh.store)
    refresh(fresh.store)
    segment_build.merge(fresh.store, read_segments(fresh.store))  # and then the kill
    assert len(read_segments(fresh.store)) == 4
    assert hits(fresh) == whole
    refresh(fresh.store)
    assert len(read_segments(fresh.store)) == 1
    assert hits(fresh) == whole


def test_damage_is_seen_and_mended(fresh: Known) -> None:
    whole = hits(fresh)
    assert not verify(fresh.store)
    (segment,) = read_segments(fresh.store)
    file = segment.folder / "doc.keys.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\x07")
    (damage,) = verify(fresh.store)
    assert "doc.keys.npy" in damage.why
    rebuild(fresh.store)
    assert not verify(fresh.store)
    assert hits(fresh) == whole
    (fresh.store.root / "segments").rename(fresh.folder / "gone")
    assert hits(fresh) == whole
