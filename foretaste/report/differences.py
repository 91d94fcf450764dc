"""What changed between two snapshots, for people: counts that add up, and why."""

from __future__ import annotations

from typing import TextIO

from foretaste.report.safe import safe
from lineage.queries.diff import Change, Diff, Side
from lineage.queries.reasons import UNKNOWN

WIDEST = 60


def write_diff(answer: Diff, stream: TextIO) -> None:
    """Counts by change, each with its reasons."""
    for side, name in ((answer.old, "old"), (answer.new, "new")):
        stream.write(f"{name}  {safe(side.name, WIDEST)}  {side.records:,} records{_aside(side)}\n")
    if answer.key is not None:
        old, new = answer.keyed
        stream.write(f"by {answer.key}: {old:,} old and {new:,} new records have one\n")
    for change in Change:
        stream.write(f"  {change:<10}{answer.counts[change]:>12,}\n")
        reasons = {why: count for (of, why), count in answer.reasons.items() if of is change}
        if set(reasons) - {UNKNOWN}:
            lines = (f"    {why:<10}{count:>10,}\n" for why, count in reasons.items())
            stream.writelines(lines)


def _aside(side: Side) -> str:
    notes = []
    if side.quarantined:
        notes.append(f"{side.quarantined:,} quarantined are not compared")
    if side.unread:
        notes.append(f"{side.unread:,} shards could not be read to their end")
    return f" ({'; '.join(notes)})" if notes else ""
