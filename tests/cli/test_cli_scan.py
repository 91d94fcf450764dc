"""Scans from end to end: exit codes, what goes where, what is kept."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CHEAP = ("--select", "HID,INT")


def test_clean(foretaste, clean):
    done = foretaste("scan", clean)
    assert done.code == 0
    assert "coverage complete" in done.out
    assert "40 = 40 documents + 0 quarantined" in done.out
    assert done.out.index("coverage") < done.out.index("findings:")


def test_the_gate_fails(foretaste, poisoned):
    done = foretaste("scan", poisoned, *CHEAP)
    assert done.code == 1
    assert "HIGH   HID001-" in done.out
    assert "obey the blue lamp" in done.out


@pytest.mark.parametrize("option", [["--exit-zero"], ["--fail-on", "never"]])
def test_the_gate_can_be_opened(foretaste, poisoned, option):
    assert foretaste("scan", poisoned, *CHEAP, *option).code == 0


def test_incomplete_coverage(foretaste, clean, damaged):
    done = foretaste("scan", clean, damaged, *CHEAP)
    assert done.code == 3
    assert "coverage INCOMPLETE" in done.out
    assert "failed" in done.out
    assert "coverage is incomplete" in done.out.splitlines()[-1]
    assert foretaste("scan", clean, damaged, *CHEAP, "--exit-zero").code == 0


def test_a_skipped_file_is_no_clean_file(foretaste, clean, tmp_path):
    (tmp_path / "clean" / "notes.docx").write_text("x")
    done = foretaste("scan", clean, *CHEAP)
    assert done.code == 3
    assert "clean/notes.docx: unknown format" in done.out


def test_the_gate_goes_before_coverage_and_errors_before_both(foretaste, poisoned, damaged):
    assert foretaste("scan", poisoned, damaged, *CHEAP).code == 1
    assert foretaste("scan", poisoned, damaged, *CHEAP, "--fail-on", "never").code == 3
    assert foretaste("scan", poisoned, damaged, *CHEAP, "--role", "nonsense=x").code == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["scan", "nowhere"], "no such file or folder: nowhere"),
        (["scan", "no\u202ewhere"], "no\\u{202E}where"),
        (["scan", "nowhere/*.jsonl"], "no such file or folder"),
        (["scan"], "Missing argument"),
        (["scan", ".", "--select", "XYZ"], "no scanner has a code that begins with 'XYZ'"),
        (["scan", ".", "--role", "text"], "--role 'text' is not of the form KEY=VALUE"),
        (["scan", ".", "--role", "x=y"], "'x' is not a valid Role"),
        (["scan", ".", "--output", "no/folder/out.json"], "cannot write to no/folder/out.json"),
        (["scan", ".", "--format", "pdf"], "'pdf' is not one of"),
        (["scam"], "No such command"),
        (["ingest", "."], "--dataset is missing"),
        (["findings"], "there is no store at .foretaste"),
        (["scanners", "XYZ001"], "no scanner has the code 'XYZ001'"),
        (["show", "X"], "there is no store"),
    ],
)
def test_mistakes_are_explained_on_stderr(foretaste, arguments, problem):
    done = foretaste(*arguments)
    assert done.code == 2
    assert problem in done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    assert all(line.isprintable() for line in done.err.splitlines())


def test_stdout_is_json_and_progress_is_not_on_it(foretaste, poisoned, monkeypatch):
    monkeypatch.setattr("foretaste.cli.progress.PAUSE", 0.0)
    done = foretaste("scan", poisoned, "--format", "json")
    assert done.code == 1
    assert done.json["coverage"]["complete"] is True
    assert done.json["coverage"]["records"] == 48
    assert done.json["findings"][0]["code"] == "HID001"
    assert "reading 2 shards: 100 %" in done.err
    assert foretaste("scan", poisoned, "--format", "json", "--quiet").err == ""


def test_findings_are_the_same_however_the_corpus_is_cut(foretaste, poisoned, tmp_path):
    cut = foretaste("scan", poisoned, *CHEAP, "--format", "jsonl").out.splitlines()[1:]
    whole = tmp_path / "whole.jsonl"
    parts = [tmp_path / "poisoned" / "a.jsonl"]
    import gzip  # noqa: PLC0415

    rest = gzip.decompress((tmp_path / "poisoned" / "b.jsonl.gz").read_bytes())
    whole.write_bytes(rest + b"".join(part.read_bytes() for part in parts))
    done = foretaste("scan", "whole.jsonl", *CHEAP, "--format", "jsonl", "--store", "other")
    assert done.out.splitlines()[1:] == cut
    assert cut


def test_nothing_hostile_reaches_the_terminal(foretaste, poisoned):
    done = foretaste("scan", poisoned, *CHEAP, "--show", "lead")
    assert "\\u{E006F}" in done.out
    assert all(line.isprintable() for line in (done.out + done.err).splitlines())
    machine = foretaste("scan", poisoned, *CHEAP, "--format", "json")
    assert machine.out.isascii()
    assert all(line.isprintable() for line in machine.out.splitlines())


def test_paths_come_from_standard_input(foretaste, clean, poisoned, monkeypatch):
    listed = f"{clean}/a.jsonl\n\n{poisoned}\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(listed))
    done = foretaste("scan", "-", *CHEAP, "--format", "json")
    assert [shard["path"] for shard in done.json["coverage"]["shards"]] == [
        "clean/a.jsonl",
        "poisoned/a.jsonl",
        "poisoned/b.jsonl.gz",
    ]


def test_a_report_goes_into_a_file(foretaste, poisoned, tmp_path):
    done = foretaste("scan", poisoned, *CHEAP, "--format", "json", "--output", "out.json")
    assert (done.code, done.out) == (1, "")
    assert json.loads((tmp_path / "out.json").read_text())["findings"]


def test_a_second_scan_reads_nothing(foretaste, poisoned, monkeypatch):
    first = foretaste("scan", poisoned, *CHEAP, "--format", "json")

    def closed(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("lineage.shards.reader.ShardReader.__iter__", closed)
    monkeypatch.setattr("scanners.engine.Engine.run", closed)
    again = foretaste("scan", poisoned, *CHEAP, "--format", "json")
    assert again == first


def test_a_scan_after_another_is_found_again(foretaste, poisoned, clean, monkeypatch):
    foretaste("scan", poisoned, *CHEAP)
    first = foretaste("scan", clean, poisoned, *CHEAP, "--format", "json", "--dataset", "both")
    foretaste("scan", poisoned, *CHEAP)

    def closed(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("lineage.shards.reader.ShardReader.__iter__", closed)
    monkeypatch.setattr("scanners.engine.Engine.run", closed)
    again = foretaste("scan", clean, poisoned, *CHEAP, "--format", "json", "--dataset", "both")
    assert again == first


def test_lost_observations_are_made_again(foretaste, poisoned, clean, tmp_path):
    both = ("scan", clean, poisoned, *CHEAP, "--format", "jsonl", "--dataset", "both")
    whole = foretaste(*both, "--store", "other")
    foretaste("scan", poisoned, *CHEAP)
    shutil.rmtree(tmp_path / ".foretaste" / "observations")
    assert foretaste(*both) == whole


def test_other_ways_of_reading_are_other_findings(foretaste, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"body": "one two", "text": "three"}\n' * 3)
    usual = foretaste("scan", "a.jsonl", "--select", "DUP001", "--format", "json")
    other = foretaste(
        "scan", "a.jsonl", "--select", "DUP001", "--format", "json", "--role", "text=body"
    )
    assert usual.json["findings"] and other.json["findings"]
    assert usual.json["findings"][0]["members"] != other.json["findings"][0]["members"]
    read = {field["field"]: field["read_as"] for field in other.json["coverage"]["fields"]}
    assert read == {"body": "text", "text": "leaf"}


def test_ingest_then_scan(foretaste, poisoned):
    done = foretaste(
        "ingest", poisoned, "--dataset", "posts", "--snapshot", "v1", "--source", "name=forum"
    )
    assert done.code == 0
    assert done.out.startswith("posts@v1  coverage complete")
    rows = foretaste("sql", "SELECT DISTINCT dataset, label, source FROM snapshot", "--format=json")
    assert rows.json == [{"dataset": "posts", "label": "v1", "source": "forum"}]
    assert foretaste("scan", poisoned, "--dataset", "posts", "--snapshot", "v1", *CHEAP).code == 1


def test_a_snapshot_never_changes(foretaste, poisoned, clean):
    assert foretaste("ingest", clean, "--dataset", "d", "--snapshot", "v1").code == 0
    done = foretaste("ingest", poisoned, "--dataset", "d", "--snapshot", "v1")
    assert done.code == 2
    assert "a snapshot never changes" in done.err


def start(folder: Path, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
    code = "import sys; from foretaste.cli import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, *arguments], cwd=folder, env=environment, **options
    )


def test_a_reader_that_leaves_early_is_no_error(poisoned, tmp_path):
    arguments = ["scan", poisoned, *CHEAP, "--format", "json", "--quiet"]
    read, write = os.pipe()
    os.close(read)
    with start(tmp_path, *arguments, stdout=write, stderr=subprocess.PIPE) as process:
        os.close(write)
        _, err = process.communicate()
    assert (process.returncode, err.decode()) == (1, "")


def test_an_interrupt_ends_cleanly(tmp_path):
    pipe = tmp_path / "slow.jsonl"
    pipe.write_text('{"text": "' + "word " * 200 + '"}\n')
    for number in range(400):
        (tmp_path / f"{number}.jsonl").write_text(pipe.read_text())
    with start(tmp_path, "scan", ".", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not (tmp_path / ".foretaste" / "bundles").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert out == b""
    assert b"interrupted" in err
    assert b"Traceback" not in err


def test_packages_in_the_way_are_noticed(monkeypatch, tmp_path, foretaste):
    (tmp_path / "lineage").mkdir()
    (tmp_path / "lineage" / "__init__.py").write_text("")
    with start(tmp_path, "--version", stdout=subprocess.PIPE) as process:
        out, _ = process.communicate()
    assert (process.returncode, out.split()[:1]) == (0, [b"foretaste,"])

    class Spec:
        origin = str(tmp_path / "lineage" / "__init__.py")

    monkeypatch.setattr("foretaste.cli.find_spec", lambda _name: Spec)
    done = foretaste("--version")
    assert done.code == 2
    assert "another package called lineage is in the way" in done.err


def test_errors_of_our_own_are_told_apart(foretaste, clean, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a \u202ebug")

    monkeypatch.setattr("foretaste.api.scan", broken)
    done = foretaste("scan", clean)
    assert done.code == 2
    assert "internal error: RuntimeError: a \\u{202E}bug" in done.err
