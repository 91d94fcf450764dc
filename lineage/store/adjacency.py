"""The graph for walking: its edges as columns, and which of them meet a node.

Most edges of a large graph are never shown, so objects are made of those that are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.graph import Edge, Kind, Node, Relation
from lineage.store.graph import NAMED_EDGES, made_edges
from lineage.store.store import Store

End = tuple[str, str]
"""Kind and id of a node."""


@dataclass(frozen=True)
class Adjacency:
    """``columns`` in the order of ``NAMED_EDGES``; ``above`` and ``below``: node -> row numbers.

    ``above`` leads from a child to its parents, ``below`` from a parent to its children.
    ``held`` counts, by node and relation, edges that were left out.
    """

    columns: Sequence[Sequence[Any]]
    above: dict[End, list[int]]
    below: dict[End, list[int]]
    held: dict[tuple[End, str], int]

    @classmethod
    def of(cls, store: Store, left_out: Iterable[Relation] = ()) -> Adjacency:
        """Read it; edges of some relations are counted by the end that is a snapshot."""
        some = ", ".join(f"'{one}'" for one in left_out) or "''"
        rest = f"FROM ({NAMED_EDGES}) WHERE relation"
        counts = f"""
            SELECT child_kind, child, relation, count(*) {rest} = 'contains' GROUP BY ALL
            UNION ALL
            SELECT parent_kind, parent, relation, count(*) {rest} = 'found-in' GROUP BY ALL"""
        with store.reading() as connection:
            table = connection.sql(f"SELECT * {rest} NOT IN ({some}) ORDER BY ALL").to_arrow_table()
            held = connection.execute(counts).fetchall() if left_out else []
        columns = [column.to_pylist() for column in table.columns]
        above: dict[End, list[int]] = {}
        below: dict[End, list[int]] = {}
        for row, ends in enumerate(zip(columns[0], columns[1], strict=True)):
            above.setdefault(ends, []).append(row)
        for row, ends in enumerate(zip(columns[3], columns[4], strict=True)):
            below.setdefault(ends, []).append(row)
        return cls(columns, above, below, {((k, i), r): n for k, i, r, n in held})

    def child(self, row: int) -> End:
        """The younger end of an edge."""
        return self.columns[0][row], self.columns[1][row]

    def parent(self, row: int) -> End:
        """The older end of an edge."""
        return self.columns[3][row], self.columns[4][row]

    def edges(self, rows: Sequence[int]) -> list[Edge]:
        """Edges by their rows."""
        return list(made_edges([[column[row] for row in rows] for column in self.columns]))


def end_of(node: Node) -> End:
    """A node as the columns hold it."""
    return str(node.kind), node.id


def node_of(end: End) -> Node:
    """The other way round."""
    return Node(Kind(end[0]), end[1])
