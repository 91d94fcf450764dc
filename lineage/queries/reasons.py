"""Why records of a snapshot are not in the next one: what was decided, found, or run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lineage.graph import Basis, Edge, Kind, Node, Relation
from lineage.model import Digest, identity_halves
from lineage.queries.sets import DOC
from lineage.store.bundle import Bundle
from lineage.store.contents import Content
from lineage.store.findings import findings_of
from lineage.store.graph import edges_of, load_entities
from lineage.store.store import Store
from lineage.store.takedowns import load_takedowns, rows_of

UNKNOWN = "unknown"
ORDER = ("takedown", "decision", "finding", "run", UNKNOWN)
"""Kinds of reasons, the strongest first."""
EXCLUDES = ("exclude", "quarantine", "take-down")
"""Verdicts of decisions by which something is left out."""


_RELATIONS = (Relation.ABOUT, Relation.READ, Relation.WRITTEN_BY)
_KNOWN = (Basis.RECORDED, Basis.DECLARED)


@dataclass(frozen=True)
class Compared:
    """A snapshot that is compared: its root digest and its shards."""

    root: str
    shards: Sequence[Content]

    @property
    def nodes(self) -> set[Node]:
        """It and its shards in the graph."""
        shards = {Node(Kind.SHARD, str(shard.digest)) for shard in self.shards}
        return {Node(Kind.SNAPSHOT, self.root), *shards}


@dataclass(frozen=True)
class Reasons:
    """What may explain that a record went or changed.

    ``members``: documents (``DOC``) of findings and of decisions about findings, with ``reason``
    and ``rank``; ``sources`` and ``shards``: decisions about a source's records, or a shard's, by
    name and by digest; ``whole``: a decision about all records of the snapshot; ``run``: the
    run that read it and wrote the other. Either is '' if there is none. ``taken``: rows of
    bundles, by folder, that a takedown was made of.
    """

    members: pl.DataFrame
    sources: Mapping[str, str]
    shards: Mapping[str, str]
    whole: str
    run: str
    taken: Mapping[Path, Mapping[int, str]]

    @classmethod
    def of(cls, store: Store, old: Compared, new: Compared, source: str | None = None) -> Reasons:
        """Gather them for two snapshots; ``source`` is that of the old one, if any."""
        findings = findings_of(store, [old.root])
        with store.reading() as connection:
            edges = [e for e in edges_of(connection, _RELATIONS) if e.basis in _KNOWN]
        decisions = dict(_decisions(store, edges))
        rows = []
        for finding in findings:
            why = decisions.get(Node(Kind.FINDING, finding.id))
            alarm = finding.severity != "lead"
            if why is None and not alarm:
                continue
            reason = f"finding {finding.id}" if why is None else why
            members = finding.payload.get("members", ())
            rows += [(*identity_halves(m), reason, int(why is None)) for m in members]
        return cls(
            _members(rows),
            {node.id: why for node, why in decisions.items() if node.kind is Kind.SOURCE},
            {node.id: why for node, why in decisions.items() if node.kind is Kind.SHARD},
            _whole(decisions, old.root, source),
            _run(edges, old.nodes, new.nodes),
            _taken(store),
        )

    def give(self, rows: pl.DataFrame, shards: Sequence[Content]) -> pl.Series:
        """Reason of each row (``shard``, ``row``, ``DOC``, ``source``) of the old snapshot."""
        digests = [self.shards.get(str(shard.digest)) for shard in shards]
        best = self.members.sort("rank", "reason").unique(DOC, keep="first", maintain_order=True)
        told = rows.join(best, on=DOC, how="left", maintain_order="left")
        decided = pl.when(pl.col("rank") == 0).then("reason")
        by_shard = pl.col("shard").replace_strict(
            range(len(digests)), digests, return_dtype=pl.String, default=None
        )
        by_source = pl.col("source").replace_strict(
            list(self.sources), list(self.sources.values()), return_dtype=pl.String, default=None
        )
        taken = [
            (number, row, why)
            for number, shard in enumerate(shards)
            if shard.bundle is not None
            for row, why in self.taken.get(shard.bundle.folder, {}).items()
        ]
        kinds = {"shard": pl.UInt32, "row": pl.UInt32, "taken": pl.String}
        told = told.join(
            pl.DataFrame(taken, kinds, orient="row"),
            on=["shard", "row"],
            how="left",
            maintain_order="left",
        )
        why = [
            pl.col("taken"),
            decided,
            by_source,
            by_shard,
            *_constant(self.whole),
            pl.col("reason"),
        ]
        return told.select(
            reason=pl.coalesce(*why, *_constant(self.run), pl.lit(UNKNOWN))
        ).to_series()


def _constant(text: str) -> list[pl.Expr]:
    return [pl.lit(text)] if text else []


def _members(rows: Sequence[tuple[int, int, str, int]]) -> pl.DataFrame:
    schema = {"doc_hi": pl.UInt64, "doc_lo": pl.UInt64, "reason": pl.String, "rank": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _decisions(store: Store, edges: Sequence[Edge]) -> Iterator[tuple[Node, str]]:
    """What was decided to be left out -> the decision."""
    known = {
        e.node: e for e in load_entities(store, Kind.DECISION) if e.facts.get("verdict") in EXCLUDES
    }
    for edge in edges:
        if edge.relation is Relation.ABOUT and edge.child in known:
            yield edge.parent, f"decision {edge.child.id}"


def _whole(decisions: Mapping[Node, str], old: str, source: str | None) -> str:
    """A decision about the old snapshot or its source; '' if there is none."""
    for node in (Node(Kind.SNAPSHOT, old), *([Node(Kind.SOURCE, source)] if source else [])):
        if node in decisions:
            return decisions[node]
    return ""


def _taken(store: Store) -> dict[Path, dict[int, str]]:
    """Rows that takedowns were made of, by folder of their bundle, with the takedown."""
    out: dict[Path, dict[int, str]] = {}
    for one in load_takedowns(store):
        for (digest, recipe), rows in rows_of(store, one.takedown).items():
            folder = Bundle.of(store.root, Digest.parse(digest), recipe).folder
            out.setdefault(folder, {}).update(dict.fromkeys(rows, f"takedown {one.takedown}"))
    return out


def _run(edges: Sequence[Edge], old: Set[Node], new: Set[Node]) -> str:
    """The run that read the old snapshot, or shards of it, and wrote the new one or such; ''."""
    readers = {e.child.id for e in edges if e.relation is Relation.READ and e.parent in old}
    written = new - old  # what both hold was not written between them
    writers = [
        e.parent.id for e in edges if e.relation is Relation.WRITTEN_BY and e.child in written
    ]
    return next((f"run {run}" for run in writers if run in readers), "")
