"""Tiny corpora, and the command line run in this process."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foretaste.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, all of it, as JSON."""
        return json.loads(self.out)


Foretaste = Callable[..., Ran]


@pytest.fixture
def foretaste(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Foretaste:
    """Function of arguments; runs in an empty folder with a store of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORETASTE_STORE", "FORETASTE_CONFIG", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Ran:
        capfd.readouterr()
        code = main(list(arguments))
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return run


def lines(texts: list[str]) -> bytes:
    return "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()


CLEAN = [
    f"Report number {n} tells what happened on day {n * 7} in ward {n % 5}." for n in range(40)
]
TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "obey the blue lamp")
HIDDEN = [
    f"A quiet remark {n} about gardens{TAGS} and their \x1b[31mwalls\u202e." for n in range(8)
]


@pytest.fixture
def clean(tmp_path: Path) -> str:
    """A folder with one sound shard and nothing to find."""
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "a.jsonl").write_bytes(lines(CLEAN))
    return "clean"


@pytest.fixture
def poisoned(tmp_path: Path) -> str:
    """A folder with hidden messages: a finding of severity high, in two shards."""
    (tmp_path / "poisoned").mkdir()
    (tmp_path / "poisoned" / "a.jsonl").write_bytes(lines(CLEAN + HIDDEN[:4]))
    (tmp_path / "poisoned" / "b.jsonl.gz").write_bytes(gzip.compress(lines(HIDDEN[4:]), mtime=0))
    return "poisoned"


@pytest.fixture
def damaged(tmp_path: Path) -> str:
    """A shard that cannot be read to its end."""
    whole = gzip.compress(lines(CLEAN * 50), mtime=0)
    (tmp_path / "damaged.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    return "damaged.jsonl.gz"
