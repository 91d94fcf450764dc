"""The graph as two trees on a terminal: what a node came from, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TextIO

from foretaste.report.registered import brief, value
from foretaste.report.safe import safe
from lineage.graph import Edge, Kind, Node, Relation
from lineage.queries.lineage import Lineage

WIDEST = 80
DEEPEST = 40
"""Levels that are drawn; a chain of 10^5 models would be drawn 10^5 columns wide."""
MOST_LINES = 2000
"""Lines of one tree."""
_WORDS = {Relation.CONTAINS: "shards", Relation.FOUND_IN: "findings"}
_FACTS = ("class", "licence", "format", "verdict", "by", "state", "deployed")
"""Facts that stand beside a name."""


def write_tree(answer: Lineage, stream: TextIO) -> None:
    """The node, what it came from, and what came of it; a node is drawn once in each tree."""
    stream.write(f"{_shown(answer, answer.node)}\n")
    if not answer.steps:
        stream.write("nothing is known of where it came from, nor of what came of it\n")
    for upstream, title in ((True, "came from"), (False, "what came of it")):
        edges = [step.edge for step in answer.steps if step.upstream is upstream]
        if edges:
            stream.write(f"\n{title}:\n")
            drawn = list(islice(_lines(answer, edges, upstream), MOST_LINES))
            stream.writelines(drawn)
            if len(drawn) == MOST_LINES and len(edges) > MOST_LINES:
                more = len(edges) - MOST_LINES
                stream.write(f"and {more:,} edges more: --depth, or --format table or json\n")


def _lines(answer: Lineage, edges: Sequence[Edge], upstream: bool) -> Iterator[str]:
    """Depth first, without recursion: chains may be long."""
    ahead: dict[Node, list[tuple[Node, Edge]]] = {}
    for edge in edges:
        near, far = (edge.child, edge.parent) if upstream else (edge.parent, edge.child)
        ahead.setdefault(near, []).append((far, edge))
        if edge.relation is Relation.OVERLAPS:
            ahead.setdefault(far, []).append((near, edge))
    drawn = {answer.node}
    waiting = _children(answer, ahead, answer.node, "", None)
    while waiting:
        node, edge, indent, last, level = waiting.pop()
        stop = "└─ " if last else "├─ "
        again = node in drawn and ahead.get(node)
        mark = ""
        if edge.relation is Relation.OVERLAPS:
            mark = "  (undirected)"
        elif again:
            mark = "  (see above)" if node != answer.node else "  (a circle)"
        elif level >= DEEPEST and ahead.get(node):
            mark = f"  ... goes on: foretaste lineage {safe(str(node), WIDEST)}"
        elif node in answer.deeper:
            mark = "  ..."
        yield f"{indent}{stop}{_edge(edge)} {_shown(answer, node)}{mark}\n"
        if not mark:
            drawn.add(node)
            inner = indent + ("   " if last else "│  ")
            waiting += _children(answer, ahead, node, inner, edge, level + 1)


def _children(  # noqa: PLR0913, PLR0917
    answer: Lineage,
    ahead: dict[Node, list[tuple[Node, Edge]]],
    node: Node,
    indent: str,
    came: Edge | None,
    level: int = 1,
) -> list[tuple[Node, Edge, str, bool, int]]:
    """What hangs below a node, the last of it first."""
    below = [pair for pair in ahead.get(node, ()) if pair[1] is not came]
    below.sort(key=lambda pair: (pair[1].relation, answer.name(pair[0]), pair[1].basis))
    last = len(below) - 1
    rows = [(far, edge, indent, k == last, level) for k, (far, edge) in enumerate(below)]
    return rows[::-1]


def _edge(edge: Edge) -> str:
    facts = f"; {safe(brief(edge.facts), WIDEST)}" if edge.facts else ""
    return f"{edge.relation} [{edge.basis}{facts}]"


def _shown(answer: Lineage, node: Node) -> str:
    """A node in words: kind, name, and the little of its facts that tells most."""
    name = answer.name(node)
    if node.kind is Kind.SNAPSHOT and name != node.id:
        name = f"{name} ({node.id.removeprefix('sha256:')[:12]})"
    held = answer.held.get(node, {})
    facts = answer.facts.get(node, {})
    words = [f"{count:,} {_WORDS[relation]}" for relation, count in sorted(held.items())]
    words += [value(facts[name]) for name in _FACTS if name in facts]
    more = f"  {', '.join(words)}" if words else ""
    return f"{node.kind} {safe(name, WIDEST)}{more}"
