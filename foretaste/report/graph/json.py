"""Nodes and edges as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from foretaste.report.values import dumps
from lineage.queries.lineage import Lineage


def write_json(answer: Lineage, stream: TextIO) -> None:
    """Nodes with their facts, edges with their basis, printable ASCII."""
    far: dict[int, dict[str, int]] = {}
    for step in answer.steps:
        way = "upstream" if step.upstream else "downstream"
        far.setdefault(id(step.edge), {})[way] = step.distance
    nodes = [
        {
            "node": str(node),
            "kind": str(node.kind),
            "id": node.id,
            "name": answer.name(node),
            "facts": dict(answer.facts.get(node, {})),
            "counted": {str(r): n for r, n in answer.held.get(node, {}).items()},
            "goes_on": node in answer.deeper,
        }
        for node in answer.nodes
    ]
    edges = [
        {
            "child": str(edge.child),
            "relation": str(edge.relation),
            "parent": str(edge.parent),
            "basis": str(edge.basis),
            "facts": dict(edge.facts),
            "event": edge.event,
            "distance": far[id(edge)],
        }
        for edge in answer.edges
    ]
    stream.write(f'{{"node": {dumps(str(answer.node))},\n')
    stream.write(f'"nodes": {_listed(nodes)},\n"edges": {_listed(edges)}}}\n')


def _listed(values: Sequence[Mapping[str, Any]]) -> str:
    """An array, a value a line."""
    return "[" + ",\n ".join(map(dumps, values)) + "]"
