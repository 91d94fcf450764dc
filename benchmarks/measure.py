"""Wall time, CPU time and peak memory of a command in a process of its own.

Import nothing heavy here: Linux counts what a process held before it became the measured
command (the memory of whoever started it) as part of the command's peak.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(__file__).resolve().parent
_CODE = "import sys; from foretaste.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds of wall and of CPU, peak resident memory in MiB."""

    wall: float
    cpu: float
    peak: float

    @property
    def cells(self) -> list[str]:
        """For a table."""
        return [f"{self.wall:.1f} s", f"{self.cpu:.1f} s", f"{self.peak:,.0f} MiB"]


def foretaste(*arguments: str) -> list[str]:
    """The installed command beside this interpreter, else the same entry point."""
    installed = Path(sys.executable).with_name("foretaste")
    start = [str(installed)] if installed.exists() else [sys.executable, "-P", "-c", _CODE]
    return [*start, *arguments]


def script(name: str, *arguments: str) -> list[str]:
    """A script of this folder."""
    return [sys.executable, str(HERE / name), *arguments]


def run(command: Sequence[str]) -> tuple[Cost, str]:
    """Run to the end; cost and standard output. SystemExit if it fails."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FORETASTE_")}
    environment["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryFile("w+") as out:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"failed with {process.returncode}: {' '.join(command)}")
        out.seek(0)
        cost = Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
        return cost, out.read()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown; the first column to the left, all others to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "".join("| " + " | ".join(row) + " |\n" for row in (head, rule, *rows))


def circumstances() -> str:
    """Date and class of machine, without its name."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        models = [line for line in information.read_text().splitlines() if "model name" in line]
        model = models[0].partition(":")[2].strip() if models else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = platform.python_version()
    return f"{date.today()}, {cores} cores of an {model}, {memory:.0f} GiB, Python {python}"
