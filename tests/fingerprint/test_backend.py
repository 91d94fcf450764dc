"""Choice of kernels, and the folder of compiled ones."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from lineage.fingerprint import backend

ROOT = Path(__file__).parents[2]
SCRIPT = """
import pyarrow as pa
from lineage.fingerprint.minhash import signatures
from lineage.fingerprint.tokens import tokenise
tokens = tokenise(pa.array(["Hello, w\u00f6rld", "", "日本 don't"], pa.large_string()), 7)
print(tokens.raw.tolist(), tokens.folded.tolist(), tokens.word.tolist(), tokens.end.tolist())
print(signatures(tokens, permutations=4).tolist())
"""


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home of its own, and kernels that need no compiling."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    stub = ModuleType("lineage.fingerprint.kernels")
    monkeypatch.setitem(sys.modules, stub.__name__, stub)
    monkeypatch.setattr("lineage.fingerprint.kernels", stub, raising=False)
    return tmp_path


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_without_jit_the_same_by_plain_python() -> None:
    plain, compiled = run(NUMBA_DISABLE_JIT="1"), run(NUMBA_DISABLE_JIT="0")
    assert plain.stdout == compiled.stdout
    assert "without compiled kernels" in plain.stderr


def test_importing_is_lazy() -> None:
    code = "import sys, lineage.fingerprint.batch; print('numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_cache_folder_is_ours_alone(fresh: Path) -> None:
    folder = backend._cache_folder()
    assert folder.parent == fresh / "foretaste" / "numba"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert backend._cache_folder() == folder


def test_a_folder_that_others_may_write_is_not_used(fresh: Path) -> None:
    folder = backend._cache_folder()
    folder.chmod(0o770)
    other = backend._cache_folder()
    assert fresh not in other.parents
    assert stat.S_IMODE(other.stat().st_mode) == 0o700
    other.rmdir()


def test_says_that_it_compiles_only_when_it_does(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    numba = pytest.importorskip("numba")
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    backend._load.__wrapped__()
    said = capsys.readouterr()
    assert said.err == "foretaste: compiling kernels once (a few seconds) ...\n"
    assert said.out == ""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    (backend._cache_folder() / "kernels.tokenise-1.py311.1.nbc").touch()
    backend._load.__wrapped__()
    assert capsys.readouterr().err == ""
    assert numba.config.CACHE_DIR.startswith(str(fresh))


def test_without_numba_plain_python(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    assert backend._load.__wrapped__().__name__ == "lineage.fingerprint.plain"
    assert "without compiled kernels" in capsys.readouterr().err
    assert fresh.exists()
