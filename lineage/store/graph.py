"""The lineage graph in the store: what is declared or inferred, and what the store itself saw."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from typing import Any

from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.store.commit import Connection
from lineage.store.journal import canonical
from lineage.store.store import Store

_EDGES = (
    "SELECT child_kind, child, relation, parent_kind, parent, basis, facts, event FROM lineage_edge"
)

_FEW = 1000
_KINDS = {str(kind): kind for kind in Kind}

NAMED_EDGES = """SELECT * FROM (
    WITH named AS (
        SELECT dataset || '@' || label AS name, max(root) AS root FROM snapshot GROUP BY ALL),
    resolved AS (
        SELECT child_kind,
            CASE WHEN child_kind = 'snapshot' THEN coalesce(c.root, child) ELSE child END AS child,
            relation, parent_kind,
            CASE WHEN parent_kind = 'snapshot' THEN coalesce(p.root, parent) ELSE parent END
                AS parent,
            basis, facts, event
        FROM lineage_edge LEFT JOIN named c ON child = c.name LEFT JOIN named p ON parent = p.name)
    SELECT child_kind, child, relation, parent_kind, parent, basis,
        arg_max(facts, coalesce(event, 0)) AS facts, max(event) AS event
    FROM resolved GROUP BY ALL)"""
"""Edges with names of snapshots resolved; of several rows for one edge the newest counts."""


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


def declare_more(store: Store, entities: Iterable[Entity], edges: Iterable[Edge]) -> int:
    """Commit entities and edges as ``declare``, but new facts go over old ones, name by name.

    A fact that is None takes the old one back. Returns how many were new or changed.
    """
    with store.writing() as writer:
        known = _known(writer.connection)
        fresh: dict[tuple[str, ...], tuple[Entity | Edge, dict[str, Any]]] = {}
        said: list[Entity | Edge] = [*entities, *edges]
        for one in said:
            key = _key(one)
            old = fresh[key][1] if key in fresh else known.get(key, {})
            facts = {name: v for name, v in {**old, **one.facts}.items() if v is not None}
            if key not in known or known[key] != facts or key in fresh:
                fresh[key] = one, facts
        changed = [(one, facts) for key, (one, facts) in fresh.items() if known.get(key) != facts]
        if changed:
            event = {
                "kind": "graph",
                "entities": [[*_ends(e.node), f] for e, f in changed if isinstance(e, Entity)],
                "edges": [_written(replace(e, facts=f)) for e, f in changed if isinstance(e, Edge)],
            }
            writer.commit([event])
    return len(changed)


def _key(one: Entity | Edge) -> tuple[str, ...]:
    if isinstance(one, Entity):
        return (str(one.node.kind), one.node.id)
    return (*_ends(one.child), str(one.relation), *_ends(one.parent), str(one.basis))


def _known(connection: Connection) -> dict[tuple[str, ...], dict[str, Any]]:
    """Facts of entities, by kind and id, and of edges, by ends, relation and basis."""
    entities = connection.execute("SELECT kind, id, facts FROM entity").fetchall()
    edges = connection.execute(_EDGES.replace("lineage_edge", "edge")).fetchall()
    known = {tuple(row[:2]): json.loads(row[2]) for row in entities}
    return known | {tuple(row[:6]): json.loads(row[6]) for row in edges}


def load_entities(store: Store, kind: Kind | None = None) -> tuple[Entity, ...]:
    """All entities with facts, or those of a kind, by kind and id."""
    query = "SELECT kind, id, facts FROM entity WHERE ? IS NULL OR kind = ? ORDER BY kind, id"
    with store.reading() as connection:
        rows = connection.execute(query, [kind, kind]).fetchall()
    return tuple(Entity(Node(Kind(k), i), json.loads(facts)) for k, i, facts in rows)


def load_edges(store: Store, basis: Sequence[Basis] = tuple(Basis)) -> tuple[Edge, ...]:
    """All edges on one of these bases, those that the store saw itself among them.

    A snapshot that was declared as ``dataset@label`` before it was there is the one of that name.
    """
    some = ", ".join(f"'{one}'" for one in basis) or "''"
    query = f"{NAMED_EDGES} WHERE basis IN ({some}) ORDER BY ALL"
    with store.reading() as connection:
        columns = [column.to_pylist() for column in connection.sql(query).to_arrow_table().columns]
    return tuple(made_edges(columns))


def edges_of(connection: Connection, relations: Collection[Relation]) -> tuple[Edge, ...]:
    """All edges of some relations, on any basis; names as of ``load_edges``."""
    some = ", ".join(f"'{one}'" for one in relations)
    # Not by Arrow: its import would cost a short question more than a large graph gains.
    rows = connection.execute(f"{NAMED_EDGES} WHERE relation IN ({some}) ORDER BY ALL").fetchall()
    return tuple(made_edges(list(zip(*rows, strict=True)))) if rows else ()


def facts_of_nodes(store: Store, nodes: Set[Node]) -> dict[Node, dict[str, Any]]:
    """What was declared of some nodes; those of which nothing was are not in it."""
    few = len(nodes) < _FEW
    query = "SELECT kind, id, facts FROM entity" + (
        " WHERE id IN (SELECT unnest(?))" if few else ""
    )
    with store.reading() as connection:
        rows = connection.execute(query, [[n.id for n in nodes]] if few else []).fetchall()
    named = ((Node(_KINDS[kind], id), text) for kind, id, text in rows)
    return {node: json.loads(text) for node, text in named if node in nodes}


def made_edges(columns: Sequence[Sequence[Any]]) -> Iterator[Edge]:
    """Edges of columns in the order of ``_EDGES``; equal ends are one object."""
    nodes: dict[tuple[str, str], Node] = {}
    relations, bases = {str(r): r for r in Relation}, {str(b): b for b in Basis}
    child_kinds, children, named, parent_kinds, parents, based, facts, events = columns
    for key in {*zip(child_kinds, children, strict=True), *zip(parent_kinds, parents, strict=True)}:
        nodes[key] = Node(_KINDS[key[0]], key[1])
    below = [nodes[key] for key in zip(child_kinds, children, strict=True)]
    above = [nodes[key] for key in zip(parent_kinds, parents, strict=True)]
    for child, relation, parent, basis, text, event in zip(
        below, named, above, based, facts, events, strict=True
    ):
        said = json.loads(text) if text != "{}" else {}
        yield Edge(child, relations[relation], parent, bases[basis], said, event)


def _name(edge: Edge) -> tuple[Node, Relation, Node, Basis]:
    return edge.child, edge.relation, edge.parent, edge.basis


def _ends(node: Node) -> list[str]:
    return [str(node.kind), node.id]


def _written(edge: Edge) -> list[Any]:
    facts = json.loads(canonical(dict(edge.facts)))
    return [*_ends(edge.child), str(edge.relation), *_ends(edge.parent), str(edge.basis), facts]
