"""The answer of ``impact`` for people: totals, where, what learned, and copies elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from foretaste.report.safe import safe
from lineage.fingerprint.compact import standard_error
from lineage.graph import Relation
from lineage.queries.impact import Impact, Model, Snapshot
from lineage.queries.spread import Copied, Counts
from lineage.store.matching import Match

MOST = 20
"""Lines of a section that are shown."""
WIDEST = 100


def write_impact(impact: Impact, stream: TextIO) -> None:
    """Write it."""
    for line in _lines(impact):
        stream.write(line.rstrip() + "\n")


def _lines(impact: Impact) -> Iterator[str]:
    yield safe(str(impact.subject)) + _window(impact)
    yield f"  {_counts(impact.counts)}, {impact.documents:,} distinct"
    if impact.undated:
        yield f"  {impact.undated:,} more records have no time: unknown whether in the window"
    yield f"  {_touched(impact)}"
    yield f"  tokens x epochs {_seen(impact)}"
    yield from _section("snapshots", list(impact.snapshots), _snapshot)
    runs = [f"{safe(run.node.id, WIDEST)}  {run.basis}" for run in impact.runs]
    yield from _section("runs", runs, lambda run: iter([run]))
    names = {f"snapshot:{one.root}": ", ".join(one.names) or one.root for one in impact.snapshots}
    yield from _section("models", list(impact.models), lambda model: _model(model, names))
    yield from _copies(impact)
    if impact.upstream:
        above = [f"{safe(str(r.node), WIDEST)}  {r.basis}" for r in impact.upstream]
        yield from _section("came from", above, lambda line: iter([line]))


def _window(impact: Impact) -> str:
    since, until = impact.window.since, impact.window.until
    parts = [f"since {since}" if since else "", f"until {until}" if until else ""]
    told = " ".join(part for part in parts if part)
    return f"  {told}" if told else ""


def _touched(impact: Impact) -> str:
    numbers = {
        "shard": len(impact.shards),
        "snapshot": len(impact.snapshots),
        "run": len(impact.runs),
        "model": len(impact.models),
    }
    return ", ".join(_many(number, name) for name, number in numbers.items())


def _seen(impact: Impact) -> str:
    own, copied, unknown = impact.seen
    text = f"{own:,.0f}, and {copied:,.0f} of copies"
    if unknown:
        text += f"; epochs not known of {_many(unknown, 'training edge')}"
    return text


def _snapshot(one: Snapshot) -> Iterator[str]:
    names = ", ".join(map(safe, one.names)) or safe(one.root)
    copies = ", ".join(
        f"{one.copied[match].records:,} {match}" for match in Match if match in one.copied
    )
    own = _many(one.counts.records, "record")
    yield f"{names}  {own}  copies: {copies or 'none'}  {one.reached.basis}"


def _model(model: Model, names: Mapping[str, str]) -> Iterator[str]:
    steps = [
        f"{edge.relation} {names.get(str(edge.parent), edge.parent.id)}"
        for edge in model.reached.way
        if edge.relation is not Relation.CONTAINS
    ]
    yield f"{safe(model.name, WIDEST)}  {model.reached.basis}  {safe(', '.join(steps))}"
    for exposure, how in [(e, "") for e in model.own] + [
        (e, f"by {safe(e.model, WIDEST)}: ") for e in model.inherited
    ]:
        snapshot = exposure.snapshot
        seen = exposure.seen(snapshot.tokens)
        epochs = "epochs not known" if seen is None else f"{exposure.epochs:g} epochs = {seen:,.0f}"
        role = f" ({safe(exposure.role, WIDEST)})" if exposure.role else ""
        yield f"  {how}{snapshot.tokens:,} tokens x {epochs}{role}"


def _copies(impact: Impact) -> Iterator[str]:
    yield ""
    yield "copies elsewhere"
    if not impact.copies:
        yield "  none found"
    for (source, match), (counts, documents) in list(impact.copied.items())[:MOST]:
        some = [c for c in impact.copies if (c.source, c.match) == (source, match)]
        name = "source not known" if source is None else safe(source, WIDEST)
        yield f"  {match:<11}{_counts(counts)}, {documents:,} distinct  {name}{_alike(some)}"
        yield from _examples(some)
    hidden = len(impact.copied) - MOST
    if hidden > 0:
        yield f"  and {hidden:,} more lines, see --format json"
    if impact.older:
        yield f"  {_many(impact.older, 'shard')} of an older Foretaste: near-copies not looked for"


def _alike(some: Sequence[Copied]) -> str:
    if some[0].match is not Match.NEAR:
        return ""
    least, most = min(c.similarity[0] for c in some), max(c.similarity[1] for c in some)
    return f"  similarity {least:.2f} to {most:.2f} ± {standard_error(least):.2f}"


def _examples(some: Sequence[Copied]) -> Iterator[str]:
    for copied in some[:1]:
        place = copied.holding.held[0] if copied.holding.held else None
        where = f"{place.snapshot} {place.path}" if place else copied.holding.digest
        record, name, _ = copied.examples[0]
        told = f"  {safe(name, WIDEST)}" if name else ""
        yield f"    e.g. {safe(where, WIDEST)}  record {record}{told}"


def _section(name: str, items: Sequence[Any], show: Any) -> Iterator[str]:
    if not items:
        return
    yield ""
    yield name
    for item in items[:MOST]:
        for line in show(item):
            yield f"  {line}"
    if len(items) > MOST:
        yield f"  and {len(items) - MOST:,} more, see --format json"


def _counts(counts: Counts) -> str:
    return f"{_many(counts.records, 'record')}, {counts.bytes:,} bytes, {counts.tokens:,} tokens"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
