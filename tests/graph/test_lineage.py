"""The graph around a node: what is reached, by which names, and how it is shown."""

from __future__ import annotations

import io
import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foretaste.report.graph import GRAPHS
from foretaste.report.graph.svg import MOST_NODES
from foretaste.report.graph.tree import DEEPEST
from lineage.errors import UsageError
from lineage.graph import Basis, Edge, Kind, Node, Relation
from lineage.queries.lineage import Lineage, Step, lineage
from lineage.store import Store, as_of, declare, find_snapshot, load_edges, open_store
from tests.graph.conftest import EVIL


def shown(answer: Lineage, format: str) -> str:
    stream = io.StringIO()
    GRAPHS[format](answer, stream)
    return stream.getvalue()


def names(answer: Lineage) -> set[str]:
    return {answer.name(node) for node in answer.nodes}


def test_both_ways_from_a_snapshot(graph: Store) -> None:
    answer = lineage(graph, "corpus@v1")
    assert names(answer) == {"corpus@v1", "forum", "base", EVIL, "corpus@v2"}
    (held,) = [answer.held[answer.node]]
    assert held == {Relation.CONTAINS: 1, Relation.FOUND_IN: 1}
    ways = {(str(s.edge.relation), s.upstream, s.distance) for s in answer.steps}
    assert ways == {
        ("collected-from", True, 1),
        ("overlaps", True, 1),
        ("trained-on", False, 1),
        ("fine-tuned-from", False, 2),
    }


def test_an_overlap_is_shown_from_either_end_and_not_followed(graph: Store) -> None:
    for name, other in (("corpus@v1", "corpus@v2"), ("corpus@v2", "corpus@v1")):
        for direction in ("upstream", "downstream"):
            answer = lineage(graph, name, direction=direction)
            overlaps = [s for s in answer.steps if s.edge.relation is Relation.OVERLAPS]
            assert {answer.name(n) for s in overlaps for n in (s.edge.child, s.edge.parent)} == {
                name,
                other,
            }
    assert "DUP001-v2" not in names(lineage(graph, "corpus@v1", everything=True))
    assert "(undirected)" in shown(lineage(graph, "corpus@v1"), "tree")


def test_everything_lists_shards_and_findings(graph: Store) -> None:
    answer = lineage(graph, "corpus@v1", everything=True)
    assert "DUP001-v1" in names(answer)
    assert any(node.kind is Kind.SHARD for node in answer.nodes)
    assert answer.held == {}


def test_depth_tells_where_it_goes_on(graph: Store) -> None:
    answer = lineage(graph, "forum", direction="downstream", depth=2)
    assert EVIL not in names(answer)
    assert {answer.name(node) for node in answer.deeper} == {"base"}
    assert shown(answer, "tree").count("artifact base  ...") == 2


@pytest.mark.parametrize(
    "name", ["corpus", "corpus@v2", "snapshot:corpus@v2", "root", "short", "snapshot:root"]
)
def test_names_of_a_snapshot(graph: Store, name: str) -> None:
    root = find_snapshot(graph, "corpus@v2").root
    name = name.replace("root", str(root)).replace("short", root.hex[:8])
    assert lineage(graph, name).node == Node(Kind.SNAPSHOT, str(root))


def test_names_of_other_things(graph: Store) -> None:
    assert lineage(graph, "dup001-V1").node == Node(Kind.FINDING, "DUP001-v1")
    (shard,) = find_snapshot(graph, "corpus@v1").shards
    for name in (shard.path, str(shard.digest), shard.digest.hex[:10]):
        answer = lineage(graph, name, depth=1)
        assert answer.node == Node(Kind.SHARD, str(shard.digest))
        assert names(answer) == {shard.path, "corpus@v1"}
    for name in ("nothing", "source:base", "DUP001", "%", "", "sha256:"):
        with pytest.raises(UsageError) as raised:
            lineage(graph, name)
        assert raised.value.hint


def test_circles_and_chains_end(graph: Store) -> None:
    circle = lineage(graph, "circle-1")
    assert len(circle.edges) == 3
    assert "(a circle)" in shown(circle, "tree")
    tree = shown(lineage(graph, "chain-199"), "tree")
    assert len(tree.splitlines()) == DEEPEST + 3
    assert "... goes on: foretaste lineage artifact:chain-" in tree


def test_the_past_is_asked_alike(graph: Store) -> None:
    with as_of(graph, "3") as past:
        assert names(lineage(past, "corpus@v1")) == {"corpus@v1", "forum"}
        with pytest.raises(UsageError):
            lineage(past, "base")


def test_no_format_lets_a_name_out(graph: Store) -> None:
    answer = lineage(graph, EVIL)
    for format in GRAPHS:
        text = shown(answer, format)
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "<script" not in shown(answer, "svg")
    assert "<" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", shown(answer, "dot"))
    json.loads(shown(answer, "json"))


def test_a_table_has_an_edge_a_row(graph: Store) -> None:
    answer = lineage(graph, "base")
    table = answer.table()
    assert len(table) == len(answer.steps)
    assert set(table["basis"].to_pylist()) == {"declared", "inferred-sketch"} - (
        set() if "overlaps" in table["relation"].to_pylist() else {"inferred-sketch"}
    )
    assert lineage(graph, "circle-0", depth=1).table().schema == table.schema


NODES = st.builds(Node, st.sampled_from(Kind), st.sampled_from("abcde"))
EDGES = st.lists(
    st.builds(Edge, NODES, st.sampled_from(Relation), NODES, st.sampled_from(Basis)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(EDGES)
def test_what_is_reached_is_what_a_plain_search_reaches(tmp_path_factory, edges) -> None:
    store = open_store(tmp_path_factory.mktemp("made") / "store")
    declare(store, [], edges)
    known = load_edges(store)
    start = known[0].child
    for upstream in (True, False):
        reached, waiting, found = {start}, [start], set()
        while waiting:
            node = waiting.pop()
            for edge in known:
                overlap = edge.relation is Relation.OVERLAPS
                near, far = (edge.child, edge.parent) if upstream else (edge.parent, edge.child)
                if near == node or (overlap and far == node):
                    found.add((str(edge.child), edge.relation, str(edge.parent), edge.basis))
                if near == node and not overlap and far not in reached:
                    reached.add(far)
                    waiting.append(far)
        way = "upstream" if upstream else "downstream"
        answer = lineage(store, str(start), direction=way, everything=True)
        got = {(str(e.child), e.relation, str(e.parent), e.basis) for e in answer.edges}
        assert got == found


def drawn(edges: list[tuple[int, int]]) -> Lineage:
    nodes = [Node(Kind.ARTIFACT, f"model {n}") for n in range(max(map(max, edges)) + 1)]
    steps = [
        Step(Edge(nodes[b], Relation.FINE_TUNED_FROM, nodes[a], Basis.DECLARED), 1, True)
        for a, b in edges
    ]
    return Lineage(nodes[edges[0][0]], tuple(steps))


PAIRS = st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] != pair[1])


@settings(max_examples=40, deadline=None)
@given(st.lists(PAIRS, min_size=1, max_size=30))
def test_boxes_of_a_picture_do_not_overlap(edges: list[tuple[int, int]]) -> None:
    picture = ElementTree.fromstring(shown(drawn(edges), "svg"))
    boxes = [
        tuple(float(rect.get(name)) for name in ("x", "y", "width", "height"))
        for rect in picture.iter("{http://www.w3.org/2000/svg}rect")
        if rect.get("rx")
    ]
    assert len(boxes) == len({end for edge in edges for end in edge})
    for k, (x, y, wide, high) in enumerate(boxes):
        assert x >= 0
        assert y >= 0
        assert x + wide <= float(picture.get("width"))
        assert y + high <= float(picture.get("height"))
        for other_x, other_y, _, _ in boxes[:k]:
            assert abs(x - other_x) >= wide or abs(y - other_y) >= high


def test_a_large_graph_is_shown_as_kinds() -> None:
    edges = [(n, n + 1) for n in range(MOST_NODES)]
    text = shown(drawn(edges), "svg")
    assert f"{MOST_NODES + 1:,} nodes and {MOST_NODES:,} edges: kinds are shown" in text
    assert text.count("<rect") == 2
