"""Declarations: what is known is taken, what is not is refused with a hint."""

from __future__ import annotations

import pytest

import foretaste
from lineage.errors import UsageError
from lineage.facts import EDGE_FACTS, FACTS, read_facts
from lineage.graph import Basis, Edge, Entity, Kind, Node, Relation
from lineage.store import Store, as_of, find_snapshot, load_edges, load_entities

FORUM = Node(Kind.SOURCE, "forum")
MODEL = Node(Kind.ARTIFACT, "taster")


def declared(store: Store) -> set[tuple[str, str, str]]:
    edges = load_edges(store, [Basis.DECLARED])
    return {(str(edge.child), str(edge.relation), str(edge.parent)) for edge in edges}


def test_facts_go_over_older_ones_and_stay_in_the_past(store: Store) -> None:
    foretaste.register_source("forum", {"class": "Third_Party", "licence": "MIT"}, store=store)
    before = load_entities(store)
    done = foretaste.register_source("forum", {"licence": "", "x-ticket": 7}, store=store)
    assert done.changed == 1
    assert load_entities(store) == (Entity(FORUM, {"class": "third-party", "x-ticket": 7}),)
    assert foretaste.register_source("forum", {"x-ticket": 7}, store=store).changed == 0
    with store.reading() as connection:
        ((last,),) = connection.execute("SELECT max(number) FROM event").fetchall()
    with as_of(store, str(last - 1)) as past:
        assert load_entities(past) == before


@pytest.mark.parametrize(
    ("kind", "facts", "message"),
    [
        (Kind.SOURCE, {"clas": "user"}, "no fact 'clas'"),
        (Kind.SOURCE, {"class": "stolen"}, "one of public"),
        (Kind.SOURCE, {"period": "soon"}, "a moment, or two"),
        (Kind.RUN, {"started": "2024-13-01"}, "a date or time"),
        (Kind.RUN, {"mixture": {"a": -1}}, "not negative"),
        (Kind.ARTIFACT, {"digest": "md5"}, "a digest"),
        (Kind.ARTIFACT, {"x-": 1}, "no fact"),
        (Relation.TRAINED_ON, {"token_share": 1.5}, "a share"),
        (Relation.TRAINED_ON, {"epochs": float("nan")}, "a number"),
        (Kind.SOURCE, {"note": "x" * 10_001}, "10,000"),
    ],
)
def test_what_is_no_fact_is_refused(kind, facts, message) -> None:
    with pytest.raises(UsageError, match=message):
        read_facts(kind, facts)


@pytest.mark.parametrize("what", [*FACTS, *EDGE_FACTS])
def test_unknown_names_list_the_known(what) -> None:
    with pytest.raises(UsageError) as raised:
        read_facts(what, {"planet": "mars"})
    assert all(fact.name.replace("_", "-") in raised.value.hint for fact in FACTS.get(what, ()))


def test_a_model_and_all_it_came_from(store: Store) -> None:
    foretaste.register_source("forum", store=store)
    foretaste.register_snapshot("corpus@v1", {}, {"collected-from": "forum"}, store=store)
    foretaste.register_model("base", store=store)
    trained = ("corpus@v1", {"epochs": "2", "token-share": 0.5})
    relations = {"trained-on": [trained], "fine_tuned_from": {"name": "base", "method": "LoRA"}}
    foretaste.register_model("taster", {"kind": "weights"}, relations, store=store)
    foretaste.register_run("train", {}, {"read": "corpus", "wrote": ["taster"]}, store=store)
    root = f"snapshot:{find_snapshot(store, 'corpus').root}"
    assert declared(store) == {
        (root, "collected-from", "source:forum"),
        ("artifact:taster", "trained-on", root),
        ("artifact:taster", "fine-tuned-from", "artifact:base"),
        ("run:train", "read", root),
        ("artifact:taster", "written-by", "run:train"),
    }
    (edge,) = [e for e in load_edges(store) if e.relation is Relation.TRAINED_ON]
    assert edge.facts == {"epochs": 2, "token_share": 0.5}


def test_decisions_are_named_after_what_they_decide(store: Store) -> None:
    foretaste.register_source("forum", store=store)
    for _ in range(2):
        foretaste.register_decision("keep", ["source:forum"], {"by": "A"}, store=store)
    (decision,) = load_entities(store, Kind.DECISION)
    assert decision.facts == {"by": "A", "verdict": "keep"}
    assert decision.node.id.startswith("keep-")
    with pytest.raises(UsageError, match="one of keep"):
        foretaste.register_decision("shrug", ["source:forum"], store=store)


def test_what_nobody_knows_is_refused_or_kept_by_name(store: Store) -> None:
    for relations in ({"trained-on": "corpus@v9"}, {"adapter-of": "ghost"}):
        with pytest.raises(UsageError) as raised:
            foretaste.register_model("taster", {}, relations, store=store)
        assert "--allow-unknown" in raised.value.hint
    with pytest.raises(UsageError, match="no snapshot"):
        foretaste.register_snapshot("corpus@v9", {}, {}, store=store)
    assert load_entities(store) == ()
    done = foretaste.register_model(
        "taster", {}, {"trained-on": "corpus@v9"}, allow_unknown=True, store=store
    )
    assert done.unknown == (Node(Kind.SNAPSHOT, "corpus@v9"),)


def test_a_snapshot_declared_by_name_is_the_one_that_comes(store: Store) -> None:
    edges = [Edge(MODEL, Relation.TRAINED_ON, Node(Kind.SNAPSHOT, "corpus@v1"), Basis.DECLARED)]
    foretaste.register([Entity(MODEL)], edges, allow_unknown=True, store=store)
    root = find_snapshot(store, "corpus@v1").root
    assert ("artifact:taster", "trained-on", f"snapshot:{root}") in declared(store)
    assert foretaste.lineage("corpus", store=store).node == Node(Kind.SNAPSHOT, str(root))


@pytest.mark.parametrize(
    "edge",
    [
        Edge(FORUM, Relation.TRAINED_ON, MODEL, Basis.DECLARED),
        Edge(MODEL, Relation.CONTAINS, FORUM, Basis.DECLARED),
        Edge(MODEL, Relation.ADAPTER_OF, MODEL, Basis.DECLARED),
        Edge(MODEL, Relation.TRAINED_ON, FORUM, Basis.RECORDED),
        Edge(MODEL, Relation.TRAINED_ON, Node(Kind.SOURCE, " "), Basis.DECLARED),
    ],
)
def test_edges_that_cannot_be_are_refused(store: Store, edge: Edge) -> None:
    with pytest.raises(UsageError):
        foretaste.register([Entity(FORUM), Entity(MODEL)], [edge], allow_unknown=True, store=store)


def test_a_name_is_not_given_to_other_bytes(store: Store, tmp_path) -> None:
    file = tmp_path / "w.bin"
    file.write_bytes(b"GGUF?")
    foretaste.register_model("taster", {"licence": "MIT"}, files=[file], store=store)
    (old,) = load_entities(store, Kind.ARTIFACT)
    assert old.facts["remarks"] == ["it begins as gguf, but it is cut off"]
    file.write_bytes(b"other")
    with pytest.raises(UsageError, match="other bytes"):
        foretaste.register_model("taster", files=[file], store=store)
    foretaste.register_model("taster", files=[file], replace=True, store=store)
    (new,) = load_entities(store, Kind.ARTIFACT)
    assert new.facts["digest"] != old.facts["digest"]
    assert "remarks" not in new.facts
    assert new.facts["licence"] == "MIT"


def test_what_files_name_is_declared_on_demand(store: Store, tmp_path) -> None:
    (tmp_path / "w.bin").write_bytes(b"weights")
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "acme/base"}')
    foretaste.register_model("taster", files=[tmp_path / "w.bin"], store=store)
    assert declared(store) == set()
    foretaste.register_model(
        "taster", files=[tmp_path / "w.bin"], follow=True, allow_unknown=True, store=store
    )
    assert declared(store) == {("artifact:taster", "adapter-of", "artifact:acme/base")}
    (edge,) = load_edges(store, [Basis.DECLARED])
    assert edge.facts["evidence"].startswith("adapter_config.json")


def test_a_file_of_statements(store: Store, tmp_path) -> None:
    file = tmp_path / "facts.toml"
    file.write_text(
        """
        [run.train]
        read = "corpus@v1"
        wrote = ["taster"]
        started = 2024-05-01
        [model.taster]
        file = "w.bin"
        trained-on = [{ name = "corpus@v1", epochs = 2 }]
        [source.forum]
        class = "user"
        [[decision]]
        verdict = "keep"
        about = "source:forum"
        """
    )
    (tmp_path / "w.bin").write_bytes(b"w")
    assert foretaste.register_file(file, store=store).changed == 8
    kinds = [entity.node.kind for entity in load_entities(store)]
    assert sorted(kinds) == sorted([Kind.RUN, Kind.ARTIFACT, Kind.SOURCE, Kind.DECISION])
    for text in (
        "",
        "[planet.mars]\n",
        "[source]\nforum = 1\n",
        "[source.x]\nclas = 'user'\n",
        "[",
    ):
        file.write_text(text)
        with pytest.raises(UsageError):
            foretaste.register_file(file, store=store)


def test_a_dry_run_writes_nothing(store: Store) -> None:
    done = foretaste.register_source("forum", {"class": "user"}, dry_run=True, store=store)
    assert (done.changed, load_entities(store)) == (0, ())
