"""The one door to the graph: checks entities, edges and statements, and commits them as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lineage.errors import UsageError
from lineage.facts import read_facts
from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.model import shown
from lineage.register.statement import Statement
from lineage.relations import SHAPES, check_shape
from lineage.store.graph import declare_more
from lineage.store.nodes import Names, UnknownNodeError, new_node
from lineage.store.store import Store

MADE_ELSEWHERE = (Kind.SNAPSHOT, Kind.SHARD, Kind.FINDING)
"""Kinds of nodes that come into a store by ingest and scan, not by being declared."""
LONGEST_ID = 2_000
_UNKNOWN = "register it first, or allow what nobody knows: --allow-unknown"


@dataclass(frozen=True)
class Registered:
    """What a registration said: its nodes and edges, and how many of both were new or changed.

    ``unknown`` are nodes that were named and that nobody knew.
    """

    entities: tuple[Entity, ...]
    edges: tuple[Edge, ...]
    changed: int
    unknown: tuple[Node, ...] = ()


def register(  # noqa: PLR0913
    store: Store,
    entities: Iterable[Entity] = (),
    edges: Iterable[Edge] = (),
    *,
    allow_unknown: bool = False,
    dry_run: bool = False,
    names: Names | None = None,
) -> Registered:
    """Declare nodes and edges; facts go over older ones, and None takes one back.

    UsageError for facts or relations that do not exist, for edges between the wrong kinds, and,
    unless ``allow_unknown``, for an edge to a node that neither the store nor ``entities`` know.
    With ``dry_run`` all is checked and nothing is written. ``names`` are the store's, if read.
    """
    names = names or Names.of(store)
    told = [_checked_entity(entity) for entity in entities]
    links = [_checked_edge(edge) for edge in edges]
    said = {entity.node for entity in told if entity.node.kind not in MADE_ELSEWHERE}
    ends = {node: None for edge in links for node in (edge.child, edge.parent)}
    ends |= {entity.node: None for entity in told}
    unknown = tuple(node for node in ends if node not in names and node not in said)
    if unknown and not allow_unknown:
        raise UnknownNodeError(f"the store does not know {unknown[0]}", hint=_UNKNOWN)
    changed = 0 if dry_run else declare_more(store, told, links)
    return Registered(tuple(told), tuple(links), changed, unknown)


def register_statements(
    store: Store,
    statements: Sequence[Statement],
    *,
    allow_unknown: bool = False,
    dry_run: bool = False,
) -> Registered:
    """Declare statements, which may name one another in any order. Errors as of ``register``."""
    names = Names.of(store)
    subjects = [_subject(names, one, allow_unknown) for one in statements]
    for node in subjects:
        if node not in names:
            names.add(node)
    entities, edges = [], []
    for node, one in zip(subjects, statements, strict=True):
        if node.kind not in MADE_ELSEWHERE or one.facts:
            entities.append(Entity(node, one.facts))
        edges += list(_edges(names, node, one, allow_unknown))
    # Names made known above must not hide from the check what the store does not know.
    return register(store, entities, edges, allow_unknown=allow_unknown, dry_run=dry_run)


def _subject(names: Names, one: Statement, allow_unknown: bool) -> Node:
    if one.kind not in MADE_ELSEWHERE:
        return Node(one.kind, one.name.removeprefix(f"{one.kind}:"))
    return _find(names, one.name, (one.kind,), allow_unknown)


def _edges(names: Names, node: Node, one: Statement, allow_unknown: bool) -> Iterable[Edge]:
    for said in one.said:
        if said.relation is None:
            shape = SHAPES[Relation.WRITTEN_BY]
            child = _find(names, said.name, shape.children, allow_unknown)
            yield Edge(child, Relation.WRITTEN_BY, node, Basis.DECLARED, said.facts)
        else:
            kinds = SHAPES[said.relation].parents
            if node.kind in kinds:  # things are mostly derived from their like
                kinds = (node.kind, *(kind for kind in kinds if kind is not node.kind))
            parent = _find(names, said.name, kinds, allow_unknown)
            yield Edge(node, said.relation, parent, Basis.DECLARED, said.facts)


def _find(names: Names, name: str, kinds: Sequence[Kind], allow_unknown: bool) -> Node:
    """Likelier kinds first, so that a name that a source shares is still the snapshot's.

    What can be of any kind is not guessed.
    """
    for kind in kinds if len(kinds) < len(Kind) - 1 else ():
        found = names.called(name, (kind,))
        if len(found) == 1:
            return found[0]
    try:
        return names.find(name, kinds)
    except UnknownNodeError as error:
        if allow_unknown:
            return new_node(name, kinds)
        hint = f"{error.hint}; {_UNKNOWN}"
        raise UnknownNodeError(str(error), hint=hint) from None


def _checked_entity(entity: Entity) -> Entity:
    return replace(
        entity, node=_held(entity.node), facts=read_facts(entity.node.kind, entity.facts)
    )


def _checked_edge(edge: Edge) -> Edge:
    if edge.basis is not Basis.DECLARED:
        raise UsageError(f"{edge.basis} is no basis to declare on", hint="declared")
    edge = replace(edge, child=_held(edge.child), parent=_held(edge.parent))
    check_shape(edge)
    return replace(edge, facts=read_facts(edge.relation, edge.facts))


def _held(node: Node) -> Node:
    """A node with an id that a database can hold."""
    id = shown(node.id).strip()
    if not id or len(id) > LONGEST_ID:
        raise UsageError(f"the id of a {node.kind} has 1 to {LONGEST_ID:,} characters")
    return Node(node.kind, id)
