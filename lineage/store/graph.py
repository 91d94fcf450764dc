"""The lineage graph in the store: what is declared or inferred, and what the store itself saw."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.store.commit import Connection
from lineage.store.journal import canonical
from lineage.store.store import Store

_EDGES = (
    "SELECT child_kind, child, relation, parent_kind, parent, basis, facts, event FROM lineage_edge"
)


def declare(store: Store, entities: Iterable[Entity] = (), edges: Iterable[Edge] = ()) -> int:
    """Commit entities and edges as one event; returns how many of them were new.

    The facts of an entity or an edge that is known already are replaced. Nothing is written if
    nothing would change. A source is an entity like any other.
    """
    known = {entity.node: dict(entity.facts) for entity in load_entities(store)}
    nodes = [e for e in entities if known.get(e.node) != dict(e.facts)]
    there = {_name(edge): dict(edge.facts) for edge in load_edges(store)}
    links = [edge for edge in edges if there.get(_name(edge)) != dict(edge.facts)]
    if nodes or links:
        event = {
            "kind": "graph",
            "entities": [[*_ends(e.node), dict(e.facts)] for e in nodes],
            "edges": [_written(edge) for edge in links],
        }
        with store.writing() as writer:
            writer.commit([event])
    return len(nodes) + len(links)


def load_entities(store: Store, kind: Kind | None = None) -> tuple[Entity, ...]:
    """All entities with facts, or those of a kind, by kind and id."""
    query = "SELECT kind, id, facts FROM entity WHERE ? IS NULL OR kind = ? ORDER BY kind, id"
    with store.reading() as connection:
        rows = connection.execute(query, [kind, kind]).fetchall()
    return tuple(Entity(Node(Kind(k), i), json.loads(facts)) for k, i, facts in rows)


def load_edges(store: Store, basis: Sequence[Basis] = tuple(Basis)) -> tuple[Edge, ...]:
    """All edges on one of these bases, those that the store saw itself among them."""
    query = f"{_EDGES} WHERE basis IN (SELECT unnest(?)) ORDER BY ALL"
    with store.reading() as connection:
        rows = connection.execute(query, [[str(b) for b in basis]]).fetchall()
    return tuple(_edge(row) for row in rows)


def edges_of(connection: Connection, relations: Sequence[Relation]) -> tuple[Edge, ...]:
    """All declared and inferred edges of some relations, on any basis."""
    columns = _EDGES.replace("lineage_edge", "edge")
    query = f"{columns} WHERE relation IN (SELECT unnest(?)) ORDER BY ALL"
    rows = connection.execute(query, [[str(r) for r in relations]]).fetchall()
    return tuple(_edge(row) for row in rows)


def _edge(row: tuple[Any, ...]) -> Edge:
    child_kind, child, relation, parent_kind, parent, basis, facts, event = row
    return Edge(
        Node(Kind(child_kind), child),
        Relation(relation),
        Node(Kind(parent_kind), parent),
        Basis(basis),
        json.loads(facts) if facts != "{}" else {},
        event,
    )


def _name(edge: Edge) -> tuple[Node, Relation, Node, Basis]:
    return edge.child, edge.relation, edge.parent, edge.basis


def _ends(node: Node) -> list[str]:
    return [str(node.kind), node.id]


def _written(edge: Edge) -> list[Any]:
    facts = json.loads(canonical(dict(edge.facts)))
    return [*_ends(edge.child), str(edge.relation), *_ends(edge.parent), str(edge.basis), facts]
