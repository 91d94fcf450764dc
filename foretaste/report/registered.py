"""What was declared, for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TextIO

from foretaste.report.safe import safe
from lineage.graph import Edge, Node, Relation
from lineage.register.openlineage import Read
from lineage.register.register import Registered
from lineage.store.nodes import Names

WIDEST = 80
MOST_EDGES = 40


def write_registered(done: Registered, names: Names, stream: TextIO, dry_run: bool) -> None:
    """Nodes with their facts and edges, then how many were new or changed."""
    shown: dict[Node, list[tuple[str, str]]] = {entity.node: [] for entity in done.entities}
    for entity in done.entities:
        facts = {name: v for name, v in entity.facts.items() if v is not None}
        shown[entity.node] += [(n.replace("_", "-"), value(v)) for n, v in facts.items()]
    for edge in done.edges:
        node, row = _row(edge, names, wrote=edge.parent in shown)
        shown.setdefault(node, []).append(row)
    for node, rows in list(shown.items())[:MOST_EDGES]:
        stream.write(f"{node.kind}:{safe(names.label(node), WIDEST)}\n")
        wide = max((len(name) for name, _ in rows), default=0)
        for name, text in rows:
            stream.write(f"  {safe(name):<{wide}}  {text}\n")
    for node in done.unknown:
        stream.write(f"nobody knew {node.kind}:{safe(node.id, WIDEST)}\n")
    _write_count(done, stream, dry_run)


def write_events(read: Read, stream: TextIO, dry_run: bool) -> None:
    """How many events were taken, and why others were not."""
    stream.write(f"{read.taken:,} events taken, {len(read.refused):,} refused\n")
    for reason, count in sorted(read.reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:20]:
        first = next(one.number for one in read.refused if one.reason == reason)
        stream.write(f"  {count:,} (first: event {first}): {safe(reason, 200)}\n")
    if len(read.reasons) > 20:
        stream.write(f"  and {len(read.reasons) - 20:,} reasons more\n")
    _write_count(read.registered, stream, dry_run)


def _write_count(done: Registered, stream: TextIO, dry_run: bool) -> None:
    nodes, edges = len(done.entities), len(done.edges)
    kept = "nothing was written" if dry_run else f"{done.changed:,} new or changed"
    stream.write(f"{nodes:,} nodes and {edges:,} edges declared; {kept}\n")


def _row(edge: Edge, names: Names, *, wrote: bool) -> tuple[Node, tuple[str, str]]:
    facts = f" ({brief(edge.facts)})" if edge.facts else ""
    if edge.relation is Relation.WRITTEN_BY and wrote:
        return edge.parent, ("wrote", f"{safe(names.label(edge.child), WIDEST)}{facts}")
    return edge.child, (str(edge.relation), f"{safe(names.label(edge.parent), WIDEST)}{facts}")


def brief(facts: Mapping[str, Any]) -> str:
    """Facts on one line."""
    return ", ".join(f"{safe(name.replace('_', '-'))} {value(v)}" for name, v in facts.items())


def value(given: Any) -> str:
    """A fact's value, made safe and short."""
    if isinstance(given, list):
        return safe(", ".join(one if isinstance(one, str) else _json(one) for one in given), WIDEST)
    return safe(given if isinstance(given, str) else _json(given), WIDEST)


def _json(given: Any) -> str:
    return json.dumps(given, ensure_ascii=False)
