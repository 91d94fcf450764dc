"""Blast radius: totals are those of SQL by hand, copies are found, names mean one thing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lineage.errors import UsageError
from lineage.graph import Basis, Entity, Kind, Node
from lineage.queries.impact import Impact, impact
from lineage.store import Store, declare, open_store, run_sql
from lineage.store.matching import Match
from tests.impact.conftest import Touched, fill, prose, write

COUNTS = "count(*) AS records, sum(bytes)::BIGINT AS bytes, sum(tokens)::BIGINT AS tokens"
ALPHA = "SELECT {what} FROM record WHERE source = 'alpha'"


def by_hand(store: Store, query: str) -> list[dict[str, Any]]:
    return run_sql(store, query).to_pylist()


def counted(store: Store, where: str) -> tuple[int, int, int]:
    (row,) = by_hand(store, f"SELECT {COUNTS} FROM record WHERE reading = 0 AND ({where})")
    return row["records"], row["bytes"], row["tokens"]


def own(answer: Impact) -> tuple[int, int, int]:
    return answer.counts.records, answer.counts.bytes, answer.counts.tokens


@pytest.fixture(scope="module")
def alpha(known: Touched) -> Impact:
    return impact(known.store, "source:alpha")


@pytest.mark.parametrize(
    ("subject", "where"),
    [
        ("alpha", "source = 'alpha'"),
        ("source:beta", "source = 'beta'"),
        ("mirror", "shard IN (SELECT shard FROM snapshot WHERE dataset = 'web')"),
        ("archive", "shard IN (SELECT shard FROM snapshot WHERE dataset = 'posts')"),
        ("domain:forum1.co.uk", "url LIKE '%.forum1.co.uk:8080/%'"),
        ("a.forum1.co.uk", "url LIKE '%@a.forum1.co.uk:8080/%'"),
        ("2001:db8::1", "url LIKE 'http://[2001:db8::1]/%'"),
    ],
)
def test_totals_are_those_of_sql(known: Touched, subject: str, where: str) -> None:
    answer = impact(known.store, subject)
    assert own(answer) == counted(known.store, where)
    (row,) = by_hand(
        known.store, f"SELECT count(DISTINCT doc) AS n FROM record WHERE reading = 0 AND ({where})"
    )
    assert answer.documents == row["n"]


def test_a_shard_and_a_finding_are_counted_as_sql_does(known: Touched) -> None:
    shard = known.posts.shards[0]
    where = f"shard = '{shard.digest.hex}'"
    for name in (f"shard:{shard.digest}", shard.digest.hex[:12], shard.path):
        assert own(impact(known.store, name)) == counted(known.store, where)
    members = (
        "doc IN (SELECT unnest(from_json(payload -> 'members', '[\"VARCHAR\"]')) FROM finding) "
        "AND shard IN (SELECT shard FROM snapshot WHERE dataset = 'posts')"
    )
    answer = impact(known.store, f"finding:{known.finding.lower()}")
    assert own(answer) == counted(known.store, members)
    assert answer.documents == 3


def test_copies_elsewhere_are_found_and_reconcile(known: Touched, alpha: Impact) -> None:
    copied = {key: counts.records for key, (counts, _) in alpha.copied.items()}
    assert copied == {
        ("mirror", Match.EXACT): 9,
        ("mirror", Match.NORMALISED): 3,
        ("mirror", Match.NEAR): 6,
    }
    for match, column in ((Match.EXACT, "doc"), (Match.NORMALISED, "norm")):
        twin = ALPHA.format(what=column)
        where = f"source IS DISTINCT FROM 'alpha' AND {column} IN ({twin})"
        if match is Match.NORMALISED:
            where += f" AND doc NOT IN ({ALPHA.format(what='doc')})"
        counts, _ = alpha.copied["mirror", match]
        assert (counts.records, counts.bytes, counts.tokens) == counted(known.store, where)
    near = [one for one in alpha.copies if one.match is Match.NEAR]
    assert all(0.68 <= one.similarity[0] <= one.similarity[1] <= 1 for one in near)
    assert [one.examples[0][1] for one in alpha.copies] == ["c0", "c9", near[0].examples[0][1]]


def test_models_are_reached_with_the_weakest_basis(known: Touched, alpha: Impact) -> None:
    bases = {model.name: model.reached.basis for model in alpha.models}
    assert bases == {
        "base": Basis.DECLARED,
        "tuned": Basis.DECLARED,
        "tuned-q4": Basis.INFERRED_SKETCH,
        "elsewhere": Basis.INFERRED_EXACT,
    }
    assert [run.node.id for run in alpha.runs] == ["job-7"]
    assert {one.names for one in alpha.snapshots} == {("posts@1",), ("web@1",)}
    tokens = counted(known.store, "source = 'alpha'")[2]
    assert alpha.seen == (2 * tokens, 0, 1)  # of the copies in web the epochs are not known


def test_an_artifact_has_what_is_above_and_below(known: Touched) -> None:
    answer = impact(known.store, "artifact:tuned")
    assert [model.name for model in answer.models] == ["tuned-q4"]
    above = {str(one.node) for one in answer.upstream}
    assert {"artifact:base", "run:job-7", "source:archive"} <= above


def test_a_window_counts_what_has_no_time_as_unknown(known: Touched) -> None:
    answer = impact(known.store, "alpha", since="2024-03-01", until="2024-05-31")
    inside = "source = 'alpha' AND timestamp BETWEEN '2024-03-01' AND '2024-05-32'"
    assert own(answer) == counted(known.store, inside)
    assert answer.undated == 6
    with pytest.raises(UsageError, match="before"):
        impact(known.store, "alpha", since="2024-05-01", until="2024-03-01")


@pytest.mark.parametrize("name", ["nothing", "domain:", "source:Alpha", "", "planet:mars"])
def test_what_is_not_known_is_refused(known: Touched, name: str) -> None:
    with pytest.raises(UsageError):
        impact(known.store, name)


def test_a_name_that_means_two_things_is_refused_with_both(changing: Store) -> None:
    declare(changing, [Entity(Node(Kind.SOURCE, "x")), Entity(Node(Kind.ARTIFACT, "x"))])
    with pytest.raises(UsageError, match=r"artifact:x, source:x|source:x, artifact:x"):
        impact(changing, "x")
    assert impact(changing, "artifact:x").counts.records == 0


def test_the_table_says_the_same(alpha: Impact) -> None:
    rows = alpha.table().to_pylist()
    (total,) = [row for row in rows if row["section"] == "total"]
    shards = [row for row in rows if row["section"] == "shard"]
    copies = [row for row in rows if row["section"] == "copies"]
    assert total["records"] == sum(row["records"] for row in shards) == 30
    assert total["copied_records"] == sum(row["records"] for row in copies) == 18


def test_documents_without_words_are_copies_of_their_like_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store")
    mine = [{"text": text, "source": "mine"} for text in ("!!!", "??? ***", "a word", prose(30))]
    other = [{"text": text, "source": "other"} for text in ("!!!", "...", "A word!", "-- --")]
    fill(store, "one", write(tmp_path / "one.jsonl", mine))
    fill(store, "two", write(tmp_path / "two.jsonl", other))
    counts = {key: c.records for key, (c, _) in impact(store, "source:mine").copied.items()}
    assert counts == {("other", Match.EXACT): 1, ("other", Match.NORMALISED): 1}
