"""Every page of docs/questions is a session in a shell, and what it shows is what comes out.

A block ``console`` holds commands behind ``$ `` (a line that ends in a backslash goes on) and
what they print on standard output; ``...`` stands for anything. All blocks of a page run in
order, in one folder that holds nothing but ``sample_corpus``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "questions").glob("*.md"))
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\$ ((?:[^\n]*\\\n)*[^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", re.MULTILINE)
WRAPPER = """#!{python}
import sys
sys.path.insert(0, {root!r})
from foretaste.cli import main
sys.exit(main())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with the sample corpus, and ``foretaste`` on the path."""
    shutil.copytree(ROOT / "sample_corpus" / "shards", tmp_path / "work/sample_corpus/shards")
    program = tmp_path / "bin" / "foretaste"
    program.parent.mkdir()
    program.write_text(WRAPPER.format(python=sys.executable, root=str(ROOT)), encoding="utf-8")
    program.chmod(0o755)
    return tmp_path / "work"


def run(command: str, folder: Path) -> str:
    """Standard output of a line of shell."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FORETASTE_")}
    environment["PATH"] = f"{folder.parent / 'bin'}{os.pathsep}{environment['PATH']}"
    environment["PYTHONSAFEPATH"] = "1"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else f"{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_comes_out(page: Path, folder: Path) -> None:
    steps = STEP.findall("".join(CONSOLE.findall(page.read_text(encoding="utf-8"))))
    assert steps
    for command, shown in steps:
        out = "\n".join(line.rstrip() for line in run(command, folder).splitlines())
        pattern = re.escape(shown.rstrip("\n")).replace(re.escape("..."), ".*?")
        assert re.fullmatch(pattern, out, re.DOTALL), f"$ {command}\n{out}"
