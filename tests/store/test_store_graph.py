"""The lineage graph: declared once, replaced when it changes, and as it was at a moment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.errors import StoreError, UsageError
from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.store import (
    as_of,
    canonical_dump,
    declare,
    find_snapshot,
    load_edges,
    load_entities,
    rebuild,
)
from lineage.store.store import Store, open_store

MODEL = Node(Kind.ARTIFACT, "taster-7b")
BASE = Node(Kind.ARTIFACT, "base'; DROP TABLE edge; --")
TUNED = Edge(MODEL, Relation.FINE_TUNED_FROM, BASE, Basis.DECLARED, {"by": "ü"})


@given(st.sampled_from(Kind), st.text(min_size=1))
def test_a_node_reads_as_it_is_written(kind: Kind, id: str) -> None:
    assert Node.parse(str(Node(kind, id))) == Node(kind, id)


@pytest.mark.parametrize("text", ["", "artifact", "artifact:", "planet:mars", "Artifact:x"])
def test_what_is_no_node_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"node|Kind"):
        Node.parse(text)


def test_what_is_declared_is_there_and_declared_once(store: Store) -> None:
    entity = Entity(MODEL, {"licence": "MIT", "bytes": 3})
    assert declare(store, [entity], [TUNED]) == 2
    assert declare(store, [entity], [TUNED]) == 0
    assert load_entities(store, Kind.ARTIFACT) == (entity,)
    (edge,) = load_edges(store)
    assert (edge.child, edge.parent, edge.facts, edge.event) == (MODEL, BASE, TUNED.facts, 1)


def test_new_facts_replace_old_ones(store: Store) -> None:
    for licence in ("MIT", "Apache-2.0"):
        declare(store, [Entity(MODEL, {"licence": licence})])
    (entity,) = load_entities(store)
    assert entity.facts == {"licence": "Apache-2.0"}


def test_a_rebuilt_index_is_the_same(store: Store) -> None:
    declare(store, [Entity(MODEL, {"a": [1, None]})], [TUNED])
    before = list(canonical_dump(store))
    rebuild(store)
    assert list(canonical_dump(store)) == before
    assert any(json.loads(line).get("table") == "edge" for line in before)


def test_the_store_knows_what_it_saw(filled: Store) -> None:
    edges = load_edges(filled, [Basis.RECORDED])
    shards = [edge for edge in edges if edge.relation is Relation.CONTAINS]
    for root in {edge.child.id for edge in shards}:
        parents = {edge.parent.id for edge in shards if edge.child.id == root}
        assert parents == {str(shard.digest) for shard in find_snapshot(filled, root).shards}


def test_the_past_is_what_it_was(store: Store) -> None:
    declare(store, [Entity(MODEL, {"state": "old"})])
    declare(store, [Entity(MODEL, {"state": "new"})], [TUNED])
    with as_of(store, "1") as past:
        assert load_entities(past)[0].facts == {"state": "old"}
        assert load_edges(past) == ()
        with pytest.raises(StoreError, match="past"):
            declare(past, [Entity(BASE)])
    with as_of(store, "1999-12-31") as past:
        assert load_entities(past) == ()
    with as_of(store, "2999-12-31T23:59+02:00") as past:
        assert load_entities(past)[0].facts == {"state": "new"}
    assert list(store.staging.iterdir()) == []


def test_what_is_no_moment_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="no moment"), as_of(store, "yesterday"):
        pass


def test_sources_of_an_older_store_become_entities(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    with store.writing() as writer:
        writer.commit([{"kind": "source", "name": "forum", "facts": {"licence": "CC0-1.0"}}])
    assert load_entities(store) == (Entity(Node(Kind.SOURCE, "forum"), {"licence": "CC0-1.0"}),)
