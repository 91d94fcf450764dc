"""What is not known: of shards, snapshots, sources, records, edges, models, runs and findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lineage.facts import SourceClass
from lineage.graph import Basis, Edge, Kind, Node, Relation
from lineage.model import Status
from lineage.queries.facts import class_of, fact, number
from lineage.queries.learned import Models
from lineage.queries.origins import Origins
from lineage.store.graph import load_edges, load_entities
from lineage.store.holdings import Holding, holdings
from lineage.store.inventory import Inventory, inventory
from lineage.store.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

EXAMPLES = 3
_INFERRED = (Basis.INFERRED_EXACT, Basis.INFERRED_SKETCH)
_ROLES = ("source", "url", "timestamp")


@dataclass(frozen=True)
class Gap:
    """``missing`` of ``total`` things lack something; ``command`` would fill it in."""

    about: str
    what: str
    missing: int
    total: int
    examples: tuple[str, ...]
    command: str


@dataclass(frozen=True)
class Gaps:
    """The answer: every question that was asked of the store, those without a gap too."""

    lines: tuple[Gap, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not any(gap.missing for gap in self.lines)

    def table(self) -> pa.Table:
        """One row a question: about, what, missing, total, examples (joined), command."""
        import pyarrow as pa  # noqa: PLC0415

        rows = [
            {
                "about": gap.about,
                "what": gap.what,
                "missing": gap.missing,
                "total": gap.total,
                "examples": ", ".join(gap.examples),
                "command": gap.command,
            }
            for gap in self.lines
        ]
        kinds = {"missing": pa.int64(), "total": pa.int64()}
        names = ("about", "what", "missing", "total", "examples", "command")
        return pa.Table.from_pylist(
            rows, schema=pa.schema([(name, kinds.get(name, pa.string())) for name in names])
        )


def coverage(store: Store, *, code: str = "", codes: Collection[str] = ()) -> Gaps:
    """Tell what is not known. Reads bundles for the roles of records, and no shard.

    ``code`` is the recipe of today's scanners and ``codes`` are theirs: a snapshot that was
    scanned by others only is told as such. Without them any scan counts.
    """
    recipes = frozenset([*codes, *([code] if code else [])])
    known = _Known(inventory(store), holdings(store), load_edges(store), _facts(store), recipes)
    lines: list[Gap] = []
    for ask in (_shards, _snapshots, _records, _sources, _edges, _models, _runs, _findings):
        lines += ask(known)
    return Gaps(tuple(lines))


def _facts(store: Store) -> dict[Node, Mapping[str, Any]]:
    return {entity.node: entity.facts for entity in load_entities(store)}


@dataclass(frozen=True)
class _Known:
    """All that is asked. ``facts`` are by declared node."""

    inventory: Inventory
    holdings: Sequence[Holding]
    edges: Sequence[Edge]
    facts: Mapping[Node, Mapping[str, Any]]
    recipes: frozenset[str]

    def nodes(self, kind: Kind) -> list[Node]:
        """Nodes of a kind that were declared, or that an edge names."""
        ends = {node for edge in self.edges for node in (edge.child, edge.parent)}
        return sorted(node for node in ends | self.facts.keys() if node.kind is kind)

    def parents(self, relation: Relation) -> dict[Node, set[Node]]:
        """Parents by child, of one relation."""
        found: dict[Node, set[Node]] = defaultdict(set)
        for edge in self.edges:
            if edge.relation is relation:
                found[edge.child].add(edge.parent)
        return found

    @cached_property
    def decided(self) -> set[Node]:
        """Nodes that a decision is about."""
        return {p for parents in self.parents(Relation.ABOUT).values() for p in parents}

    @cached_property
    def generated(self) -> set[Node]:
        """Nodes that a model wrote."""
        return set(self.parents(Relation.GENERATED_BY))

    def fact(self, node: Node, name: str) -> str | None:
        """A declared fact of a node."""
        return fact(self.facts.get(node, {}), name)

    def told(self, node: Node, name: str) -> bool:
        """Whether a fact of a source was declared, its class understood, its generator linked."""
        if name == "class":
            return class_of(self.facts.get(node, {})) is not None
        if name == "generator" and node in self.generated:
            return True
        return self.fact(node, name) is not None


def _gap(about: str, what: str, all: Iterable[Any], missing: Iterable[object], command: str) -> Gap:
    lacking = [str(one) for one in missing]
    total = len(list(all))
    return Gap(about, what, len(lacking), total, tuple(lacking[:EXAMPLES]), command)


def _shards(known: _Known) -> Iterator[Gap]:
    shards = known.inventory.shards
    told = {holding.digest: holding for holding in known.holdings}
    origins = Origins.of(known.edges)
    orphans = [
        shard.path
        for shard in shards
        if shard.digest not in told or not origins.shard(told[shard.digest]).sources
    ]
    command = "foretaste register snapshot DATASET@LABEL --collected-from SOURCE"
    yield _gap("shards", "no declared source", shards, orphans, command)
    bad = [f"{s.path} ({s.detail or s.status})" for s in shards if s.status != Status.SCANNED]
    yield _gap("shards", "not read to the end", shards, bad, "foretaste ingest, once repaired")
    unread = known.inventory.unread
    for what, status in (("could not be opened", Status.FAILED), ("skipped", Status.SKIPPED)):
        some = [f"{one.path} ({one.detail})" for one in unread if one.status == status]
        yield _gap("shards", f"{what} by the last scan", [*shards, *unread], some, "foretaste scan")
    old = [_path(h) for h in known.holdings if not h.current]
    yield _gap("shards", "older fingerprints", known.holdings, old, "foretaste ingest")


def _path(holding: Holding) -> str:
    return holding.held[0].path if holding.held else holding.digest


def _snapshots(known: _Known) -> Iterator[Gap]:
    names, scans = known.inventory.snapshots, known.inventory.scans
    unscanned = [name for root, name in names.items() if root not in scans]
    yield _gap("snapshots", "never scanned", names, unscanned, "foretaste scan")
    behind = [
        name
        for root, name in names.items()
        if root in scans and not any(known.recipes <= recipes for recipes in scans[root])
    ]
    yield _gap(
        "snapshots", "scanned by older or fewer scanners alone", names, behind, "foretaste scan"
    )
    nodes = known.nodes(Kind.SNAPSHOT)
    unread = [node for node in nodes if node.id not in names]
    yield _gap("snapshots", "known by name alone", nodes, unread, "foretaste ingest")


def _records(known: _Known) -> Iterator[Gap]:
    """Records without a role, by dataset; a shard counts once in each dataset."""
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: {r: [0, 0] for r in _ROLES})
    lacking: dict[tuple[str, str], list[str]] = defaultdict(list)
    for holding in known.holdings:
        rows = holding.bundle.records(["record", *_ROLES])
        records = rows["record"].n_unique()
        for role in _ROLES:
            without = records - rows.drop_nulls(role)["record"].n_unique()
            for dataset in {held.dataset for held in holding.held}:
                counts[dataset][role][0] += without
                counts[dataset][role][1] += records
                if without:
                    lacking[dataset, role].append(_path(holding))
    for dataset, roles in sorted(counts.items()):
        for role, (without, records) in roles.items():
            yield Gap(
                f"records of {dataset}",
                f"no {role}",
                without,
                records,
                tuple(lacking[dataset, role][:EXAMPLES]),
                f"foretaste ingest --role {role}=FIELD",
            )


_SOURCE = "foretaste register source NAME"


def _sources(known: _Known) -> Iterator[Gap]:
    sources = known.nodes(Kind.SOURCE)
    classes = {source: class_of(known.facts.get(source, {})) for source in sources}
    asked = (
        ("class", "class unknown", set(SourceClass) | {None}),
        ("licence", "licence unknown", set(SourceClass) | {None}),
        ("licence_evidence", "licence without evidence", set(SourceClass) | {None}),
        ("opt_out", "opt-out measures unknown", {SourceClass.CRAWLED, SourceClass.PUBLIC, None}),
        ("consent", "consent unknown", {SourceClass.USER, SourceClass.THIRD_PARTY, None}),
        ("generator", "generator unknown", {SourceClass.SYNTHETIC}),
    )
    for name, what, concerned in asked:
        those = [source for source in sources if classes[source] in concerned]
        if name == "licence_evidence":
            those = [source for source in those if known.fact(source, "licence")]
        without = [s.id for s in those if not known.told(s, name)]
        option = f"--{name.replace('_', '-')} ..."
        yield _gap("sources", what, those, without, f"{_SOURCE} {option}")
    undecided = [s.id for s in sources if s not in known.decided and not known.told(s, "decision")]
    yield _gap(
        "sources",
        "no decision to include it",
        sources,
        undecided,
        "foretaste register decision --about source:NAME",
    )


def _edges(known: _Known) -> Iterator[Gap]:
    bases: dict[tuple[Node, Node], set[Basis]] = defaultdict(set)
    for edge in known.edges:
        bases[edge.child, edge.parent].add(edge.basis)
    guessed = [f"{c} to {p}" for (c, p), how in bases.items() if how <= set(_INFERRED)]
    yield _gap(
        "edges",
        "only inferred",
        bases,
        guessed,
        "foretaste register snapshot NAME --derived-from OTHER",
    )
    training = [edge for edge in known.edges if edge.relation is Relation.TRAINED_ON]
    endless = [
        f"{edge.child} on {edge.parent}"
        for edge in training
        if number(edge.facts.get("epochs")) is None
    ]
    yield _gap(
        "training edges",
        "epochs unknown",
        training,
        endless,
        "foretaste register model NAME --trained-on SNAPSHOT --epochs N",
    )


def _models(known: _Known) -> Iterator[Gap]:
    tokenizers = {p for ps in known.parents(Relation.TOKENIZED_BY).values() for p in ps}
    models = [
        node
        for node in known.nodes(Kind.ARTIFACT)
        if node not in tokenizers and known.fact(node, "kind") != "tokenizer"
    ]
    command = "foretaste register model NAME --trained-on SNAPSHOT"
    graph = Models.of(known.edges)
    taught = {m: graph.learned(m) for m in models}
    without = [m.id for m in models if not taught[m]]
    yield _gap("models", "no corpus, nor one of its ancestors", models, without, command)
    made = {m: graph.parents(m) for m in models}
    tuned = [m for m in models if made[m] and graph.taught_itself(m)]
    blank = [m.id for m in tuned if all(one.model != m for one in taught[m])]
    yield _gap("models", "made from another with data that is unknown", tuned, blank, command)
    dark = [
        m.id
        for m in models
        if not made[m] and graph.from_scratch(m, known.facts.get(m, {})) is None
    ]
    yield _gap(
        "models", "ancestors unknown, and not said to have none", models, dark,
        "foretaste register model NAME --fine-tuned-from ..., or --role pretraining",
    )  # fmt: skip


def _runs(known: _Known) -> Iterator[Gap]:
    runs = known.nodes(Kind.RUN)
    without = [run.id for run in runs if known.fact(run, "code") is None]
    yield _gap(
        "runs", "no code revision", runs, without, "foretaste register run NAME --code-revision ..."
    )


def _findings(known: _Known) -> Iterator[Gap]:
    severe = known.inventory.severe
    open_ones = [
        f"{id} {title}" for id, title in severe if Node(Kind.FINDING, id) not in known.decided
    ]
    yield _gap(
        "findings",
        "high, and nobody decided",
        severe,
        open_ones,
        "foretaste register decision --about finding:ID",
    )
