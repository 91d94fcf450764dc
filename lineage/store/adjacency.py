"""The graph for walking: its edges as columns of numbers, and which of them meet a node.

Most edges of a large graph are never shown, so objects are made of those that are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.graph import Edge, Kind, Node, Relation
from lineage.store.graph import NAMED_EDGES, made_edges
from lineage.store.store import Store

Numbers = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Adjacency:
    """Edges of the store: ``table`` as of ``NAMED_EDGES``, a row an edge.

    ``child`` and ``parent``: int64[edges], numbers of nodes; ``keys``: number of a node ->
    ``kind:id``; ``overlaps``: bool[edges]. ``held`` counts, by node and relation, edges that were
    left out.
    """

    table: pa.Table
    child: Numbers
    parent: Numbers
    keys: pa.StringArray
    overlaps: Sequence[bool]
    held: Mapping[Node, Mapping[Relation, int]]

    @classmethod
    def of(cls, store: Store, left_out: Iterable[Relation] = ()) -> Adjacency:
        """Read it; edges of some relations are counted by the end that is a snapshot."""
        some = ", ".join(f"'{one}'" for one in left_out)
        where = f"WHERE relation NOT IN ({some})" if some else ""
        with store.reading() as connection:
            table = connection.sql(f"{NAMED_EDGES} {where} ORDER BY ALL").to_arrow_table()
            counts = connection.execute(_COUNTS.format(some)).fetchall() if some else []
        ends = [
            pc.binary_join_element_wise(table[f"{end}_kind"], table[end], ":").combine_chunks()
            for end in ("child", "parent")
        ]
        coded = pa.concat_arrays([_plain(end) for end in ends]).dictionary_encode()
        codes = coded.indices.to_numpy().astype(np.int64)
        overlaps = pc.equal(table["relation"], str(Relation.OVERLAPS)).to_pylist()
        held: dict[Node, dict[Relation, int]] = {}
        for kind, id, relation, count in counts:
            held.setdefault(Node(Kind(kind), id), {})[Relation(relation)] = count
        half = len(table)
        return cls(table, codes[:half], codes[half:], coded.dictionary, overlaps, held)

    def number(self, node: Node) -> int:
        """The number of a node; -1 if it has no edge."""
        return int(pc.index(self.keys, str(node)).as_py())

    def nodes(self, numbers: Iterable[int]) -> list[Node]:
        """Nodes by their numbers."""
        return [
            Node.parse(key)
            for key in self.keys.take(pa.array(list(numbers), pa.int64())).to_pylist()
        ]

    def edges(self, rows: Sequence[int]) -> list[Edge]:
        """Edges by their rows."""
        some = self.table.take(pa.array(rows, pa.int64()))
        return list(made_edges([column.to_pylist() for column in some.columns]))

    @cached_property
    def above(self) -> Hung:
        """Number of a child -> rows of the edges to its parents."""
        return Hung.by(self.child, len(self.keys))

    @cached_property
    def below(self) -> Hung:
        """Number of a parent -> rows of the edges to its children."""
        return Hung.by(self.parent, len(self.keys))


@dataclass(frozen=True)
class Hung:
    """Rows by the node that they hang on: those of node k are ``rows[first[k]:first[k + 1]]``."""

    rows: list[int]
    first: list[int]

    @classmethod
    def by(cls, ends: Numbers, nodes: int) -> Hung:
        """Sort rows by one of their ends."""
        counts = np.bincount(ends, minlength=nodes)
        first = np.concatenate([[0], np.cumsum(counts)])
        return cls(np.argsort(ends, kind="stable").tolist(), first.tolist())

    def at(self, node: int) -> list[int]:
        """Rows that hang on a node."""
        return self.rows[self.first[node] : self.first[node + 1]]


_COUNTS = f"""
    SELECT child_kind, child, relation, count(*) FROM ({NAMED_EDGES})
    WHERE relation = 'contains' AND relation IN ({{0}}) GROUP BY ALL
    UNION ALL
    SELECT parent_kind, parent, relation, count(*) FROM ({NAMED_EDGES})
    WHERE relation = 'found-in' AND relation IN ({{0}}) GROUP BY ALL"""


def _plain(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
