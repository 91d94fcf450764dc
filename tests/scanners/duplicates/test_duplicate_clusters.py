"""Candidate pairs, similarity, components and tight clusters."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.duplicates import clusters as parts
from scanners.duplicates.clusters import Edges, components, tight_clusters, verified_edges
from scanners.duplicates.identities import hexes, positions
from scanners.duplicates.sketches import MOST, Sketches, kept_per_document

Sets = list[set[int]]


def sketched(sets: Sets, keep: int = MOST) -> Sketches:
    cut = [np.array(sorted(one)[:keep], dtype="<u4").tobytes() for one in sets]
    return Sketches.of(pl.Series(cut, dtype=pl.Binary), keep)


def true_jaccard(a: set[int], b: set[int]) -> float:
    return len(a & b) / max(1, len(a | b))


def families(draw: np.random.Generator, count: int, size: int, changed: int) -> Sets:
    """Sets in families: each member differs from its family's base in a few values."""
    found = []
    for _ in range(count):
        base = draw.integers(0, 2**32, 100)
        for _ in range(size):
            one = base.copy()
            one[draw.choice(100, changed, replace=False)] = draw.integers(0, 2**32, changed)
            found.append({int(value) for value in one})
    return found


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sets(st.integers(0, 60), max_size=40), min_size=2, max_size=8))
def test_similarity_is_exact_below_the_cut(sets: Sets) -> None:
    sketches = sketched(sets)
    for a, b in itertools.combinations(range(len(sets)), 2):
        found = sketches.similarity(np.array([a]), np.array([b]))[0]
        assert found == pytest.approx(true_jaccard(sets[a], sets[b]))


def test_similarity_of_cut_sets_is_close() -> None:
    draw = np.random.default_rng(1)
    for share in (0.05, 0.3):
        first = {int(value) for value in draw.integers(0, 2**32, 6000)}
        kept = sorted(first)
        draw.shuffle(kept)
        second = set(kept[int(6000 * share) :]) | {
            int(value) for value in draw.integers(0, 2**32, int(6000 * share))
        }
        found = sketched([first, second]).similarity(np.array([0]), np.array([1]))[0]
        assert abs(found - true_jaccard(first, second)) < 0.06


def test_the_budget_bounds_what_is_kept() -> None:
    assert kept_per_document(np.full(1000, 5000)) == MOST
    assert kept_per_document(np.full(100_000, 5000)) == 256


@pytest.mark.parametrize("size", [5, 60, 300])
def test_families_become_clusters_whatever_the_bucket(size: int) -> None:
    draw = np.random.default_rng(size)
    sets = families(draw, 4, size, 2)
    documents = np.arange(len(sets))
    sketches = sketched(sets)
    edges = verified_edges(np.zeros(len(sets), np.uint64), documents, sketches, 0.8)
    component = components(edges, len(sets))
    assert component.tolist() == [size * (at // size) for at in range(len(sets))]
    found = tight_clusters(edges, component, sketches, 0.8)
    assert sorted(len(one.members) for one in found) == [size] * 4


def test_a_chain_is_cut_into_tight_clusters() -> None:
    """Each set resembles the next; the ends have nothing in common."""
    sets = [set(range(10 * at, 10 * at + 100)) for at in range(30)]
    documents = np.arange(30)
    sketches = sketched(sets)
    edges = verified_edges(np.zeros(30, np.uint64), documents, sketches, 0.8)
    component = components(edges, 30)
    assert set(component.tolist()) == {0}
    found = tight_clusters(edges, component, sketches, 0.8)
    taken = np.concatenate([one.members for one in found])
    assert len(taken) == len(set(taken.tolist()))
    assert max(len(one.members) for one in found) == 3
    for one in found:
        assert sketches.to_one(one.medoid, one.members).min() >= 0.8


def test_a_large_component_is_tight_too_when_comparisons_run_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = np.random.default_rng(7)
    sets = families(draw, 3, 20, 2)
    sketches = sketched(sets)
    edges = verified_edges(np.zeros(60, np.uint64), np.arange(60), sketches, 0.8)
    together = np.zeros(60, dtype=np.int64)
    monkeypatch.setattr(parts, "SMALL_COMPONENT", 10)
    for budget in (4_000_000, 1, 0):
        monkeypatch.setattr(parts, "_COMPARISONS", budget)
        found = tight_clusters(edges, together, sketches, 0.8)
        assert sum(len(one.members) for one in found) >= 50
        assert all(sketches.to_one(c.medoid, c.members).min() >= 0.8 for c in found)


def test_nothing_to_compare() -> None:
    empty = np.zeros(0, np.int64)
    sketches = sketched([])
    edges = verified_edges(np.zeros(0, np.uint64), empty, sketches, 0.8)
    assert len(edges.left) == 0
    assert tight_clusters(edges, components(edges, 0), sketches, 0.8) == []
    alone = components(Edges(empty, empty), 3)
    assert alone.tolist() == [-1, -1, -1]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), unique=True), st.data())
def test_positions_agree_with_a_dictionary(
    rows: list[tuple[int, int]], data: st.DataObject
) -> None:
    table = np.array(sorted(rows), dtype=np.uint64).reshape(-1, 2)
    pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    sought = data.draw(pairs)
    where = {row: at for at, row in enumerate(sorted(rows))}
    found = positions(table, np.array(sought, dtype=np.uint64).reshape(-1, 2))
    assert found.tolist() == [where.get(pair, -1) for pair in sought]


def test_identities_in_hex() -> None:
    assert hexes(np.array([[1, 2**64 - 1]], dtype=np.uint64)) == ["0" * 15 + "1" + "f" * 16]
