"""``impact``, ``coverage`` and ``ai-act`` on the command line."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from lineage.graph import Basis, Edge, Kind, Node, Relation
from lineage.store import declare, open_store, snapshot_names
from tests.cli.conftest import Foretaste


@pytest.fixture
def trained(foretaste: Foretaste, clean: str) -> Foretaste:
    """A store with one snapshot that a model with a name for terminals learned."""
    assert foretaste("ingest", clean, "--dataset", "posts", "--quiet").code == 0
    store = open_store(".foretaste")
    (snapshot,) = snapshot_names(store)
    model = Node(Kind.ARTIFACT, "m\x1b[31m\u202e")
    parent = Node(Kind.SNAPSHOT, str(snapshot.root))
    edge = Edge(model, Relation.TRAINED_ON, parent, Basis.DECLARED, {"epochs": 3})
    declare(store, [], [edge])
    return foretaste


def test_impact(trained: Foretaste, tmp_path: Path) -> None:
    shown = trained("impact", "clean/a.jsonl")
    assert shown.code == 0
    assert "40 records" in shown.out
    assert "x 3 epochs" in shown.out
    assert "\x1b" not in shown.out
    assert "\u202e" not in shown.out
    rows = trained("impact", "clean/a.jsonl", "--format", "json").json
    assert rows[0]["records"] == 40
    assert trained("impact", "clean/a.jsonl", "--format", "csv").out.startswith("section,")
    file = str(tmp_path / "i.parquet")
    assert trained("impact", "clean/a.jsonl", "--format", "parquet", "--output", file).code == 0
    assert pq.read_table(file).num_rows == len(rows)

    assert "x 3 epochs" not in trained("impact", "clean/a.jsonl", "--as-of", "2").out
    for wrong in (["who"], ["clean/a.jsonl", "--since", "soon"], ["x", "--threshold", "2"]):
        assert trained("impact", *wrong).code == 2


def test_coverage_and_ai_act(trained: Foretaste) -> None:
    shown = trained("coverage")
    assert shown.code == 0
    assert "snapshots: never scanned: 1 of 1" in shown.out
    assert trained("coverage", "--fail-on-gaps").code == 1
    rows = trained("coverage", "--format", "json").json
    assert {"about", "what", "missing", "total", "examples", "command"} == rows[0].keys()
    for format in ("markdown", "html", "json", "table", "csv"):
        shown = trained("ai-act", "--model", "m", "--format", format)
        assert shown.code == 0
        assert "Removal of illegal content" in shown.out
        assert "\x1b" not in shown.out
    assert trained("ai-act", "--model", "other").code == 2
    assert trained("ai-act").code == 2
