"""OpenLineage run events, read as declarations: runs, what they read, and what they wrote.

A run event (https://openlineage.io, ``RunEvent`` of its schema 2-0-2) becomes a run with the
facts that its standard facets tell. A dataset is what the store knows by its name, else a
snapshot called ``namespace/name`` (``@version`` behind it, where a facet tells one). Facets of
Foretaste's own, as ``lineage.export.openlineage`` writes them, give back nodes and edges as
they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lineage.errors import UsageError
from lineage.facts import read_facts
from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.register.events import Broken, read_events
from lineage.register.register import MADE_ELSEWHERE, Registered, register
from lineage.relations import check_shape
from lineage.store.nodes import Names, UnknownNodeError
from lineage.store.store import Store

DATA = (Kind.SNAPSHOT, Kind.ARTIFACT, Kind.SOURCE, Kind.SHARD)
STATES = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
_ENDS = ("COMPLETE", "ABORT", "FAIL")
NODE, EDGES = "foretaste_node", "foretaste_edges"
"""Facets of our own: of runs and datasets, and of a dataset as an input or output."""


@dataclass(frozen=True)
class Read:
    """What came of a file of events: how many were taken, and why others were not."""

    registered: Registered
    taken: int
    refused: tuple[Broken, ...] = ()

    @property
    def reasons(self) -> Mapping[str, int]:
        """Reason -> how many events were refused for it."""
        return Counter(one.reason for one in self.refused)


@dataclass
class _Told:
    """What events have told so far."""

    entities: dict[Node, dict[str, Any]] = field(default_factory=dict)
    edges: dict[tuple[Node, Relation, Node], dict[str, Any]] = field(default_factory=dict)

    def add(self, node: Node, facts: Mapping[str, Any]) -> None:
        self.entities.setdefault(node, {}).update(read_facts(node.kind, facts))

    def link(self, child: Node, relation: Relation, parent: Node, facts: Mapping[str, Any]) -> None:
        check_shape(Edge(child, relation, parent, Basis.DECLARED))
        self.edges.setdefault((child, relation, parent), {}).update(read_facts(relation, facts))


def register_events(
    store: Store, file: Path, *, allow_unknown: bool = False, dry_run: bool = False
) -> Read:
    """Declare what the events of a file say; one bad event costs only itself.

    An event that reads what neither the store knows nor another event wrote is refused, unless
    ``allow_unknown``. UsageError if the file cannot be read at all.
    """
    names = Names.of(store)
    events, refused = [], []
    for one in read_events(file):
        if isinstance(one, Broken):
            refused.append(one)
        else:
            events.append(one)
    taken, told = 0, _Told()
    written = {name for _, event in events for name in _written(event)}
    for number, event in events:
        try:
            fresh = _Told()
            _take(event, names, fresh, None if allow_unknown else written)
        except (UsageError, _OddError) as error:
            refused.append(Broken(number, str(error)))
            continue
        taken += 1
        for node, facts in fresh.entities.items():
            told.add(node, _later(told.entities.get(node, {}), facts))
        for (child, relation, parent), facts in fresh.edges.items():
            told.link(child, relation, parent, facts)
    registered = register(
        store,
        [Entity(node, facts) for node, facts in told.entities.items()],
        [Edge(*ends, Basis.DECLARED, facts) for ends, facts in told.edges.items()],
        allow_unknown=True,
        dry_run=dry_run,
        names=names,
    )
    return Read(registered, taken, tuple(sorted(refused, key=lambda one: one.number)))


class _OddError(ValueError):
    """An event says what no event says."""


def _take(event: Any, names: Names, told: _Told, written: set[str] | None) -> None:
    """Read one event; UsageError or _OddError says what is wrong with it."""
    run, job = _part(event, "run"), _part(event, "job")
    state, time = event.get("eventType", "OTHER"), _time(event.get("eventTime"))
    if state not in STATES:
        raise _OddError("its eventType is none")
    own = _facet(run, "facets", NODE)
    node = _own_node(own, told) if own else Node(Kind.RUN, _word(run, "runId"))
    if not own:
        told.add(node, _facts(event, run, job, state, time))
    for side, relation in (("inputs", Relation.READ), ("outputs", Relation.WRITTEN_BY)):
        for dataset in _list(event, side):
            other = _dataset(dataset, names, told, written if side == "inputs" else None)
            edges = _facet(dataset, f"{side[:-1]}Facets", EDGES)
            if edges:
                _own_edges(edges, node, other, told)
            elif node.kind is Kind.RUN and relation is Relation.READ:
                told.link(node, relation, other, {})
            elif node.kind is Kind.RUN:
                told.link(other, relation, node, {})


def _facts(event: Mapping[str, Any], run: Any, job: Any, state: str, time: str) -> dict[str, Any]:
    code, parameters = (
        _facet(job, "facets", "sourceCodeLocation"),
        _facet(run, "facets", "jobRunParameters"),
    )
    parent = _facet(run, "facets", "parent")
    facts: dict[str, Any] = {
        "job": f"{_word(job, 'namespace')}/{_word(job, 'name')}",
        "code": code.get("repoUrl") or code.get("url"),
        "code_revision": code.get("version"),
        "producer": event.get("producer"),
        "parent_run": _facet(parent, "run", "runId", {}) if parent else None,
    }
    if state == "START":
        facts["started"] = time
    if state in _ENDS:
        facts |= {"ended": time, "state": state.lower()}
    listed = parameters.get("parameters")
    if isinstance(listed, list):
        pairs = [one for one in listed if isinstance(one, dict) and isinstance(one.get("key"), str)]
        facts["parameters"] = {one["key"]: one.get("value") for one in pairs}
    return {name: value for name, value in facts.items() if isinstance(value, str | dict) and value}


def _later(old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
    """Events come in any order: the earliest start and the latest end count."""
    kept = dict(new)
    if "started" in old and "started" in new:
        kept["started"] = min(old["started"], new["started"])
    if "ended" in old and "ended" in new and old["ended"] > new["ended"]:
        kept |= {"ended": old["ended"], "state": old.get("state", new.get("state"))}
    return kept


def _dataset(given: Any, names: Names, told: _Told, written: set[str] | None) -> Node:
    """The node that a dataset is; ``written``: names that some event wrote, None: any will do."""
    own = _facet(given, "facets", NODE)
    if own:
        node = _own_node(own, told)
        if written is not None and node.kind in MADE_ELSEWHERE and node not in names:
            _refuse(str(node), written)
        return node
    full = _full_name(given)
    namespace, name = _word(given, "namespace"), _word(given, "name")
    version = _facet(given, "facets", "version").get("datasetVersion")
    tried = [full, f"{name}@{version}"] if version else [full, name, f"{namespace}:{name}"]
    for word in tried:
        for kind in DATA:
            found = names.called(word, (kind,))
            if len(found) == 1:
                return found[0]
    if written is not None:
        _refuse(full, written)
    return Node(Kind.SNAPSHOT, full)


def _refuse(name: str, written: set[str]) -> None:
    if name not in written:
        raise UnknownNodeError(f"it reads {name}, which nobody knows")


def _full_name(given: Any) -> str:
    """What a dataset is called where the store does not know it."""
    version = _facet(given, "facets", "version").get("datasetVersion")
    full = f"{_word(given, 'namespace').rstrip('/')}/{_word(given, 'name').lstrip('/')}"
    return f"{full}@{version}" if isinstance(version, str) and version else full


def _written(event: Any) -> Iterator[str]:
    """Names of what a readable event says it wrote."""
    try:
        for dataset in _list(event, "outputs"):
            own = _facet(dataset, "facets", NODE)
            yield f"{own['kind']}:{own['id']}" if own else _full_name(dataset)
    except (_OddError, KeyError):
        return


def _own_node(facet: Mapping[str, Any], told: _Told) -> Node:
    try:
        node = Node(Kind(facet["kind"]), str(facet["id"]))
    except (KeyError, ValueError):
        raise _OddError(f"its facet {NODE} names no node") from None
    facts = facet.get("facts") or {}
    if not isinstance(facts, dict):
        raise _OddError(f"its facet {NODE} has no facts")
    if facts or (node.kind not in MADE_ELSEWHERE and facet.get("known")):
        told.add(node, facts)
    return node


def _own_edges(facet: Mapping[str, Any], node: Node, other: Node, told: _Told) -> None:
    """Edges between the event's own node and a dataset; what others inferred is declared here."""
    for one in _list(facet, "edges"):
        try:
            relation, basis = Relation(one["relation"]), Basis(one.get("basis", Basis.DECLARED))
            facts = dict(one.get("facts") or {})
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _OddError(f"its facet {EDGES} has no edges") from None
        if basis is not Basis.DECLARED:
            facts = {f"x-{k}" if not k.startswith("x-") else k: v for k, v in facts.items()}
            facts["basis"] = str(basis)
        ends = (other, node) if one.get("child") == "dataset" else (node, other)
        told.link(ends[0], relation, ends[1], facts)


def _part(whole: Any, name: str) -> Mapping[str, Any]:
    part = whole.get(name) if isinstance(whole, dict) else None
    if not isinstance(part, dict):
        raise _OddError(f"it has no {name}")
    return part


def _word(whole: Any, name: str) -> str:
    word = whole.get(name) if isinstance(whole, dict) else None
    if not isinstance(word, str) or not word.strip():
        raise _OddError(f"it has no {name}")
    return word


def _list(whole: Any, name: str) -> Iterable[Any]:
    listed = whole.get(name) if isinstance(whole, dict) else None
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise _OddError(f"its {name} are no list")
    return listed


def _facet(whole: Any, facets: str, name: str, none: Any = None) -> Any:
    """A facet as a table; empty where there is none."""
    group = whole.get(facets) if isinstance(whole, dict) else None
    facet = group.get(name) if isinstance(group, dict) else None
    if none is not None:
        return facet if isinstance(facet, str) else None
    return facet if isinstance(facet, dict) else {}


def _time(given: Any) -> str:
    try:
        datetime.fromisoformat(given)
    except (TypeError, ValueError):
        raise _OddError("it has no eventTime") from None
    return str(given)
