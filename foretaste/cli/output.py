"""The product: a report on stdout or in a file, and what it means for the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from foretaste.cli.options import NEVER
from foretaste.cli.talk import drop_stdout
from foretaste.report import Report
from foretaste.report import write as write_report
from lineage.errors import UsageError
from scanners.severity import SEVERITIES, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOSED = "cannot write to standard output: it is closed"


def check_output(path: str | None) -> None:
    """UsageError, before any work, where a report cannot be written."""
    if path is None and sys.stdout is None:
        raise UsageError(CLOSED)
    if path is not None and (Path(path).is_dir() or not Path(path).absolute().parent.is_dir()):
        raise UsageError(f"cannot write to {path}", hint="name a file in a folder that exists")


def publish(path: str | None, write: Callable[[TextIO], object]) -> None:
    """Let ``write`` write to a file, or to stdout; a reader that leaves early is no error.

    UsageError where it cannot be written.
    """
    if path is None:
        _print(write)
        return
    try:
        with Path(path).open("w", encoding="utf-8", errors="backslashreplace") as file:
            write(file)
    except OSError as error:
        raise UsageError(f"cannot write to {path}: {error.strerror}") from error


def _print(write: Callable[[TextIO], object]) -> None:
    if sys.stdout is None:
        raise UsageError(CLOSED)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        write(sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()
    except OSError as error:
        drop_stdout()
        raise UsageError(f"cannot write to standard output: {error.strerror}") from error


def publish_report(report: Report, given: Mapping[str, Any]) -> None:
    """Write a report as the options of REPORT say."""
    show = Severity(given["show"]) if given["show"] else None
    chosen = replace(report, show=show)
    publish(given["output"], lambda stream: write_report(chosen, given["format"], stream))


def exit_code(report: Report, fail_on: str, exit_zero: bool = False) -> int:
    """2 where a scanner failed, else 1 where the gate does, else 3 for incomplete coverage, 0."""
    if report.failed:
        return 2
    if exit_zero:
        return 0
    if fail_on != NEVER:
        gate = SEVERITIES.index(Severity(fail_on))
        if any(SEVERITIES.index(finding.severity) <= gate for finding in report.findings):
            return 1
    return 0 if report.complete else 3
