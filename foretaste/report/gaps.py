"""The answer of ``coverage`` for people: gaps first, then what is known throughout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from foretaste.report.safe import safe
from lineage.queries.coverage import Gaps

WIDEST = 90


def write_gaps(gaps: Gaps, stream: TextIO) -> None:
    """Write it."""
    for line in _lines(gaps):
        stream.write(line.rstrip() + "\n")


def _lines(gaps: Gaps) -> Iterator[str]:
    missing = [gap for gap in gaps.lines if gap.missing]
    for gap in missing:
        yield f"{safe(gap.about, WIDEST)}: {gap.what}: {gap.missing:,} of {gap.total:,}"
        for example in gap.examples:
            yield f"  {safe(example, WIDEST)}"
        more = gap.missing - len(gap.examples)
        if more > 0 and not gap.about.startswith("records"):
            yield f"  and {more:,} more"
        yield f"  fill: {gap.command}"
    known = [f"{safe(g.about, WIDEST)} ({g.what})" for g in gaps.lines if not g.missing and g.total]
    if known:
        yield f"without a gap: {', '.join(known)}"
    empty = [f"{g.about} ({g.what})" for g in gaps.lines if not g.total]
    if empty:
        yield f"nothing to ask: {', '.join(map(safe, empty))}"
