"""register, lineage and export on the command line."""

from __future__ import annotations

import json

import pyarrow.parquet as pq


def test_from_a_source_to_a_model_and_back(foretaste, clean, tmp_path):
    foretaste("ingest", clean, "--dataset", "corpus", "--snapshot", "v1", "--quiet")
    told = foretaste("register", "source", "forum", "--class", "user", "--opt-out", "robots.txt")
    assert (told.code, told.out.splitlines()[0]) == (0, "source:forum")
    foretaste("register", "snapshot", "corpus@v1", "--collected-from", "forum")
    (tmp_path / "w.bin").write_bytes(b"weights")
    made = foretaste(
        *("register", "model", "taster, a model", "--file", "w.bin"),
        *("--trained-on", "corpus@v1,x-seed=3,token-share=0.25", "--epochs", "2"),
    )
    assert made.code == 0
    assert "trained-on  corpus@v1 (epochs 2, x-seed 3, token-share 0.25)" in made.out
    run = foretaste("register", "run", "r", "--read", "corpus", "--wrote", "taster, a model")
    assert run.code == 0
    kept = foretaste("register", "decision", "keep", "--about", "forum", "--by", "A")
    assert kept.code == 0
    tree = foretaste("lineage", "taster, a model", "--upstream").out
    assert "collected-from [declared] source forum  user" in tree
    foretaste("lineage", "forum", "--format", "parquet", "--output", "edges.parquet")
    assert len(pq.read_table("edges.parquet")) == 5
    graph = foretaste("lineage", "forum", "--format", "json").json
    assert {edge["relation"] for edge in graph["edges"]} >= {"about", "collected-from"}
    events = foretaste("lineage", "forum", "--format", "openlineage").out
    assert [json.loads(line)["eventType"] for line in events.splitlines()] == ["OTHER"] * 4
    rows = foretaste("sql", "SELECT * FROM edge WHERE relation = 'read'", "--format", "json").json
    assert (rows[0]["child"], rows[0]["basis"]) == ("r", "declared")


def test_refusals_say_what_would_do(foretaste, clean):
    foretaste("ingest", clean, "--dataset", "corpus", "--quiet")
    for arguments, hint in (
        (("source", "x", "--class", "stolen"), "one of public"),
        (("model", "x", "--trained-on", "nothing"), "--allow-unknown"),
        (("model", "x", "--epochs", "2"), "needs --trained-on"),
        (("model", "x", "--file", "nowhere"), "no file nowhere"),
        (("run", "x", "--fact", "speed=9"), "begins with x-"),
        (("decision", "keep"), "--about"),
        (("file", "nowhere.toml"), "cannot be read"),
    ):
        done = foretaste("register", *arguments)
        assert (done.code, done.out) == (2, "")
        assert hint in done.err
    assert foretaste("lineage", "nothing").code == 2


def test_bad_events_are_counted(foretaste, clean, tmp_path):
    foretaste("ingest", clean, "--dataset", "corpus", "--quiet")
    (tmp_path / "events").write_text("no event\n")
    done = foretaste("register", "openlineage", "events")
    assert done.code == 3
    assert "0 events taken, 1 refused" in done.out
    assert foretaste("export", "openlineage").out == ""
