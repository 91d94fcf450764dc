"""What was inferred of snapshots, for people: classes, containments, overlaps."""

from __future__ import annotations

from typing import TextIO

from foretaste.report.safe import safe
from lineage.queries.compare import Pair, Relationship
from lineage.queries.held import Held
from lineage.queries.infer import UNDIRECTED, Inferred
from lineage.queries.shares import Share

_HEADS = {
    Relationship.CONTAINED: "contained: every document is in the larger one",
    Relationship.OVERLAP: "overlap: part of either is in the other",
    Relationship.NEAR: "near: the same words or lightly edited, hardly a document the same",
    Relationship.APART: "apart: nothing in common was found",
}
WIDEST = 60


def write_inferred(answer: Inferred, stream: TextIO) -> None:
    """Classes of equal content first, then pairs by kind; a note on what it does not say."""
    _classes(answer, stream)
    for kind, head in _HEADS.items():
        pairs = [pair for pair in answer.pairs if pair.kind is kind]
        if pairs:
            stream.write(f"{head}\n")
        for pair in pairs:
            _pair(pair, stream)
    if not answer.pairs:
        stream.write("nothing in common was found\n")
    stream.writelines(_aside(one) for members in answer.classes for one in members)
    if answer.implied:
        stream.write(f"{answer.implied:,} more pairs follow from these; --full shows them\n")
    if any(pair.descent == UNDIRECTED for pair in answer.pairs):
        stream.write("undirected: content does not tell which was first\n")
    if answer.written is not None:
        stream.write(f"edges new to the store: {answer.written:,}\n")


def _aside(held: Held) -> str:
    """What of a snapshot took no part; '' if all did."""
    notes = []
    if held.unread:
        notes.append(f"{held.unread:,} shards were not read to their end")
    if held.quarantined:
        notes.append(f"{held.quarantined:,} quarantined records are not compared")
    return f"{_name(held)}: {'; '.join(notes)}\n" if notes else ""


def _classes(answer: Inferred, stream: TextIO) -> None:
    equal = [members for members in answer.classes if len(members) > 1]
    if equal:
        stream.write("equal: the same set of documents\n")
    for members in equal:
        first = members[0]
        stream.write(f"  {first.documents:,} documents\n")
        for one in members:
            copies = "" if one.copies == first.copies else ", other numbers of copies"
            stream.write(f"    {_name(one)}  {one.totals['records']:,} records{copies}\n")
    known = [p for p in answer.pairs if p.kind is Relationship.EQUAL and p.descent != UNDIRECTED]
    for pair in known:
        stream.write(f"    {safe(pair.descent)}\n")


def _pair(pair: Pair, stream: TextIO) -> None:
    stream.write(f"  {_name(pair.first)}  in  {_name(pair.second)}\n")
    for one, share in ((pair.first, pair.share), (pair.second, pair.other)):
        stream.write(f"    of {_name(one)}: {_share(share)}\n")
    if pair.descent != UNDIRECTED:
        stream.write(f"    {safe(pair.descent)}\n")
    if pair.through:
        stream.write(f"    follows from {safe(pair.through, WIDEST)}\n")


def _share(share: Share) -> str:
    text = percent(share.exact.documents)
    if share.low != share.high:
        text += f" ({percent(share.low)} to {percent(share.high)})"
    text += f" of documents, {percent(share.exact.bytes)} of bytes"
    if share.near is not None:
        text += f", {percent(share.near.documents)} with near-copies"
    return text


def percent(share: float) -> str:
    """A share as a percentage that is 0 or 100 only where it is."""
    shown = f"{share:.1%}"
    if shown == "100.0%" and share < 1:
        return "> 99.9%"
    if shown == "0.0%" and share > 0:
        return "< 0.1%"
    return "100%" if share == 1 else shown


def _name(held: Held) -> str:
    more = f" (also {', '.join(held.names[1:])})" if len(held.names) > 1 else ""
    return safe(held.name + more, WIDEST)
