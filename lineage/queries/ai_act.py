"""The summary of training content that Article 53(1)(d) of the EU AI Act asks of a model.

Every section of the template is filled from the store, or ``not known``; nothing is guessed.
Each answer says its basis, the weakest on which any part of it is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lineage.errors import UsageError
from lineage.facts import SourceClass
from lineage.graph import Basis, Edge, Kind, Node
from lineage.queries.ai_act_general import general
from lineage.queries.ai_act_known import Entry, Known, basis_of
from lineage.queries.ai_act_sources import sources
from lineage.queries.composition import Composition, Facts, Portion, compose, top_domains
from lineage.queries.learned import Learned, Models
from lineage.queries.template import (
    DOMAINS_PERCENT,
    SECTIONS,
    SME_DOMAINS,
    SME_DOMAINS_PERCENT,
    TEMPLATE,
)
from lineage.store.graph import load_edges, load_entities
from lineage.store.holdings import holdings
from lineage.store.inventory import inventory, last_event, moments, shard_counts
from lineage.store.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Domain:
    """A registrable domain, its bytes of text, and their share of all that have a domain."""

    name: str
    bytes: int
    share: float


@dataclass(frozen=True)
class AiAct:
    """The summary. ``domains`` are those that section 2.3 lists, out of ``all_domains``.

    ``event`` and ``moment`` tell the state of the store that it was made of.
    """

    model: str
    event: int
    moment: str
    entries: tuple[Entry, ...]
    composition: Composition
    lessons: tuple[Learned, ...]
    domains: tuple[Domain, ...]
    all_domains: int

    def section(self, number: str) -> list[Entry]:
        """Answers of one section."""
        return [entry for entry in self.entries if entry.section == number]

    def table(self) -> pa.Table:
        """One row an answer: section, title, field, value, basis, note; then the domains."""
        import pyarrow as pa  # noqa: PLC0415

        names = ("section", "title", "field", "value", "basis", "note")
        rows = [
            (e.section, SECTIONS[e.section], e.field, e.value, e.basis, e.note)
            for e in self.entries
        ]
        rows += [
            ("2.3", SECTIONS["2.3"], "domain", one.name, str(Basis.RECORDED), f"{one.bytes} bytes")
            for one in self.domains
        ]
        columns = list(zip(*rows, strict=True))
        return pa.table({n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)})


def ai_act(store: Store, model: str, *, sme: bool = False, own: bool = False) -> AiAct:
    """Fill the template for a model, by name or its unambiguous beginning.

    ``sme`` lists the domains that a small or medium-sized enterprise must. ``own`` leaves out
    what the models that it was made from had learned: for one that modifies another provider's.
    UsageError if there is no such model.
    """
    edges = load_edges(store)
    facts = {entity.node: entity.facts for entity in load_entities(store)}
    node = _model(model, facts, edges)
    models = Models.of(edges)
    lessons = models.learned(node, own=own)
    declared = {n.id: facts[n] for n in facts if n.kind is Kind.SOURCE}
    there = inventory(store)
    made_of = compose(lessons, holdings(store), shard_counts(store), Facts(declared, edges))
    known = Known(
        node,
        facts,
        edges,
        models,
        lessons,
        made_of,
        there.snapshots,
        moments(store),
        frozenset(there.scans),
        own,
        last_event(store),
    )
    percent = SME_DOMAINS_PERCENT if sme else DOMAINS_PERCENT
    crawled = made_of.of(SourceClass.CRAWLED)
    top, count, size = top_domains(crawled, percent=percent, most=SME_DOMAINS if sme else None)
    domains = tuple(Domain(name, bytes, bytes / size) for name, bytes in top)
    entries = (*general(known), *sources(known, _domains(crawled, domains, count, percent)))
    return AiAct(node.id, *known.event, entries, made_of, tuple(lessons), domains, count)


def _domains(
    crawled: Sequence[Portion], domains: Sequence[Domain], count: int, percent: int
) -> Entry:
    field = "Summary of the most relevant domain names crawled"
    if not domains:
        return Entry("2.3", field, note="no crawled document has a URL with a registrable domain")
    placeless = sum(portion.placeless for portion in crawled)
    whole = placeless + sum(sum(portion.domains.values()) for portion in crawled)
    share = sum(domain.share for domain in domains)
    return Entry(
        "2.3",
        field,
        f"{len(domains):,} of {count:,} registrable domains, listed below",
        basis_of([portion.basis for portion in crawled]),
        f"the largest {percent} % by bytes of text, {share:.1%} of the bytes that have a domain; "
        f"{placeless / whole:.1%} of the crawled bytes have none",
    )


def _model(name: str, facts: Mapping[Node, Any], edges: Sequence[Edge]) -> Node:
    bare = name.removeprefix("artifact:")
    ends = {node for edge in edges for node in (edge.child, edge.parent)}
    models = sorted(node.id for node in facts.keys() | ends if node.kind is Kind.ARTIFACT)
    if bare in models:
        return Node(Kind.ARTIFACT, bare)
    found = [model for model in models if bare and model.startswith(bare)]
    if len(found) == 1:
        return Node(Kind.ARTIFACT, found[0])
    if found:
        raise UsageError(f"{name!r} could be any of {', '.join(found[:8])}", hint="give more of it")
    listed = f"known models: {', '.join(models[:8])}" if models else "none was registered"
    raise UsageError(f"no model is called {name!r}", hint=listed)


def summary(answer: AiAct) -> dict[str, Any]:
    """The whole answer as JSON values."""
    return {
        "template": TEMPLATE,
        "model": answer.model,
        "store_event": answer.event,
        "store_moment": answer.moment,
        "sections": [
            {
                "number": number,
                "title": title,
                "entries": [
                    {"field": e.field, "value": e.value, "basis": e.basis or None, "note": e.note}
                    for e in answer.section(number)
                ],
            }
            for number, title in SECTIONS.items()
        ],
        "composition": [dict(zip(COMPOSED, row, strict=True)) for row in composed(answer)],
        "distinct_documents": answer.composition.distinct,
        "domains": [
            {"domain": one.name, "bytes": one.bytes, "share": round(one.share, 6)}
            for one in answer.domains
        ],
        "all_domains": answer.all_domains,
    }


COMPOSED = ("sources", "class", "documents", "bytes", "tokens", "share", "basis")


def composed(answer: AiAct) -> Iterator[tuple[Any, ...]]:
    """Rows of ``COMPOSED``: what the data is made of; shares are of bytes of text."""
    total = answer.composition.bytes or 1
    for portion in answer.composition.portions:
        kind = NOT_KNOWN if portion.kind is None else str(portion.kind)
        counts = portion.documents, portion.bytes, portion.tokens
        share = round(portion.bytes / total, 6)
        yield portion.name, kind, *counts, share, str(portion.basis)
