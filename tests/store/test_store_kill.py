"""A kill at any moment loses nothing committed; the rerun ends as if undisturbed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_four_kills(tmp_path: Path) -> None:
    script = ROOT / "benchmarks" / "torture.py"
    done = subprocess.run(
        [sys.executable, script, "--kills", "4", "--seed", "20", "--folder", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing lost" in done.stdout
