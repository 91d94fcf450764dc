"""Both scanners through the engine: what they find, what they leave, and the law of shards."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.duplicates.exact import ExactDuplicates
from scanners.duplicates.near import NearDuplicates
from scanners.duplicates.origins import Kind, counted
from scanners.severity import Confidence, Severity

SCANNERS = [ExactDuplicates(), NearDuplicates()]
both = pytest.mark.parametrize("scanner", SCANNERS, ids=lambda scanner: scanner.name)


@both
def test_true_positives_are_one_medium_finding(scanner, scan, true_positives) -> None:
    worst, *others = scan(scanner, true_positives[scanner.name])
    assert worst.severity is Severity.MEDIUM
    assert worst.confidence is Confidence.CERTAIN
    assert worst.statistics["place_share"] == 1
    assert worst.statistics["window_share"] == 1
    assert worst.statistics["span_hours"] <= 4
    assert worst.key == min(worst.members)
    assert [other.key for other in others] == ["summary"]
    assert others[0].severity is Severity.LOW


@both
def test_false_positives_stay_low_and_few(scanner, scan, false_positives) -> None:
    found = scan(scanner, false_positives)
    assert {one.severity for one in found} == {Severity.LOW}
    assert len(found) <= 3
    assert found[-1].key == "summary" or found[0].key == "summary"


def test_a_flood_of_near_copies_is_described(scan, true_positives) -> None:
    flood = scan(NearDuplicates(), true_positives["near-duplicates"])[0]
    statistics = flood.statistics
    assert len(flood.members) == statistics["texts"] == statistics["records"] >= 115
    assert statistics["medoid"] in flood.members
    assert 0 < statistics["radius"] <= 0.2 + 1e-9
    assert statistics["radius"] <= statistics["diameter"] < 0.4
    assert statistics["mean_similarity"] > 0.8
    assert flood.excerpts[0].document == statistics["medoid"]
    assert len(flood.excerpts) == 3
    assert all(len(one.match) <= 240 for one in flood.excerpts)


def test_exact_copies_are_described(scan, true_positives) -> None:
    flood = scan(ExactDuplicates(), true_positives["exact-duplicates"])[0]
    assert flood.statistics["copies"] == flood.strength == 80
    assert flood.members == (flood.key,)
    assert flood.excerpts[0].match.split()


def test_exact_copies_count_as_one_text(scan, world) -> None:
    maker = world(3)
    once = maker.document(" ".join(maker.words(80)))
    assert scan(NearDuplicates(), [once] * 50) == []


@both
def test_other_readings_are_not_documents(scanner, scan, true_positives) -> None:
    documents = [replace(one, reading=2) for one in true_positives[scanner.name]]
    assert scan(scanner, documents) == []


@both
def test_an_empty_corpus_has_no_findings(scanner, scan) -> None:
    assert scan(scanner, []) == []


def test_texts_without_a_word_are_only_counted(scan, world) -> None:
    maker = world(4)
    documents = [maker.document("\u3002\u3002") for _ in range(200)]
    (summary,) = scan(ExactDuplicates(), documents)
    assert summary.severity is Severity.LOW
    assert summary.statistics["documents_without_a_word"] == 200
    assert scan(NearDuplicates(), documents) == []


@both
def test_size_without_place_or_time_is_only_possible(scanner, scan, true_positives) -> None:
    documents = [
        replace(one, source=None, path=None, url=None, timestamp=None)
        for one in true_positives[scanner.name]
    ]
    worst = scan(scanner, documents)[0]
    assert worst.confidence is Confidence.POSSIBLE
    assert worst.severity is Severity.LOW


def test_a_chain_of_ordinary_clusters_is_told(scan, world) -> None:
    maker = world(5)
    words = maker.words(1500)
    chain = [maker.document(" ".join(words[at : at + 100])) for at in range(0, 1400, 5)]
    found = scan(NearDuplicates(), maker.background(300, 10) + chain)
    told = [one for one in found if "chain" in one.title]
    assert told
    assert all(one.statistics["tight_clusters"] > 1 for one in told)
    assert {one.severity for one in found} == {Severity.LOW}


@both
@settings(
    deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(shards=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_sharding_changes_nothing(scanner, scan, world, shards: int, seed: int) -> None:
    maker = world(6)
    words = maker.words(90)
    documents = maker.background(150, 15)
    documents += [maker.document(maker.edited(words)) for _ in range(40)]
    documents += [maker.document(documents[0].text) for _ in range(40)]
    assert scan(scanner, documents, shards, seed) == scan(scanner, documents, 1, 0)


def test_origins_of_records() -> None:
    frame = pl.DataFrame(
        {
            "source": ["a", "a", None],
            "path": ["p" * 300, None, None],
            "url": ["https://user@Example.COM:80/x", "http://example.com?q", "nonsense"],
            "timestamp": ["2024-01-28", "2024-01-28T05:00", None],
        }
    )
    rows = counted(frame).sort("kind", "name")
    assert rows.select("kind", "records", pl.col("name").str.head(11)).rows() == [
        (Kind.SOURCE, 2, "a"),
        (Kind.PATH, 1, "p" * 11),
        (Kind.HOST, 2, "example.com"),
        (Kind.HOUR, 1, "474000"),
        (Kind.HOUR, 1, "474005"),
    ]
    assert rows["name"].str.len_chars().max() == 200
    assert rows.filter(pl.col("kind") == Kind.HOUR)["origin"].to_list() == [474_000, 474_005]


@pytest.mark.parametrize("name", ["ms-win32-docs", "trickest-cve"])
@both
def test_templated_manuals_have_no_flood(scanner, scan, world, shared_data, name: str) -> None:
    make = world(0).Document
    rows = pl.read_ndjson(shared_data / "corpora" / f"{name}.jsonl.zst").head(4000)
    documents = [
        make(text, source, path)
        for text, source, path in rows.select("text", "source", "path").rows()
    ]
    found = scan(scanner, documents)
    assert len(found) <= 1
    assert {one.key for one in found} <= {"summary"}


@both
def test_observations_hold_no_floats(scanner) -> None:
    kinds = [
        kind
        for components in scanner.rounds
        for component in components
        for kind in component.schema.columns.values()
    ]
    assert kinds
    assert not any(kind in (pl.Float32, pl.Float64) for kind in kinds)
