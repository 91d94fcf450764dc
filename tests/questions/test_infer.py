"""Lineage from content: classes, containments, shares, and edges without direction."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

import foretaste
from lineage.errors import UsageError
from lineage.graph import Basis, Edge, Kind, Node, Relation
from lineage.ingest import ingest
from lineage.queries.compare import Options, Relationship
from lineage.queries.infer import Inferred, Pair, infer
from lineage.queries.shares import Share, interval
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Store, as_of, declare, find_snapshot, load_edges
from lineage.store.snapshots import Destination
from lineage.store.store import open_store

DRAW = random.Random("infer")
WORDS = [f"word{n}" for n in range(800)]


def text(words: int = 60) -> str:
    return " ".join(DRAW.choices(WORDS, k=words))


def edited(original: str) -> str:
    return original.replace(" ", " really ", 1)


POSTS = [text() for _ in range(300)]
POSTS += POSTS[:20] * 2
OTHER = [text() for _ in range(240)]
SNAPSHOTS = {
    "posts": POSTS,
    "recut": DRAW.sample(POSTS, len(POSTS)),
    "distinct": sorted(set(POSTS)),
    "filtered": [p for p in POSTS if p < "word5"],
    "few": [p for p in POSTS if p < "word3"],
    "other": OTHER,
    "mixed": OTHER + POSTS[100:105],
    "edited": [edited(p) for p in POSTS[:200]] + POSTS[200:],
    "twice": OTHER[:40] * 2,
}


def take_in(store: Store, folder: Path, name: str, texts: list[str]) -> None:
    folder.mkdir(parents=True)
    if name == "recut":
        pq.write_table(pa.table({"text": texts[:100]}), folder / "a.parquet")
        pq.write_table(pa.table({"text": texts[100:]}), folder / "b.parquet")
    else:
        lines = "".join(json.dumps({"text": one}) + "\n" for one in texts)
        (folder / "a.jsonl").write_text(lines)
    ingest(store, locate([str(folder)], None), Destination(name, "1"), ReadingRecipe())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Give a store with ``SNAPSHOTS``; nothing is written to it."""
    folder = tmp_path_factory.mktemp("infer")
    store = open_store(folder / "store", hash_key="infer")
    for name, texts in SNAPSHOTS.items():
        take_in(store, folder / name, name, texts)
    return store


@pytest.fixture(scope="module")
def answer(store: Store) -> Inferred:
    """Give what follows of all snapshots, what is implied included."""
    return infer(store, dry_run=True, options=Options(full=True))


def bare(pair: Pair) -> tuple[str, str]:
    return pair.first.name.removesuffix("@1"), pair.second.name.removesuffix("@1")


def directions(pair: Pair) -> list[tuple[str, str, Share]]:
    first, second = bare(pair)
    return [(first, second, pair.share), (second, first, pair.other)]


def true_shares(mine: str, other: str) -> tuple[float, ...]:
    copies, there = Counter(SNAPSHOTS[mine]), set(SNAPSHOTS[other])
    rows = [(1, len(t), n, n * len(t), t in there) for t, n in copies.items()]
    return tuple(sum(r[k] for r in rows if r[4]) / sum(r[k] for r in rows) for k in range(4))


def test_the_same_documents_are_one_class_in_any_cut(answer: Inferred) -> None:
    classes = [{one.name for one in members} for members in answer.classes if len(members) > 1]
    assert classes == [{"posts@1", "recut@1", "distinct@1"}]
    (members,) = [members for members in answer.classes if len(members) > 1]
    copies = {one.name: one.copies for one in members}
    assert copies["posts@1"] == copies["recut@1"] != copies["distinct@1"]


def test_containments_are_reduced(store: Store, answer: Inferred) -> None:
    contained = {bare(p): p.through for p in answer.pairs if p.kind is Relationship.CONTAINED}
    assert contained == {
        ("few", "filtered"): "",
        ("few", "posts"): "filtered@1",
        ("filtered", "posts"): "",
        ("other", "mixed"): "",
        ("twice", "other"): "",
        ("twice", "mixed"): "other@1",
    }
    reduced = infer(store, dry_run=True)
    assert not any(pair.through for pair in reduced.pairs)
    assert reduced.implied == sum(bool(pair.through) for pair in answer.pairs)
    assert len(reduced.pairs) == len(answer.pairs) - reduced.implied


def test_shares_are_those_of_the_texts(answer: Inferred) -> None:
    seen = set()
    for pair in answer.pairs:
        for mine, other, share in directions(pair):
            part = share.exact
            found = (part.documents, part.bytes, part.records, part.record_bytes)
            assert found == pytest.approx(true_shares(mine, other)), (mine, other)
            assert share.low == share.high == part.documents
            seen.add((mine, other))
    assert ("mixed", "posts") in seen
    assert len(seen) > 20


def test_light_edits_are_seen_as_near(answer: Inferred) -> None:
    (pair,) = [p for p in answer.pairs if bare(p) == ("posts", "edited")]
    assert pair.share.exact.documents < 0.5
    for share in (pair.share, pair.other):
        assert share.near is not None
        assert share.near.documents == pytest.approx(1, abs=0.01)
        assert share.words is not None
        assert share.words.documents == pytest.approx(share.exact.documents)


def test_samples_tell_their_error(store: Store) -> None:
    options = Options(exact=0, sample=64, near=False, full=True, least=0.05)
    answer = infer(store, dry_run=True, options=options)
    told = [(p, way) for p in answer.pairs if not p.counted for way in directions(p)]
    assert len(told) >= 10
    wrong = 0
    for pair, (mine, other, share) in told:
        assert pair.basis is Basis.INFERRED_SKETCH
        assert share.low < share.high or share.low in (0, 1)
        wrong += not share.low <= true_shares(mine, other)[0] <= share.high
    assert wrong <= len(told) / 5
    kinds = {bare(p): p.kind for p in answer.pairs}
    assert kinds["filtered", "posts"] is Relationship.CONTAINED


def test_near_copies_are_estimated_from_samples_too(store: Store) -> None:
    pairs = infer(
        store, "posts", "edited", dry_run=True, options=Options(exact=0, sample=100)
    ).pairs
    (pair,) = pairs
    assert not pair.counted
    assert pair.share.near is not None
    assert pair.share.near.documents == pytest.approx(1, abs=0.02)


@given(st.integers(1, 40), st.data())
def test_an_interval_leaves_out_what_is_unlikely(population: int, data: st.DataObject) -> None:
    sampled = data.draw(st.integers(1, population))
    found = data.draw(st.integers(0, sampled))
    low, high = interval(found, sampled, population)
    counts = range(found, population - sampled + found + 1)
    at_least = [hypergeom.sf(found - 1, population, m, sampled) for m in counts]
    at_most = [hypergeom.cdf(found, population, m, sampled) for m in counts]
    for count, tail in zip(counts, map(min, at_least, at_most), strict=True):
        if abs(tail - 0.025) > 1e-9:
            assert (low <= count / population <= high) == (tail > 0.025)


def test_two_that_are_named_are_compared_whatever_they_share(store: Store) -> None:
    (pair,) = foretaste.infer("few", "other", store=store, dry_run=True).pairs
    assert pair.kind is Relationship.APART
    assert pair.most == 0
    (mixed,) = infer(store, "posts", "mixed", dry_run=True).pairs
    assert mixed.share.exact.documents == pytest.approx(5 / 245)


@pytest.mark.parametrize("names", [("posts",), ("posts", "posts@1"), ("posts", "nobody")])
def test_what_cannot_be_compared_is_refused(store: Store, names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        infer(store, *names)


def test_edges_are_written_once_and_have_no_direction(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    for name in ("posts", "filtered", "distinct"):
        take_in(store, tmp_path / name, name, SNAPSHOTS[name])
    with as_of(store, "100") as past:
        assert infer(past).written is None
    assert load_edges(store, (Basis.INFERRED_EXACT, Basis.INFERRED_SKETCH)) == ()
    assert infer(store).written == 2
    assert infer(store).written == 0
    edges = load_edges(store, (Basis.INFERRED_EXACT,))
    roots = {name: str(find_snapshot(store, name).root) for name in ("posts", "filtered")}
    assert {edge.relation for edge in edges} == {Relation.OVERLAPS}
    assert {edge.facts["direction"] for edge in edges} == {"undirected"}
    contained = {e.facts["content"]: e for e in edges}["contained"]
    assert (contained.child.id, contained.parent.id) == (roots["filtered"], roots["posts"])
    assert contained.facts["child_in_parent"]["exact"]["documents"] == 1
    run = Node(Kind.RUN, "filter-1")
    ends = {name: Node(Kind.SNAPSHOT, root) for name, root in roots.items()}
    declare(
        store,
        edges=[
            Edge(run, Relation.READ, ends["posts"], Basis.DECLARED),
            Edge(ends["filtered"], Relation.WRITTEN_BY, run, Basis.DECLARED),
        ],
    )
    told = {pair.kind: pair.descent for pair in infer(store, dry_run=True).pairs}
    assert told[Relationship.CONTAINED] == "declared: filtered@1 from posts@1"
    assert told[Relationship.EQUAL] == "undirected"


def test_a_table_has_a_row_a_direction(answer: Inferred) -> None:
    rows = answer.table().to_pylist()
    assert len(rows) == 2 * len(answer.pairs)
    row = next(r for r in rows if (r["snapshot"], r["other"]) == ("mixed@1", "posts@1"))
    assert row["share"] == pytest.approx(5 / 245)
    assert (row["content"], row["descent"], row["documents"]) == ("overlap", "undirected", 245)
    empty = replace(answer, pairs=())
    assert empty.table().num_rows == 0
    assert empty.table().schema == answer.table().schema
