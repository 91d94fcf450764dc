"""What an impact is asked about: a name, understood as exactly one thing the store knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from lineage.domains import canonical_host, host_of, hosts
from lineage.errors import UsageError
from lineage.graph import Basis, Edge, Kind, Node, Relation, strongest
from lineage.model import identity_halves
from lineage.queries.sets import DOC, among
from lineage.store.findings import StoredFinding, finding_ids, newest_finding
from lineage.store.graph import load_entities
from lineage.store.holdings import Holding
from lineage.store.store import Store

LEAST_DIGITS = 6
"""Hex digits of a shard's digest that are taken for one."""
_SHOWN = 8


class SubjectKind(StrEnum):
    """What can be asked about."""

    SOURCE = "source"
    DOMAIN = "domain"
    SHARD = "shard"
    FINDING = "finding"
    ARTIFACT = "artifact"


@dataclass(frozen=True, order=True)
class Subject:
    """Written ``kind:name``; shards by their whole digest, findings by their whole id."""

    kind: SubjectKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @property
    def node(self) -> Node | None:
        """Its node in the graph; None for a domain, which is none."""
        return None if self.kind is SubjectKind.DOMAIN else Node(Kind(self.kind), self.name)


@dataclass(frozen=True)
class Names:
    """Where names are looked up: shards of the store, and its graph."""

    store: Store
    holdings: Sequence[Holding]
    edges: Sequence[Edge]

    def resolve(self, text: str) -> Subject:
        """Understand ``kind:name``, or a bare name that means one thing. UsageError otherwise."""
        kind, colon, name = text.partition(":")
        asked = [SubjectKind(kind)] if colon and kind in list(SubjectKind) else list(SubjectKind)
        name = name if len(asked) == 1 else text
        if not name:
            raise UsageError("there is no name to ask about", hint=f"kinds: {_kinds()}")
        found = sorted({one for kind in asked for one in self._find(kind, name, len(asked) == 1)})
        if len(found) > 1:
            shown = ", ".join(str(one) for one in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise UsageError(
                f"{text!r} could be any of {shown}{more}", hint="say which, as kind:name"
            )
        if not found:
            what = f"{asked[0]} " if len(asked) == 1 else ""
            raise UsageError(
                f"nothing is known of {what}{name!r}",
                hint=f"a name, a path, a digest or an id; or kind:name, with a kind of {_kinds()}",
            )
        return found[0]

    def _find(self, kind: SubjectKind, name: str, explicit: bool) -> Iterator[Subject]:
        if kind is SubjectKind.DOMAIN and not explicit and not re.search(r"[.:]", name):
            return
        find = {
            SubjectKind.SOURCE: self._source,
            SubjectKind.DOMAIN: self._domain,
            SubjectKind.SHARD: self._shard,
            SubjectKind.FINDING: self._finding,
            SubjectKind.ARTIFACT: self._artifact,
        }[kind]
        yield from (Subject(kind, found) for found in find(name))

    def _source(self, name: str) -> Iterator[str]:
        declared = any(name in holding.sources for holding in self.holdings)
        if declared or self._in_graph(Kind.SOURCE, name) or self._any_record("source", name):
            yield name

    def _domain(self, name: str) -> Iterator[str]:
        host = host_of(name) or canonical_host(name)
        if host is None:
            return
        for holding in self.holdings:
            urls = holding.bundle.records(["url"])["url"]
            if within(hosts(urls), host).any():
                yield host
                return

    def _shard(self, name: str) -> Iterator[str]:
        digits = name.removeprefix("sha256:").lower()
        hexes = re.fullmatch(rf"[0-9a-f]{{{LEAST_DIGITS},64}}", digits)
        for holding in self.holdings:
            by_digest = hexes and holding.digest.removeprefix("sha256:").startswith(digits)
            if by_digest or any(_is_path(held.path, name) for held in holding.held):
                yield holding.digest

    def _finding(self, name: str) -> Iterator[str]:
        found = finding_ids(self.store, name)
        exact = [id for id in found if id.lower() == name.lower()]
        yield from exact or found

    def _artifact(self, name: str) -> Iterator[str]:
        if self._in_graph(Kind.ARTIFACT, name):
            yield name

    def _in_graph(self, kind: Kind, name: str) -> bool:
        node = Node(kind, name)
        if any(entity.node == node for entity in load_entities(self.store, kind)):
            return True
        return any(node in (edge.child, edge.parent) for edge in self.edges)

    def _any_record(self, role: str, name: str) -> bool:
        return any((h.bundle.records([role])[role] == name).any() for h in self.holdings)


@dataclass(frozen=True)
class Belongs:
    """Which rows of a shard belong to a subject.

    ``shards`` belong whole, on a basis; ``members`` (documents as 32 hex digits) do in shards
    of ``among``.
    """

    subject: Subject
    shards: Mapping[str, Basis] = field(default_factory=dict)
    members: frozenset[str] = frozenset()
    among: frozenset[str] = frozenset()

    def nowhere_in(self, holding: Holding) -> bool:
        """Whether no row of a shard can belong to it, whatever its rows say."""
        if self.subject.kind in (SubjectKind.SOURCE, SubjectKind.DOMAIN):
            return False
        return holding.digest not in self.shards and holding.digest not in self.among

    def own(self, holding: Holding, rows: pl.DataFrame) -> pl.Series:
        """bool[n]: rows that say so themselves (role ``source`` or ``url``, or a member)."""
        kind, name = self.subject.kind, self.subject.name
        if kind is SubjectKind.SOURCE:
            return (rows["source"] == name).fill_null(value=False)
        if kind is SubjectKind.DOMAIN:
            return within(hosts(rows["url"]), name)
        if kind is SubjectKind.FINDING and holding.digest in self.among:
            wanted = pl.DataFrame(
                [identity_halves(member) for member in sorted(self.members)],
                schema=dict.fromkeys(DOC, pl.UInt64),
                orient="row",
            )
            return pl.Series(among(rows, wanted, DOC))
        return pl.repeat(value=False, n=len(rows), dtype=pl.Boolean, eager=True)

    def rows(self, holding: Holding, rows: pl.DataFrame) -> pl.Series:
        """bool[n]: all rows that belong to it."""
        if holding.digest in self.shards:
            return pl.repeat(value=True, n=len(rows), dtype=pl.Boolean, eager=True)
        return self.own(holding, rows)


def belongings(subject: Subject, names: Names) -> Belongs:
    """Tell which rows belong to a subject; to an artifact, those that it generated."""
    kind = subject.kind
    if kind is SubjectKind.SHARD:
        return Belongs(subject, {subject.name: Basis.RECORDED})
    if kind is SubjectKind.FINDING:
        finding, root = newest_finding(names.store, subject.name)
        among = frozenset(h.digest for h in names.holdings if root in h.roots)
        return Belongs(subject, {}, _members(finding), among)
    if kind is SubjectKind.SOURCE:
        return Belongs(subject, _whole(names, Relation.COLLECTED_FROM, subject.node))
    if kind is SubjectKind.ARTIFACT:
        return Belongs(subject, _whole(names, Relation.GENERATED_BY, subject.node))
    return Belongs(subject)


def _whole(names: Names, relation: Relation, parent: Node | None) -> dict[str, Basis]:
    """Shards that are, or whose snapshot is, so related to a node; on the strongest basis."""
    related: dict[str, Basis] = {}
    for edge in names.edges:
        if edge.relation is relation and edge.parent == parent:
            known = related.get(edge.child.id, edge.basis)
            related[edge.child.id] = strongest((known, edge.basis))
    found = {}
    for holding in names.holdings:
        bases = [related[id] for id in (holding.digest, *holding.roots) if id in related]
        if bases:
            found[holding.digest] = strongest(bases)
    return found


def within(column: pl.Series, host: str) -> pl.Series:
    """bool[n]: hosts that are this one, or lie in it."""
    inside = (column == host) | column.str.ends_with(f".{host}")
    return inside.fill_null(value=False)


def _is_path(path: str, name: str) -> bool:
    return path == name or path.endswith(f"/{name}")


def _members(finding: StoredFinding) -> frozenset[str]:
    members = finding.payload.get("members", ())
    return frozenset(str(member) for member in members)


def _kinds() -> str:
    return ", ".join(SubjectKind)
