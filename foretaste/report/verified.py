"""Which inputs of a job were scanned, for people."""

from __future__ import annotations

from typing import TextIO

from foretaste.report.safe import safe
from lineage.queries.verify import Input, State, Verified
from lineage.store.scans import Scanned
from scanners import COMPARING, select

WIDEST = 80


def write_verified(answer: Verified, stream: TextIO) -> None:
    """One line an input, with what it lacks; then the sum."""
    for one in answer.inputs:
        digest = f"  {one.digest[7:19]}" if one.digest else ""
        stream.write(f"{one.state:<11}{safe(one.path, WIDEST)}{digest}\n")
        stream.writelines(f"  {safe(note)}\n" for note in _notes(one))
    scans = {scan.scan: scan for one in answer.inputs for scan in one.scans}
    stream.writelines(map(_scan, scans.values()))
    if answer.older:
        stream.write(f"{answer.older:,} shards were fingerprinted by an older Foretaste: ")
        stream.write("their records could not be looked at\n")
    good = sum(one.descends for one in answer.inputs)
    stream.write(f"{good:,} of {len(answer.inputs):,} inputs descend from scanned shards\n")


def _notes(one: Input) -> list[str]:
    notes = [one.detail] if one.detail else []
    if one.state in (State.PART, State.INGESTED, State.UNKNOWN) and one.documents:
        unknown = one.documents - one.scanned - one.ingested
        notes.append(
            f"of {one.documents:,} documents {one.scanned:,} were scanned, "
            f"{one.ingested:,} ingested only, {unknown:,} are unknown"
        )
    elif one.state is State.INGESTED:
        notes.append("ingested, but never scanned")
    if one.opaque:
        notes.append(f"{one.opaque:,} quarantined records cannot be compared")
    if one.flagged:
        notes.append(f"{one.flagged:,} of its documents are members of findings of severity high")
    return notes


def _scan(scan: Scanned) -> str:
    """What a scan lacks or found; '' if it lacks and found nothing."""
    lacks = (
        (scan.unread, "shards were not read to their end"),
        (scan.failed, "scanners failed"),
        (scan.high, "findings of severity high"),
    )
    told = [f"{count:,} {what}" for count, what in lacks if count]
    left_out = [code for code in select() if code not in (*scan.codes, *COMPARING)]
    if left_out:
        told.append(f"not looked for: {', '.join(left_out)}")
    name = safe(f"{scan.dataset}@{scan.label}", WIDEST)
    return f"scan {scan.scan} of {name}: {'; '.join(told)}\n" if told else ""
