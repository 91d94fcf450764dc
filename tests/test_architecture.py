"""What the house looks like: floors, file lengths, and what may be imported when."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import foretaste
from foretaste.cli.group import COMMANDS

ROOT = Path(__file__).parent.parent
FLOORS = ("lineage", "scanners", "foretaste")
"""Lowest first: a package imports itself and those before it."""
LONGEST = 400
EXEMPT = "lineage/fingerprint/kernels.py"
"""Kernels that call each other must share a file, or numba's cache misses changes."""
HEAVY = {"polars", "pyarrow", "duckdb", "numba", "numpy", "scipy", "datasketch", "rich"}


def files(package: str) -> Iterator[Path]:
    yield from sorted((ROOT / package).rglob("*.py"))


def imported(file: Path) -> set[str]:
    """Top-level names that a file imports, at any depth of it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide floors"
            names.add((node.module or "").split(".")[0])
    return names


def strings(file: Path) -> set[str]:
    """String constants that may name a module to import lazily."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and type(n.value) is str}


@pytest.mark.parametrize("floor", range(len(FLOORS)))
def test_arrows_point_down(floor: int) -> None:
    above = set(FLOORS[floor + 1 :])
    for file in files(FLOORS[floor]):
        assert not imported(file) & above, file
        lazy = {text.split(".")[0] for text in strings(file) if "." in text and " " not in text}
        assert not lazy & above, file


def test_every_package_was_seen() -> None:
    assert all(len(list(files(package))) > 5 for package in FLOORS)


@pytest.mark.parametrize("package", [*FLOORS, "tests", "sample_corpus", "benchmarks"])
def test_no_file_is_longer_than_a_reader_can_hold(package: str) -> None:
    long = {
        file.relative_to(ROOT).as_posix(): length
        for file in files(package)
        if (length := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert set(long) <= {EXEMPT}, long


def test_commands_are_short() -> None:
    for module, _ in COMMANDS.values():
        file = ROOT / (module.replace(".", "/") + ".py")
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 60, file


def test_the_words_of_lineage_need_the_standard_library_alone() -> None:
    names = imported(ROOT / "lineage/model.py") | imported(ROOT / "lineage/errors.py")
    assert names <= sys.stdlib_module_names | {"__future__"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["scan", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from foretaste.cli import main; "
        f"assert main({arguments!r}) == 0; print('\\n' + ' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert "click" in modules
    assert not modules & HEAVY


def test_the_packages_can_be_imported_without_anything_heavy() -> None:
    code = "import foretaste, scanners, lineage, sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {name.split(".")[0] for name in done.stdout.split()} & HEAVY


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert foretaste.__version__ == project["version"]


@pytest.mark.parametrize("package", FLOORS)
def test_packages_are_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()
