"""OpenLineage: what is written is valid and comes back; a bad event costs only itself."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import foretaste
from lineage.errors import UsageError
from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.relations import SHAPES
from lineage.store import Store, load_edges, load_entities, open_store

SCHEMA = json.loads((Path(__file__).parent / "openlineage_schema.json").read_text())
TYPES = {"object": dict, "array": list, "string": str}
RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


def check(value: Any, schema: dict[str, Any]) -> None:
    """The keywords of JSON Schema that the schema uses."""
    if "$ref" in schema:
        check(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]])
    for part in schema.get("allOf", ()):
        check(value, part)
    if "type" in schema:
        assert isinstance(value, TYPES[schema["type"]]), (value, schema)
    assert value in schema.get("enum", [value])
    for name in schema.get("required", ()):
        assert name in value, name
    for name, inner in schema.get("properties", {}).items():
        if name in value:
            check(value[name], inner)
    if "additionalProperties" in schema:
        for inner in value.values():
            check(inner, schema["additionalProperties"])
    for inner in value if "items" in schema else ():
        check(inner, schema["items"])
    form = schema.get("format")
    if form == "uuid":
        assert str(UUID(value)) == value
    elif form == "date-time":
        assert RFC_3339.fullmatch(value), value
        datetime.fromisoformat(value)
    elif form == "uri":
        assert re.fullmatch(r"[a-z][a-z0-9+.-]*:\S+", value)


def write(file: Path, events: list[Any]) -> Path:
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    return file


SAYABLE = [r for r in SHAPES if r is not Relation.ABOUT]
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda text: text.strip() == text
)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Entity], list[Edge]]:
    edges = []
    for _ in range(draw(st.integers(0, 6))):
        relation = draw(st.sampled_from(SAYABLE))
        shape = SHAPES[relation]
        child = Node(draw(st.sampled_from(shape.children)), draw(IDS))
        parent = Node(draw(st.sampled_from(shape.parents)), draw(IDS))
        facts = {"note": draw(IDS)} if draw(st.booleans()) else {}
        if child != parent:
            edges.append(Edge(child, relation, parent, Basis.DECLARED, facts))
    run = {"started": "2024-05-01", "ended": "2024-05-02T10:00", "parameters": {"lr": 0.1}}
    entities = [Entity(Node(Kind.RUN, draw(IDS)), run), Entity(Node(Kind.SOURCE, draw(IDS)))]
    return entities, edges


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(graphs())
def test_what_is_exported_is_valid_and_comes_back(seeded, tmp_path_factory, graph) -> None:
    folder = tmp_path_factory.mktemp("graph")
    store = open_store(shutil.copytree(seeded, folder / "store"))
    foretaste.register(*graph, allow_unknown=True, store=store)
    events = list(foretaste.export_openlineage(store=store))
    for event in events:
        check(event, SCHEMA)
    other = open_store(folder / "other")
    read = foretaste.register_openlineage(
        write(folder / "events", events), allow_unknown=True, store=other
    )
    assert (read.refused, read.taken) == ((), len(events))
    assert load_entities(other) == load_entities(store)
    assert ends(other) == ends(store)


def ends(store: Store) -> set[tuple[str, ...]]:
    edges = load_edges(store, [Basis.DECLARED])
    return {(str(e.child), str(e.relation), str(e.parent), json.dumps(e.facts)) for e in edges}


def test_what_another_store_inferred_is_declared_here(store: Store, tmp_path) -> None:
    from lineage.store import declare  # noqa: PLC0415

    a, b = Node(Kind.SNAPSHOT, "sha256:aa"), Node(Kind.SNAPSHOT, "sha256:bb")
    facts = {"share": 0.5}
    declare(store, [], [Edge(a, Relation.DERIVED_FROM, b, Basis.INFERRED_EXACT, facts)])
    events = list(foretaste.export_openlineage(store=store))
    other = open_store(tmp_path / "other")
    foretaste.register_openlineage(write(tmp_path / "e", events), allow_unknown=True, store=other)
    (edge,) = load_edges(other)
    assert (edge.basis, edge.facts) == (
        Basis.DECLARED,
        {"basis": "inferred-exact", "x-share": 0.5},
    )


RUN = "6f1b3c1e-6f0c-4a53-9d8e-0c6e9a0b7d11"


def event(state: str = "COMPLETE", time: str = "2024-05-02T10:00:00Z", **more: Any) -> Any:
    facet = {"_producer": "urn:x", "_schemaURL": "urn:x"}
    return {
        "eventType": state,
        "eventTime": time,
        "producer": "https://scheduler.example",
        "schemaURL": "urn:x",
        "run": {
            "runId": RUN,
            "facets": {"jobRunParameters": {**facet, "parameters": [{"key": "n", "value": 3}]}},
        },
        "job": {
            "namespace": "etl",
            "name": "filter",
            "facets": {"sourceCodeLocation": {**facet, "type": "git", "url": "u", "version": "1f"}},
        },
        **more,
    }


def dataset(namespace: str, name: str, version: str = "") -> Any:
    facets = {"version": {"datasetVersion": version}} if version else {}
    return {"namespace": namespace, "name": name, "facets": facets}


def test_events_of_another_tool(store: Store, tmp_path) -> None:
    events = [
        event(
            inputs=[dataset("s3://lake", "corpus", "v1")], outputs=[dataset("s3://lake", "clean")]
        ),
        event("START", "2024-05-02T09:00:00Z"),
        event(inputs=[dataset("s3://lake", "clean"), dataset("s3://lake", "raw")]),
    ]
    read = foretaste.register_openlineage(write(tmp_path / "e", events), store=store)
    assert read.taken == 2
    assert read.reasons == {"it reads s3://lake/raw, which nobody knows": 1}
    (run,) = load_entities(store, Kind.RUN)
    assert run == Entity(
        Node(Kind.RUN, RUN),
        {
            "job": "etl/filter",
            "code": "u",
            "code_revision": "1f",
            "parameters": {"n": 3},
            "producer": "https://scheduler.example",
            "started": "2024-05-02T09:00:00Z",
            "ended": "2024-05-02T10:00:00Z",
            "state": "complete",
        },
    )
    found = foretaste.lineage("corpus", direction="downstream", store=store)
    assert Node(Kind.SNAPSHOT, "s3://lake/clean") in found.nodes


BAD = [
    "{",
    "7",
    "[]",
    json.dumps(event(run={})),
    json.dumps(event(eventTime="soon")),
    json.dumps(event(eventType="MAYBE")),
    json.dumps(event(inputs={})),
    json.dumps(event(inputs=[3])),
    json.dumps(event(run={"runId": RUN, "facets": {"foretaste_node": {"kind": "planet"}}})),
    json.dumps(
        event(
            run={
                "runId": RUN,
                "facets": {"foretaste_node": {"kind": "run", "id": "x", "facts": {"clas": 1}}},
            }
        )
    ),
    "[" * 100_000,
]


@pytest.mark.parametrize("whole", [False, True])
def test_a_bad_event_costs_only_itself(store: Store, tmp_path, whole: bool) -> None:
    good = json.dumps(event())
    bad = BAD[1:-1] if whole else BAD
    lines = [good, *bad, good]
    text = "[" + ",\n".join(lines) + "]" if whole else "\n".join(lines)
    (tmp_path / "e").write_text(text if whole else "\ufeff" + text)
    read = foretaste.register_openlineage(tmp_path / "e", store=store)
    assert [one.number for one in read.refused] == list(range(2, len(bad) + 2))
    assert read.taken == 2
    assert len(load_entities(store, Kind.RUN)) == 1


def test_an_array_that_breaks_off_keeps_what_came_before(store: Store, tmp_path) -> None:
    (tmp_path / "e").write_text("[" + json.dumps(event()) + ", {")
    read = foretaste.register_openlineage(tmp_path / "e", store=store)
    assert (read.taken, len(read.refused)) == (1, 1)
    with pytest.raises(UsageError, match="cannot be read"):
        foretaste.register_openlineage(tmp_path / "nothing", store=store)
