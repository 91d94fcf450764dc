"""What is written about the command line is true of it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

import foretaste as api
from foretaste.cli.group import COMMANDS, cli

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINES = [
    line.partition("  #")[0].strip()
    for _, block in BLOCKS
    for line in block.splitlines()
    if line.startswith("foretaste ")
]


def commands() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        below = command.commands if isinstance(command, click.Group) else {}
        found += [(name, inner) for inner in below] or [(name,)]
    return found


@pytest.mark.parametrize("names", commands())
def test_every_command_is_in_the_readme(names: tuple[str, ...]) -> None:
    assert any(line.startswith(f"foretaste {' '.join(names)}") for line in LINES), names


@pytest.mark.parametrize("name", list(COMMANDS))
def test_short_helps_are_true(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.help
    assert all(p.help for p in command.params if isinstance(p, click.Option) and not p.hidden)


@pytest.mark.parametrize("line", LINES)
def test_lines_of_the_readme_parse(line: str) -> None:
    arguments = [word.strip("[]") for word in shlex.split(line)[1:]]
    command: click.Command = cli
    while isinstance(command, click.Group) and not arguments[0].startswith("-"):
        inner = command.get_command(click.Context(command), arguments.pop(0))
        assert inner is not None, line
        command = inner
    command.make_context("foretaste", arguments)


def test_lines_of_the_readme_run(foretaste, poisoned, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(tmp_path / poisoned)
    found = foretaste("scan", "data/", "--select", "HID", "--format", "json").json["findings"]
    for line in LINES:
        words = shlex.split(line)[1:]
        if {"scan", "FILE", "ID"} & set(words):
            continue  # Their pages in docs/questions are run.
        known = {"FINDING": found[0]["id"], "[CODE]": "TRG001", "OLD": "posts", "NEW": "posts"}
        done = foretaste(*(known.get(word, word) for word in words))
        assert done.code in (0, 1), (line, done.err)
        assert done.out or done.err


def test_python_of_the_readme(foretaste, poisoned, tmp_path: Path) -> None:
    assert foretaste("--version").code == 0
    (tmp_path / "corpus").symlink_to(tmp_path / poisoned)
    (code,) = [block for language, block in BLOCKS if language == "python"]
    names: dict[str, object] = {}
    exec(code, names)
    assert names["result"].findings  # type: ignore[attr-defined]


def test_the_api_hands_out_frames_and_sketches(poisoned, tmp_path: Path) -> None:
    result = api.scan(tmp_path / poisoned, store=tmp_path / "store", select=["HID"])
    frame = result.frame()
    assert frame["id"].to_list() == [finding.id for finding in result.findings]
    assert frame["documents"][0] == 8
    records = result.records()
    assert records.height == result.coverage.total("records") == 48
    member = result.findings[0].members[0]
    text = result.text(member)
    assert "A quiet remark" in text
    assert result.minhash(member) == api.minhash(text)
    assert result.minhash(member).jaccard(api.minhash(text)) == 1.0
    assert result.report.dataset == "poisoned"
    with pytest.raises(api.UsageError, match="not the identity"):
        result.text("x")
    with pytest.raises(api.UsageError, match="no shard"):
        result.text("0" * 32)


def test_the_api_ingests(clean, tmp_path: Path) -> None:
    store = api.open_store(tmp_path / "store")
    snapshot, coverage = api.ingest([tmp_path / clean], store=store, dataset="d", snapshot="s")
    assert (snapshot.dataset, snapshot.label) == ("d", "s")
    assert coverage.complete
    with pytest.raises(TypeError):
        api.scan(tmp_path / clean, stroe="typo")
