"""What is not known: each question, how many of how many, and that filling it closes the gap."""

from __future__ import annotations

import pytest

from foretaste.graph import coverage as today
from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.queries.coverage import Gap, Gaps, coverage
from lineage.store import Store, declare, run_sql
from tests.impact.conftest import JOB, MODEL, Touched


@pytest.fixture(scope="module")
def gaps(known: Touched) -> Gaps:
    return coverage(known.store)


def of(gaps: Gaps, about: str, what: str) -> Gap:
    (gap,) = [gap for gap in gaps.lines if (gap.about, gap.what) == (about, what)]
    return gap


@pytest.mark.parametrize(
    ("about", "what", "missing", "total"),
    [
        ("shards", "no declared source", 0, 3),
        ("shards", "not read to the end", 0, 3),
        ("shards", "skipped by the last scan", 1, 4),
        ("snapshots", "never scanned", 1, 2),
        ("snapshots", "scanned by older or fewer scanners alone", 0, 2),
        ("records of posts", "no timestamp", 6, 50),
        ("records of posts", "no source", 0, 50),
        ("records of web", "no source", 20, 38),
        ("records of web", "no timestamp", 38, 38),
        ("records of web", "no url", 0, 38),
        ("sources", "class unknown", 0, 2),
        ("sources", "licence unknown", 1, 2),
        ("sources", "licence without evidence", 1, 1),
        ("sources", "opt-out measures unknown", 2, 2),
        ("sources", "no decision to include it", 2, 2),
        ("edges", "only inferred", 1, 12),
        ("training edges", "epochs unknown", 1, 2),
        ("models", "no corpus, nor one of its ancestors", 0, 4),
        ("models", "made from another with data that is unknown", 1, 1),
        ("models", "ancestors unknown, and not said to have none", 1, 4),
        ("runs", "no code revision", 1, 1),
        ("findings", "high, and nobody decided", 1, 1),
    ],
)
def test_gaps_are_counted(gaps: Gaps, about: str, what: str, missing: int, total: int) -> None:
    gap = of(gaps, about, what)
    assert (gap.missing, gap.total) == (missing, total)
    assert len(gap.examples) == min(missing, 3) or about.startswith("records")
    assert gap.command.startswith("foretaste ")


def test_records_without_a_role_are_those_of_sql(known: Touched, gaps: Gaps) -> None:
    query = (
        "SELECT s.dataset, count(*) - count(r.source) AS source, "
        "count(*) - count(r.timestamp) AS timestamp, count(*) - count(r.url) AS url "
        "FROM record r JOIN (SELECT DISTINCT dataset, shard FROM snapshot) s USING (shard) "
        "GROUP BY ALL"
    )
    for row in run_sql(known.store, query).to_pylist():
        for role in ("source", "timestamp", "url"):
            assert of(gaps, f"records of {row['dataset']}", f"no {role}").missing == row[role]


def test_a_scan_by_other_scanners_does_not_count_as_one_of_today(known: Touched) -> None:
    assert of(
        today(store=known.store), "snapshots", "scanned by older or fewer scanners alone"
    ).missing


def test_what_is_declared_is_no_gap_any_more(fresh: Touched) -> None:
    there = fresh
    decision = Node(Kind.DECISION, "d1")
    about = [Node(Kind.FINDING, there.finding), *(Node(Kind.SOURCE, s) for s in _sources())]
    full = {"class": "user", "licence": "MIT", "licence-evidence": "e", "consent": "c"}
    declare(
        there.store,
        [Entity(JOB, {"code_revision": "abc"}), *(Entity(n, full) for n in about[1:])],
        [Edge(decision, Relation.ABOUT, node, Basis.DECLARED) for node in about],
    )
    declare(there.store, [], [_training(there, Node(Kind.ARTIFACT, "tuned"))])
    gaps = coverage(there.store)
    for about_, what in (
        ("runs", "no code revision"),
        ("findings", "high, and nobody decided"),
        ("sources", "consent unknown"),
        ("sources", "licence without evidence"),
        ("sources", "no decision to include it"),
        ("models", "made from another with data that is unknown"),
    ):
        assert of(gaps, about_, what).missing == 0


def _sources() -> tuple[str, str]:
    return "archive", "mirror"


def _training(there: Touched, model: Node) -> Edge:
    return Edge(model, Relation.TRAINED_ON, there.node(there.web), Basis.DECLARED, {"epochs": 1})


def test_an_empty_store_has_nothing_to_ask(changing: Store) -> None:
    gaps = coverage(changing)
    assert gaps.complete
    assert all(gap.total == 0 for gap in gaps.lines)


def test_the_table_has_a_row_a_question(gaps: Gaps) -> None:
    table = gaps.table()
    assert table.num_rows == len(gaps.lines)
    assert MODEL.id not in table["examples"].to_pylist()
