"""The answer of ``trace`` for people: totals, then each record with its places, then models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from foretaste.report.safe import safe
from lineage.fingerprint.passages import GUARANTEE, WIDTH
from lineage.queries.trace import Checked, Found, Trace
from lineage.store.matching import Match

MOST_PLACES = 5
"""Places of a record that are shown."""
WIDEST = 100


def write_trace(trace: Trace, stream: TextIO) -> None:
    """Write it."""
    for line in _lines(trace):
        stream.write(line.rstrip() + "\n")


def _lines(trace: Trace) -> Iterator[str]:
    for match in Match:
        count = trace.totals[match]
        sure = "" if trace.whole or match is not Match.PASSAGE else "at least "
        yield f"{match:<11}{sure}{count:>9,} record{'s' * (count != 1)}{_meaning(match, trace)}"
    for found in trace.found:
        yield ""
        yield from _record(found, trace)
    hidden = sum(trace.totals.values()) - len(trace.found)
    if hidden > 0:
        yield ""
        yield f"{hidden:,} more records, see --limit"
    if trace.snapshots:
        yield ""
    for held in trace.snapshots:
        counts = ", ".join(
            f"{held.records[match]:,} {match}" for match in Match if held.records[match]
        )
        yield f"snapshot {safe(held.dataset)}@{safe(held.label)}: {counts}"
    names = {held.root: f"{held.dataset}@{held.label}" for held in trace.snapshots}
    for model in trace.models:
        yield f"model {safe(model.name)}: {safe(model.how(names))} ({model.basis})"


def _meaning(match: Match, trace: Trace) -> str:
    if match is Match.PASSAGE and trace.words >= WIDTH:
        return f"  (runs of {GUARANTEE} words are always found)"
    return ""


def _record(found: Found, trace: Trace) -> Iterator[str]:
    yield f"{found.match}{_how(found, trace)}  document {found.document}"
    for where in found.where[:MOST_PLACES]:
        yield (
            f"  {safe(where.dataset)}@{safe(where.label)}  {safe(where.path)}"
            f"  record {found.place.record}"
        )
    if len(found.where) > MOST_PLACES:
        yield f"  and {len(found.where) - MOST_PLACES:,} more places"
    if not found.where:
        yield f"  in no snapshot; shard {found.shard}  record {found.place.record}"
    facts = {"source": found.place.source, "url": found.place.url, "id": found.place.id}
    told = [f"{name} {safe(value, WIDEST)}" for name, value in facts.items() if value]
    if told:
        yield f"  {'  '.join(told)}"
    if found.checked is not None:
        yield f"  read again: {_checked(found.checked)}"


def _checked(checked: Checked) -> str:
    text = safe(checked.run, WIDEST)
    if checked.jaccard is None:
        return text
    same = "the same text, " if checked.same else ""
    return f"{same}Jaccard {checked.jaccard:.3f}, {checked.words:,} words in a row: {text}"


def _how(found: Found, trace: Trace) -> str:
    if found.match is Match.NEAR:
        return f"  similarity {found.similarity:.2f} ± {found.error:.2f}"
    if found.match is Match.PASSAGE:
        return f"  {found.words:,} to {found.words_likely:,} of {trace.words:,} words"
    return ""
