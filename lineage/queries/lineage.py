"""What did something come from, and what came of it: the graph around a node."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lineage.graph import Edge, Kind, Node, Relation
from lineage.store.adjacency import Adjacency
from lineage.store.graph import facts_of_nodes
from lineage.store.nodes import Names, find_node, shard_paths
from lineage.store.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

DIRECTIONS = ("both", "upstream", "downstream")
COUNTED = (Relation.CONTAINS, Relation.FOUND_IN)
"""Relations of which there can be thousands at one snapshot: counted, unless asked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """An edge of the answer; ``distance`` in edges from the node, ``upstream`` tells which way."""

    edge: Edge
    distance: int
    upstream: bool


@dataclass(frozen=True)
class Lineage:
    """The graph around a node.

    ``names``: what nodes are called before people, where not by their ids; ``facts``: what was
    declared of them; ``held``: shards and findings of a snapshot that are counted only.
    ``deeper`` nodes have edges beyond the depth that was asked for.
    """

    node: Node
    steps: tuple[Step, ...]
    names: Mapping[Node, str] = field(default_factory=dict)
    facts: Mapping[Node, Mapping[str, Any]] = field(default_factory=dict)
    held: Mapping[Node, Mapping[Relation, int]] = field(default_factory=dict)
    deeper: frozenset[Node] = frozenset()

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, the one that was asked for first, then in the order of the steps."""
        found: dict[Node, None] = {self.node: None}
        for step in self.steps:
            found[step.edge.parent if step.upstream else step.edge.child] = None
            found[step.edge.child if step.upstream else step.edge.parent] = None
        return tuple(found)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """All edges, each once."""
        return tuple({id(step.edge): step.edge for step in self.steps}.values())

    def name(self, node: Node) -> str:
        """What a node is called before people."""
        return self.names.get(node, node.id)

    def table(self) -> pa.Table:
        """One row an edge and direction, nearest first."""
        import pyarrow as pa  # noqa: PLC0415

        steps, edges = self.steps, [step.edge for step in self.steps]
        return pa.table(
            {
                "direction": ["upstream" if step.upstream else "downstream" for step in steps],
                "distance": pa.array([step.distance for step in steps], pa.int64()),
                "child_kind": [str(edge.child.kind) for edge in edges],
                "child": [self.name(edge.child) for edge in edges],
                "relation": [str(edge.relation) for edge in edges],
                "parent_kind": [str(edge.parent.kind) for edge in edges],
                "parent": [self.name(edge.parent) for edge in edges],
                "basis": [str(edge.basis) for edge in edges],
                "facts": [json.dumps(dict(edge.facts)) if edge.facts else "" for edge in edges],
                "event": pa.array([edge.event for edge in edges], pa.int64()),
                "child_id": [edge.child.id for edge in edges],
                "parent_id": [edge.parent.id for edge in edges],
            },
            schema=_schema(),
        )


def lineage(
    store: Store,
    name: str,
    *,
    direction: str = "both",
    depth: int | None = None,
    everything: bool = False,
) -> Lineage:
    """The graph around the node that is called so, up to ``depth`` edges away.

    Shards and findings are counted, unless ``everything``, or one of them is asked about.
    Overlaps have no direction: they are shown where they meet a node, and not followed.
    UsageError if nothing is called so.
    """
    node, names = find_node(store, name)
    asked = {Kind.SHARD: Relation.CONTAINS, Kind.FINDING: Relation.FOUND_IN}.get(node.kind)
    left_out = () if everything else [one for one in COUNTED if one is not asked]
    graph = Adjacency.of(store, left_out)
    found: dict[bool, dict[int, int]] = {True: {}, False: {}}
    deeper: set[int] = set()
    for upstream in (True, False):
        if direction == "both" or (direction == "upstream") is upstream:
            for row, distance in _walk(graph, graph.number(node), upstream, depth, deeper):
                if row not in found[True] or not graph.overlaps[row]:
                    found[upstream][row] = distance
    rows = sorted({*found[True], *found[False]})
    made = dict(zip(rows, graph.edges(rows), strict=True))
    steps = tuple(
        Step(made[row], distance, way) for way in found for row, distance in found[way].items()
    )
    nodes = {end for edge in made.values() for end in (edge.child, edge.parent)} | {node}
    return Lineage(
        node,
        steps,
        _labels(store, nodes, names),
        facts_of_nodes(store, nodes),
        {one: graph.held[one] for one in nodes if one in graph.held},
        frozenset(graph.nodes(deeper)),
    )


def _labels(store: Store, nodes: Iterable[Node], names: Names) -> dict[Node, str]:
    """Names of snapshots, paths of shards."""
    labels = {n: names.label(n) for n in nodes if n.kind is Kind.SNAPSHOT}
    shards = [n for n in nodes if n.kind is Kind.SHARD]
    paths = shard_paths(store, [n.id for n in shards]) if shards else {}
    return labels | {n: paths[n.id] for n in shards if n.id in paths}


def _walk(
    graph: Adjacency, start: int, upstream: bool, depth: int | None, deeper: set[int]
) -> Iterator[tuple[int, int]]:
    """(row, distance) of edges in one direction, nearest first; circles end by themselves."""
    ahead, back = (graph.above, graph.below) if upstream else (graph.below, graph.above)
    others = (graph.parent if upstream else graph.child).tolist()
    overlaps, seen, distance = graph.overlaps, {start}, 0
    front = [start] if start >= 0 else []
    while front:
        distance += 1
        if depth is not None and distance > depth:
            deeper.update(n for n in front if not all(overlaps[row] for row in ahead.at(n)))
            return
        reached = []
        for node in front:
            for row in ahead.at(node):
                yield row, distance
                other = others[row]
                if other not in seen and not overlaps[row]:
                    seen.add(other)
                    reached.append(other)
            # This end of an overlap may be either.
            for row in back.at(node):
                if overlaps[row]:
                    yield row, distance
        front = reached


def _schema() -> pa.Schema:
    import pyarrow as pa  # noqa: PLC0415

    numbers = ("distance", "event")
    names = (
        "direction",
        "distance",
        "child_kind",
        "child",
        "relation",
        "parent_kind",
        "parent",
        "basis",
        "facts",
        "event",
        "child_id",
        "parent_id",
    )
    return pa.schema([(name, pa.int64() if name in numbers else pa.string()) for name in names])
