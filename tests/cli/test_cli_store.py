"""What is kept can be asked for: findings, show, sql, store, config, scanners."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanners import SCANNERS

CHEAP = ("--select", "HID,INT")


def test_findings_are_the_scan_again(foretaste, poisoned):
    for format in ("terminal", "json", "jsonl"):
        scan = foretaste("scan", poisoned, *CHEAP, "--format", format, "--quiet")
        assert foretaste("findings", "--format", format) == scan


def test_findings_of_another_scan(foretaste, poisoned, clean):
    foretaste("scan", poisoned, *CHEAP)
    foretaste("scan", clean, *CHEAP)
    assert foretaste("findings").code == 0
    scans = foretaste("sql", "SELECT DISTINCT scan FROM finding", "--format", "json").json
    assert foretaste("findings", "--scan", scans[0]["scan"][:8]).code == 1


def test_show(foretaste, poisoned):
    found = foretaste("scan", poisoned, *CHEAP, "--format", "json").json["findings"][0]
    shown = foretaste("show", found["id"][:9].lower())
    assert shown.code == 0
    assert found["revision"] in shown.out
    for member in found["members"]:
        assert member in shown.out
    assert "poisoned/a.jsonl:40" in shown.out
    assert "poisoned/b.jsonl.gz:0" in shown.out
    assert all(line.isprintable() for line in shown.out.splitlines())
    few = foretaste("show", found["id"], "--members", "3")
    assert "5 documents more" in few.out


def test_show_as_json(foretaste, poisoned):
    found = foretaste("scan", poisoned, *CHEAP, "--format", "json").json["findings"][0]
    shown = foretaste("show", found["id"], "--format", "json").json
    places = shown.pop("places")
    assert shown == found
    assert {place["document"] for place in places} == set(found["members"])
    assert len(places) == 8


@pytest.mark.parametrize("prefix", ["", "HID", "nothing"])
def test_show_needs_one_finding(foretaste, poisoned, prefix):
    foretaste("scan", poisoned, *CHEAP)
    done = foretaste("show", prefix)
    assert (done.code, done.out) == (2, "")
    assert "finding begins with" in done.err or "could be any of" in done.err


def test_store(foretaste, poisoned, tmp_path):
    foretaste("scan", poisoned, *CHEAP)
    assert ["records", "48"] in [
        line.split() for line in foretaste("store", "info").out.split("\n")
    ]
    assert foretaste("store", "verify").code == 0
    (tmp_path / ".foretaste" / "lineage.duckdb").unlink()
    assert foretaste("findings").code == 2
    assert foretaste("store", "rebuild").code == 0
    assert foretaste("findings").code == 1
    next((tmp_path / ".foretaste" / "bundles").rglob("records.parquet")).write_bytes(b"")
    done = foretaste("store", "verify")
    assert done.code == 2
    assert "damaged" in done.out


def test_sql(foretaste, poisoned):
    foretaste("scan", poisoned, *CHEAP)
    count = foretaste("sql", "SELECT count(*) AS n FROM record")
    assert count.out == " n\n48\n"
    assert foretaste("sql", "SELECT 1 AS a, 'b' AS b", "--format", "csv").out == "a,b\n1,b\n"
    done = foretaste("sql", "SELECT payload->>'title' AS t FROM finding LIMIT 1", "--format=json")
    assert "Hidden message" in done.json[0]["t"]
    assert foretaste("sql", "SELECT * FROM read_csv('/etc/passwd')").code == 2
    assert foretaste("sql", "DROP TABLE record").code == 2


def test_columns_of_the_same_name_are_no_json(foretaste, clean):
    foretaste("ingest", clean, "--dataset", "d")
    done = foretaste("sql", "SELECT 1 AS a, 2 AS b, 3 AS a", "--format", "json")
    assert (done.code, done.out) == (2, "")
    assert "two columns of the answer are called 'a'" in done.err
    assert "alias" in done.err
    assert foretaste("sql", "SELECT 1 AS a, 2 AS a", "--format", "csv").out == "a,a\n1,2\n"


def settings(done: object) -> dict[str, tuple[str, str]]:
    rows = [line.split(maxsplit=2) for line in done.out.splitlines()]  # type: ignore[attr-defined]
    return {row[0]: (row[1], row[2]) for row in rows}


def test_flags_go_before_environment_before_files_before_defaults(
    foretaste, tmp_path: Path, monkeypatch
):
    assert settings(foretaste("config"))["fail-on"] == ("high", "default")
    (tmp_path / "pyproject.toml").write_text('[tool.foretaste]\nfail-on = "medium"\n')
    assert settings(foretaste("config"))["fail-on"] == ("medium", "pyproject.toml [tool.foretaste]")
    (tmp_path / "foretaste.toml").write_text('fail-on = "low"\nworkers = 1\nlines = true\n')
    found = settings(foretaste("config"))
    assert found["fail-on"] == ("low", "foretaste.toml")
    assert found["workers"] == ("1", "foretaste.toml")
    assert found["lines"] == ("true", "foretaste.toml")
    monkeypatch.setenv("FORETASTE_FAIL_ON", "never")
    found = settings(foretaste("config"))
    assert found["fail-on"] == ("never", "environment FORETASTE_FAIL_ON")
    found = settings(foretaste("config", "--fail-on", "high"))
    assert found["fail-on"] == ("high", "flag")


def test_settings_reach_a_scan(foretaste, poisoned, tmp_path: Path):
    (tmp_path / "foretaste.toml").write_text(
        'fail-on = "never"\nselect = "HID"\nstore = "kept"\n[role]\ntext = ["text"]\nlabel = []\n'
    )
    assert foretaste("scan", poisoned).code == 0
    assert (tmp_path / "kept" / "lineage.duckdb").exists()
    assert foretaste("findings", "--fail-on", "high").code == 1
    assert foretaste("store", "info").code == 0
    shown = settings(foretaste("config"))
    assert shown["select"] == ("HID", "foretaste.toml")


def test_settings_reach_commands_below_and_no_option_that_is_none(foretaste, clean, tmp_path: Path):
    (tmp_path / "foretaste.toml").write_text(
        'format = "jsonl"\nstore = "kept"\nkey = "url"\ndataset = "posts"\n'
    )
    assert foretaste("ingest", clean).code == 0
    for below in ("takedown list", "store info", "register source forum", "lineage posts"):
        assert foretaste(*below.split()).code == 0, below
    assert foretaste("sql", "SELECT 1 AS one").out == "one\n  1\n"
    assert "--key" in foretaste("exchange", "export", "out.parquet").err
    assert not (tmp_path / ".foretaste").exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('fail_onn = "low"\n', "'fail_onn', which is no setting"),
        ("fail-on = \n", "cannot be read"),
        ('fail-on = "worst"\n', "'worst' is not one of"),
        ("role = 5\n", "sets 'role' to 5; it takes a string, or a list or table of them"),
        ("role = {text = 5}\n", "it takes a string, or a list or table of them"),
        ("select = [5]\n", "sets 'select' to [5]; it takes a string"),
        ('store = ["a", "b"]\n', "sets 'store' to ['a', 'b']; it takes one value"),
    ],
)
def test_wrong_settings_are_refused(foretaste, clean, tmp_path: Path, content, problem):
    (tmp_path / "foretaste.toml").write_text(content)
    done = foretaste("scan", clean)
    assert (done.code, done.out) == (2, "")
    assert problem in done.err


@pytest.mark.parametrize(
    ("content", "name"), [('tool = "x"\n', "tool"), ("[tool]\nforetaste = 5\n", "tool.foretaste")]
)
def test_a_table_of_settings_that_is_none(foretaste, tmp_path: Path, content, name):
    (tmp_path / "pyproject.toml").write_text(content)
    done = foretaste("config")
    assert (done.code, done.out) == (2, "")
    assert f"pyproject.toml sets '{name}' to " in done.err
    assert "which is no table" in done.err


def test_settings_from_a_chosen_file(foretaste, tmp_path: Path):
    (tmp_path / "mine.toml").write_text("quiet = true\n")
    assert settings(foretaste("--config", "mine.toml", "config"))["quiet"] == ("true", "mine.toml")
    assert foretaste("--config", "nowhere.toml", "config").code == 2


def test_the_hash_key_is_not_shown(foretaste):
    assert "hunter2" not in foretaste("config", "--hash-key", "hunter2").out


def test_catalogue(foretaste):
    listed = foretaste("scanners").out
    for code in ("TRG001", "DUP001", "DUP002", "HID001-HID011", "INT001-INT002", "GIB001"):
        assert code in listed
    for code in SCANNERS:
        page = foretaste("scanners", code.lower()).out
        assert page.startswith(code)
        assert "What to do" in page


def test_a_store_of_another_key_is_refused(foretaste, clean):
    assert foretaste("scan", clean, *CHEAP, "--hash-key", "one").code == 0
    done = foretaste("scan", clean, *CHEAP, "--hash-key", "two")
    assert done.code == 2
    assert "another hash key" in done.err


def test_findings_show_nothing_of_the_store(foretaste, poisoned):
    foretaste("scan", poisoned, *CHEAP)
    for line in foretaste("findings", "--format", "jsonl").out.splitlines()[1:]:
        assert "a.jsonl" not in line
        assert set(json.loads(line)) == {
            *("type", "id", "code", "severity", "title", "key", "consequence", "confidence"),
            *("strength", "statistics", "excerpts", "documents", "revision", "members"),
        }
