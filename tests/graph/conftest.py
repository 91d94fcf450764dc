"""A store with a graph that somebody declared, for looking at only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import foretaste
from lineage.graph import Basis, Edge, Kind, Node, Relation
from lineage.ingest import ingest
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Destination, Store, StoredFinding, declare, open_store, save_scan

EVIL = 'x"><script>alert(1)</script>\x1b[31m\u202e'


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two snapshots that overlap, a finding, models in a circle, a chain, and an evil name."""
    folder = tmp_path_factory.mktemp("graph")
    store = open_store(folder / "store")
    for label in ("v1", "v2"):
        file: Path = folder / f"{label}.jsonl"
        file.write_text(json.dumps({"text": f"a quiet river {label}"}) + "\n")
        where = Destination("corpus", label, "forum")
        snapshot, _ = ingest(store, locate([str(file)]), where, ReadingRecipe())
        finding = StoredFinding(f"DUP001-{label}", "DUP001", "high", "t", "r", 1, {})
        save_scan(store, snapshot.root, ["r"], [finding])
    foretaste.register_model("base", {}, {"trained-on": ["corpus@v1", "corpus@v2"]}, store=store)
    foretaste.register_model(EVIL, {}, {"fine-tuned-from": "base"}, store=store)
    circle = [Node(Kind.ARTIFACT, f"circle-{n}") for n in range(3)]
    chain = [Node(Kind.ARTIFACT, f"chain-{n}") for n in range(200)]
    edges = [_from(circle[n], circle[n - 1]) for n in range(3)]
    edges += [_from(chain[n], chain[n - 1]) for n in range(1, 200)]
    names = {name: foretaste.lineage(name, store=store).node for name in ("corpus@v1", "corpus@v2")}
    overlap = {"share": 0.5}
    edges.append(Edge(*_ends(names), Basis.INFERRED_SKETCH, overlap))
    declare(store, [], edges)
    return store


def _from(child: Node, parent: Node) -> Edge:
    return Edge(child, Relation.FINE_TUNED_FROM, parent, Basis.DECLARED)


def _ends(names: dict[str, Node]) -> tuple[Node, Relation, Node]:
    return names["corpus@v2"], Relation.OVERLAPS, names["corpus@v1"]
