"""Conversation: everything that is said on stderr, nothing of it unescaped."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """One or more lines on stderr, each made safe and prefixed."""
    from foretaste.report.safe import safe  # noqa: PLC0415

    for line in text.splitlines():
        print(f"foretaste: {safe(line)}", file=sys.stderr, flush=True)


def complain(problem: str, hint: str = "") -> None:
    """A problem, and what to do about it."""
    say(problem or "error")
    if hint:
        say(hint)
