"""The graph in the language of Graphviz."""

from __future__ import annotations

from typing import TextIO

from foretaste.report.safe import safe
from lineage.graph import Basis, Relation
from lineage.queries.lineage import Lineage

WIDEST = 60
STYLES = {
    Basis.RECORDED: "bold",
    Basis.DECLARED: "solid",
    Basis.INFERRED_EXACT: "dashed",
    Basis.INFERRED_SKETCH: "dotted",
}


def write_dot(answer: Lineage, stream: TextIO) -> None:
    """A digraph whose arrows lead from what was there to what came of it."""
    numbers = {node: number for number, node in enumerate(answer.nodes)}
    stream.write('digraph lineage {\n  rankdir="LR";\n  node [shape="box"];\n')
    for node, number in numbers.items():
        label = _quoted(f"{node.kind}: {safe(answer.name(node), WIDEST)}")
        start = ', penwidth="2"' if node == answer.node else ""
        stream.write(f"  n{number} [label={label}, tooltip={_quoted(safe(str(node)))}{start}];\n")
    for edge in answer.edges:
        label = _quoted(f"{edge.relation} ({edge.basis})")
        both = ', dir="none"' if edge.relation is Relation.OVERLAPS else ""
        ends = f"n{numbers[edge.parent]} -> n{numbers[edge.child]}"
        stream.write(f'  {ends} [label={label}, style="{STYLES[edge.basis]}"{both}];\n')
    stream.write("}\n")


def _quoted(text: str) -> str:
    """A quoted identifier; a backslash would begin an escape of Graphviz's own."""
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'
