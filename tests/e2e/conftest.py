"""The command as a user starts it: another process, another folder, a store of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CODE = "import sys; from foretaste.cli import main; sys.exit(main())"
Facts = dict[str, Any]


def command() -> list[str]:
    """The installed ``foretaste`` beside this interpreter, else the same entry point."""
    installed = Path(sys.executable).with_name("foretaste")
    return [str(installed)] if installed.exists() else [sys.executable, "-P", "-c", CODE]


def run(store: Path, *arguments: str, code: int = 0) -> str:
    """Standard output of ``foretaste ARGUMENTS`` with this store; demands the exit code."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FORETASTE_")}
    done = subprocess.run(
        [*command(), *arguments],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT), "FORETASTE_STORE": str(store)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Scanned:
    """A finished scan: its store, and the report as bytes."""

    store: Path
    output: str

    @cached_property
    def report(self) -> Facts:
        """The JSON report."""
        return dict(json.loads(self.output))

    @cached_property
    def findings(self) -> list[Facts]:
        """All findings and leads, worst first."""
        return list(self.report["findings"])

    def ask(self, *arguments: str, code: int = 0) -> str:
        """What another command says of the same store."""
        return run(self.store, *arguments, code=code)

    @cached_property
    def ids(self) -> dict[str, str]:
        """Identity of a document -> value of its role id."""
        query = "SELECT DISTINCT doc, id FROM record WHERE id IS NOT NULL"
        rows = json.loads(self.ask("sql", query, "--format", "json"))
        return {row["doc"]: row["id"] for row in rows}

    def severe(self, severity: str) -> list[Facts]:
        """Findings of exactly this severity."""
        return [finding for finding in self.findings if finding["severity"] == severity]

    def named(self, finding: Facts) -> set[str]:
        """Ids of the members of a finding."""
        return {self.ids[doc] for doc in finding["members"] if doc in self.ids}

    def recall(self, finding: Facts, wanted: Collection[str]) -> float:
        """Share of the wanted ids among its members."""
        return len(self.named(finding) & set(wanted)) / len(wanted)

    def shards(self, finding: Facts) -> set[str]:
        """Names of the shards that hold members of a finding."""
        shown = self.ask("show", finding["id"], "--members", "-1", "--format", "json")
        return {place["shard"] for place in json.loads(shown)["places"]}


Scan = Callable[..., Scanned]


@pytest.fixture(scope="session")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """Function of a path and options: scans it, from the repository's root, into a new store."""

    def start(path: Path, *options: str, code: int = 1) -> Scanned:
        store = tmp_path_factory.mktemp("store")
        arguments = ("scan", str(path), "--format", "json", "--quiet", *options)
        return Scanned(store, run(store, *arguments, code=code))

    return start


@pytest.fixture(scope="session")
def committed(scan: Scan) -> tuple[Scanned, Facts]:
    """The committed corpus, scanned as ``make demo`` does, and its answer key."""
    key = json.loads((ROOT / "sample_corpus" / "EXPECTED.json").read_text())
    return scan(Path("sample_corpus/shards")), key
