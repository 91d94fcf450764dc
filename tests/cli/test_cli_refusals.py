"""What the system refuses: closed streams, full disks, places where no store can be."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from foretaste.cli.progress import watching
from foretaste.cli.talk import say

ROOT = Path(__file__).parent.parent.parent
CODE = "import sys; from foretaste.cli import main; sys.exit(main())"
SCAN = ("scan", "clean", "--select", "HID")
FULL = Path("/dev/full")

pytestmark = pytest.mark.usefixtures("clean")


def ran(
    folder: Path,
    *arguments: str,
    before: Callable[[], object] | None = None,
    stdout: int = subprocess.PIPE,
) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=before,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout or "", done.stderr


def test_nothing_is_said_where_stderr_is_closed(tmp_path):
    code, out, _ = ran(tmp_path, *SCAN, before=lambda: os.close(2))
    assert code == 0
    assert out.startswith("clean@")
    assert ran(tmp_path, "scan", "nowhere", before=lambda: os.close(2)) == (2, "", "")


def test_no_stderr_is_not_stdout(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr", None)
    say("a word")
    with watching(quiet=False) as watch:
        watch.reading(1, 1)
    assert capsys.readouterr().out == ""


def test_a_closed_stdout_is_noticed_before_any_work(tmp_path):
    code, _, err = ran(tmp_path, *SCAN, before=lambda: os.close(1))
    assert code == 2
    assert err == "foretaste: cannot write to standard output: it is closed\n"
    assert not (tmp_path / ".foretaste").exists()
    code, _, err = ran(tmp_path, "config", before=lambda: os.close(1))
    assert (code, err) == (2, "foretaste: cannot write to standard output: it is closed\n")


def test_a_closed_stdout_does_not_matter_to_a_file(tmp_path):
    code, _, err = ran(
        tmp_path, *SCAN, "--quiet", "--output", "out.txt", before=lambda: os.close(1)
    )
    assert (code, err) == (0, "")
    assert (tmp_path / "out.txt").read_text().startswith("clean@")


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [(*SCAN, "--quiet"), ("config",), ("--help",)])
def test_a_full_stdout(tmp_path, arguments):
    with FULL.open("w") as full:
        code, _, err = ran(tmp_path, *arguments, stdout=full.fileno())
    assert code == 2
    assert err.startswith("foretaste: ")
    assert err.endswith("No space left on device\n")
    assert err.count("\n") == 1


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_full_file(foretaste):
    done = foretaste(*SCAN, "--quiet", "--output", str(FULL))
    assert done.code == 2
    assert done.err == "foretaste: cannot write to /dev/full: No space left on device\n"


def test_a_store_that_is_a_file(foretaste, tmp_path):
    (tmp_path / "file").write_text("x")
    done = foretaste(*SCAN, "--quiet", "--store", "file")
    assert (done.code, done.out) == (2, "")
    assert "file" in done.err
    assert "internal error" not in done.err
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("kilobytes", [1, 100])
def test_a_limit_on_the_size_of_files(tmp_path, kilobytes):
    limit = (kilobytes * 1024, kilobytes * 1024)
    code, out, err = ran(
        tmp_path, *SCAN, "--quiet", before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    )
    assert (code, out) == (2, "")
    assert "File too large" in err
    assert "internal error" not in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied", "some\u202ewhere"), r"some\u{202E}where: Perm"),
        (OSError(28, "No space left on device"), "foretaste: No space left on device\n"),
        (OSError("odd"), "foretaste: odd\n"),
    ],
)
def test_what_the_system_refuses_is_no_error_of_our_own(foretaste, monkeypatch, error, message):
    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("foretaste.api.scan", refused)
    done = foretaste(*SCAN)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "internal error" not in done.err
    assert "Traceback" not in done.err
    monkeypatch.setenv("FORETASTE_TRACE", "1")
    assert "Traceback" in foretaste(*SCAN).err
