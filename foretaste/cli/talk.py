"""Conversation: everything that is said on stderr, nothing of it unescaped."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def say(text: str) -> None:
    """One or more lines on stderr, each made safe and prefixed."""
    from foretaste.report.safe import safe  # noqa: PLC0415

    # To print, None is stdout; and nobody can be told of a stderr that cannot be written to.
    if sys.stderr is None:
        return
    with suppress(OSError):
        for line in text.splitlines():
            print(f"foretaste: {safe(line)}", file=sys.stderr, flush=True)


def complain(problem: str, hint: str = "") -> None:
    """A problem, and what to do about it."""
    say(problem or "error")
    if hint:
        say(hint)


def hold_streams() -> None:
    """Open what was closed of stdin, stdout and stderr on the null device.

    Otherwise the next file that is opened, say one of the store, takes the free number.
    ``sys.stdout`` stays None, for a report that goes nowhere is an error.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def drop_stdout() -> None:
    """Let what is still buffered go nowhere: it must not fail again when Python closes stdout."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
