"""What a comparison with another store tells, for people."""

from __future__ import annotations

from typing import TextIO

from foretaste.report.inferred import percent
from foretaste.report.safe import safe
from lineage.queries.exchange import Compared

MOST = 20
"""Findings, and flagged records, that are shown."""
WIDEST = 60


def write_compared(answer: Compared, stream: TextIO) -> None:
    """Shares first, then common findings, then what the others flagged."""
    for one in answer.levels:
        mine = percent(one.mine / one.of_mine if one.of_mine else 0.0)
        theirs = percent(one.theirs / one.of_theirs if one.of_theirs else 0.0)
        stream.write(
            f"{one.level:<6}{mine:>8} of my {one.of_mine:,} documents, "
            f"{theirs} of their {one.of_theirs:,}\n"
        )
    stream.write(f"findings that both have: {len(answer.findings):,}\n")
    for found in answer.findings[:MOST]:
        other = f"{found.their_severity}, {found.their_members:,} documents there"
        if not found.same:
            other += f", as {found.their_code}"
        stream.write(f"  {found.severity:<7}{safe(found.id)}  {safe(found.title, WIDEST)}\n")
        stream.write(f"         {found.members:,} documents here; {other}\n")
    documents = answer.flagged["document"].n_unique()
    stream.write(f"documents of mine that they flagged: {documents:,}\n")
    for row in answer.flagged.head(MOST).iter_rows(named=True):
        place = f"{safe(row['shard'], WIDEST)}:{row['record']}"
        stream.write(f"  {row['severity']:<7}{row['code']}  {place}  ({row['match']})\n")
    if answer.flagged.height > MOST:
        stream.write(f"  and {answer.flagged.height - MOST:,} more: --rows flagged\n")
    stream.write(f"documents of theirs that I flagged: {answer.flagged_by_me:,}\n")
