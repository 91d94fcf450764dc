"""The graph as OpenLineage run events (https://openlineage.io, schema 2-0-2).

A run is a run event with what it read as inputs and what it wrote as outputs. Everything else
that came from something is one event of a job of Foretaste's own, ``came-from``: the older nodes
are its inputs, the younger one its output, so that other tools draw the same graph. What the
standard has no word for (kind of a node, facts, relation, basis) stands in custom facets, from
which ``lineage.register.openlineage`` makes the same nodes and edges again. Decisions, findings
and the shards of a snapshot have no place in OpenLineage and are left out.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from lineage.graph import Basis, Edge, Kind, Node, Relation
from lineage.register.openlineage import DATA, EDGES, NODE
from lineage.relations import SHAPES
from lineage.store.graph import load_edges, load_entities
from lineage.store.nodes import Names
from lineage.store.store import Store

SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
PRODUCER = "urn:foretaste:lineage"
NAMESPACE = "foretaste"
_FACETS = "https://openlineage.io/spec/facets/"
_VERSION = f"{_FACETS}1-0-0/DatasetVersionDatasetFacet.json"
_CODE = f"{_FACETS}1-0-1/SourceCodeLocationJobFacet.json"
_PARAMETERS = f"{_FACETS}1-0-0/JobRunParametersFacet.json"
_IDS = uuid.UUID("6f1b3c1e-6f0c-5a53-9d8e-0c6e9a0b7d11")
_UNKNOWN_TIME = "1970-01-01T00:00:00Z"
_DATE = re.compile(r"\d{4}(-\d{2}){0,2}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_STATES = {"complete": "COMPLETE", "abort": "ABORT", "fail": "FAIL"}
Facts = Mapping[Node, Mapping[str, Any]]


def export_openlineage(store: Store) -> Iterator[dict[str, Any]]:
    """Run events of all that the store knows and OpenLineage can say."""
    names = Names.of(store)
    facts = {entity.node: entity.facts for entity in load_entities(store)}
    edges = load_edges(store)
    nodes = {*facts, *(end for edge in edges for end in (edge.child, edge.parent))}
    labels = {node: names.label(node) for node in nodes if node.kind is Kind.SNAPSHOT}
    return events_of(nodes, edges, facts, labels)


def events_of(
    nodes: Collection[Node],
    edges: Iterable[Edge],
    facts: Facts,
    labels: Mapping[Node, str],
) -> Iterator[dict[str, Any]]:
    """Run events of a part of the graph, runs first, by name; equal graphs, equal events."""
    said = [edge for edge in edges if _can_say(edge)]
    of_run: dict[Node, list[Edge]] = {node: [] for node in nodes if node.kind is Kind.RUN}
    of_child: dict[Node, list[Edge]] = {}
    for edge in said:
        run = edge.child if edge.child.kind is Kind.RUN else edge.parent
        if run.kind is Kind.RUN:
            of_run.setdefault(run, []).append(edge)
        else:
            of_child.setdefault(edge.child, []).append(edge)
    alone = {n for n in facts if n in nodes and n.kind in DATA} - of_child.keys()
    for run, its in sorted(of_run.items()):
        yield _of_run(run, its, facts, labels)
    for child in sorted({*of_child, *alone}):
        yield _of_child(child, of_child.get(child, []), facts, labels)


def write_events(events: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
    """One event a line, printable ASCII."""
    for event in events:
        text = json.dumps(event, separators=(",", ":"), allow_nan=False)
        stream.write(text.replace("\x7f", "\\u007f") + "\n")


def _can_say(edge: Edge) -> bool:
    kinds = (*DATA, Kind.RUN)
    known = edge.relation in SHAPES and edge.relation is not Relation.ABOUT
    return known and edge.child.kind in kinds and edge.parent.kind in kinds


def _of_run(run: Node, edges: Sequence[Edge], facts: Facts, labels: Mapping[Node, str]) -> Any:
    own = facts.get(run, {})
    namespace, _, name = str(own.get("job") or f"{NAMESPACE}/{run.id}").rpartition("/")
    moment = next((_moment(own[at]) for at in ("ended", "started") if at in own), _UNKNOWN_TIME)
    job: dict[str, Any] = {"namespace": namespace or NAMESPACE, "name": name or run.id}
    if _URI.fullmatch(str(own.get("code", ""))):
        code = {"type": "git", "url": own["code"], "version": str(own.get("code_revision", ""))}
        job["facets"] = {"sourceCodeLocation": _facet(_CODE, code)}
    facets = {NODE: _node_facet(run, facts)}
    if isinstance(own.get("parameters"), Mapping):
        listed = [{"key": key, "value": value} for key, value in own["parameters"].items()]
        facets["jobRunParameters"] = _facet(_PARAMETERS, {"parameters": listed})
    state = _STATES.get(str(own.get("state", "")).lower(), "OTHER")
    return _event(
        "COMPLETE" if "ended" in own and state == "OTHER" else state,
        moment,
        {"runId": _uuid(run.id), "facets": facets},
        job,
        [(e.parent, e, "run") for e in edges if e.child == run],
        [(e.child, e, "dataset") for e in edges if e.child != run],
        (facts, labels),
    )


def _of_child(child: Node, edges: Sequence[Edge], facts: Facts, labels: Mapping[Node, str]) -> Any:
    """What a node came from, as a job of our own."""
    job = {"namespace": NAMESPACE, "name": f"came-from/{child.kind}/{labels.get(child, child.id)}"}
    run = {"runId": _uuid(f"came-from {child}"), "facets": {NODE: _node_facet(child, facts)}}
    inputs = [(edge.parent, edge, "run") for edge in edges]
    return _event("OTHER", _UNKNOWN_TIME, run, job, inputs, [(child, None, "run")], (facts, labels))


def _event(  # noqa: PLR0913, PLR0917
    state: str,
    moment: str,
    run: Any,
    job: Any,
    inputs: Sequence[tuple[Node, Edge | None, str]],
    outputs: Sequence[tuple[Node, Edge | None, str]],
    known: tuple[Facts, Mapping[Node, str]],
) -> dict[str, Any]:
    return {
        "eventType": state,
        "eventTime": moment,
        "run": run,
        "job": job,
        "inputs": _datasets(inputs, "inputFacets", *known),
        "outputs": _datasets(outputs, "outputFacets", *known),
        "producer": PRODUCER,
        "schemaURL": SCHEMA,
    }


def _datasets(
    ends: Sequence[tuple[Node, Edge | None, str]],
    group: str,
    facts: Facts,
    labels: Mapping[Node, str],
) -> list[Any]:
    """One dataset a node, with all edges that lead to it."""
    by_node: dict[Node, list[tuple[Edge | None, str]]] = {}
    for node, edge, child in ends:
        by_node.setdefault(node, []).append((edge, child))
    datasets = []
    for node, its in sorted(by_node.items()):
        name, _, version = labels.get(node, node.id).partition("@")
        facets: dict[str, Any] = {NODE: _node_facet(node, facts)}
        if node.kind is Kind.SNAPSHOT and version:
            facets["version"] = _facet(_VERSION, {"datasetVersion": version})
        else:
            name = labels.get(node, node.id)
        edges = [
            {
                "relation": str(edge.relation),
                "child": child,
                **({} if edge.basis is Basis.DECLARED else {"basis": str(edge.basis)}),
                **({"facts": dict(edge.facts)} if edge.facts else {}),
            }
            for edge, child in its
            if edge is not None
        ]
        namespace = f"{NAMESPACE}/{node.kind}"
        datasets.append(
            {
                "namespace": namespace,
                "name": name,
                "facets": facets,
                group: {EDGES: _facet("urn:foretaste:facet:edges:1", {"edges": edges})},
            }
        )
    return datasets


def _node_facet(node: Node, facts: Facts) -> dict[str, Any]:
    own: dict[str, Any] = {"kind": str(node.kind), "id": node.id, "known": node in facts}
    if facts.get(node):
        own["facts"] = dict(facts[node])
    return _facet("urn:foretaste:facet:node:1", own)


def _facet(schema: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": schema, **values}


def _uuid(id: str) -> str:
    """A run's id if it is a UUID, else one that follows from it."""
    try:
        return str(uuid.UUID(id)) if str(uuid.UUID(id)) == id else str(uuid.uuid5(_IDS, id))
    except ValueError:
        return str(uuid.uuid5(_IDS, id))


def _moment(text: str) -> str:
    """A date-time of RFC 3339: a date begins at midnight, and time is UTC unless it says so."""
    if _DATE.fullmatch(text):
        return f"{text}{'-01' * (2 - text.count('-'))}T00:00:00Z"
    text = text.replace(" ", "T")
    clock = text.partition("T")[2]
    if len(clock) == len("12:00"):
        text += ":00"
    return text if re.search(r"(Z|[+-]\d{2}:\d{2})$", text) else f"{text}Z"
