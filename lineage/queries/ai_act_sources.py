"""Sections 2 and 3 of the summary of training content: sources of data, and its processing."""

from __future__ import annotations

from collections.abc import Iterator

from lineage.facts import SourceClass
from lineage.graph import Basis, Kind, Node, Relation
from lineage.queries.ai_act_known import (
    DECLARED,
    TEXT,
    Entry,
    Known,
    basis_of,
    declared,
    each,
    listed,
    need,
    register_source,
    used,
)
from lineage.queries.composition import Portion
from lineage.queries.template import LARGE


def sources(known: Known, domains: Entry) -> Iterator[Entry]:
    """Answers of sections 2 and 3; that about domains was made before."""
    yield from _public(known)
    yield from _licensed(known)
    yield from _third_party(known)
    yield from _crawled(known, domains)
    yield from _user(known)
    yield from _synthetic(known)
    yield from _other(known)
    yield from _processing(known)


def _public(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.PUBLIC)
    yield used(known, "2.1", "Publicly available datasets were used", portions)
    if not portions:
        return
    yield Entry("2.1", "Modality", TEXT, basis_of([p.basis for p in portions]))
    total = sum(portion.bytes for portion in portions) or 1
    large = [portion for portion in portions if portion.bytes > LARGE * total]
    for portion in large:
        yield Entry(
            "2.1",
            "Large publicly available dataset",
            _dataset(known, portion),
            str(portion.basis),
            f"{portion.bytes:,} bytes of text, {portion.bytes / total:.1%} of this class",
        )
    small = [portion for portion in portions if portion not in large]
    if small:
        names = listed([portion.name for portion in small])
        size = sum(portion.bytes for portion in small)
        yield Entry(
            "2.1",
            "Other publicly available datasets",
            names,
            basis_of([portion.basis for portion in small]),
            f"each at most {LARGE:.0%} of this class; {size:,} bytes of text together",
        )


def _dataset(known: Known, portion: Portion) -> str:
    told = []
    for source in portion.sources:
        facts = {name: known.of_source(source, name) for name in _DATASET}
        words = ", ".join(f"{name} {value or 'not known'}" for name, value in facts.items())
        told.append(f"{source} ({words})")
    return " and ".join(told)


_DATASET = ("uri", "revision", "period", "licence")


def _licensed(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.LICENSED)
    yield used(known, "2.2.1", "Commercial licences were concluded with rightsholders", portions)
    if portions:
        yield Entry("2.2.1", "Modality", TEXT, basis_of([p.basis for p in portions]))


def _third_party(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.THIRD_PARTY)
    yield used(known, "2.2.2", "Private datasets were obtained from other third parties", portions)
    if portions:
        yield Entry("2.2.2", "Modality", TEXT, basis_of([p.basis for p in portions]))
        yield from each(known, "2.2.2", "Private dataset", portions, "publisher")


def _crawled(known: Known, domains: Entry) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.CRAWLED)
    yield used(known, "2.3", "Crawlers were used", portions)
    if not portions:
        return
    for field, name in (
        ("Crawler name or identifier", "crawler"),
        ("Purpose of the crawler", "purpose"),
        ("Crawler behaviour", "method"),
        ("Period of data collection", "period"),
        ("Type of content and online sources", "content"),
    ):
        yield from each(known, "2.3", field, portions, name)
    yield Entry("2.3", "Modality", TEXT, basis_of([p.basis for p in portions]))
    yield domains


def _user(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.USER)
    yield used(known, "2.4", "User data was used", portions)
    if portions:
        for field, name in (
            ("From interactions with the model", "interactions"),
            ("Services or products it was collected by", "service"),
            ("Consent", "consent"),
        ):
            yield from each(known, "2.4", field, portions, name)
        yield Entry("2.4", "Modality", TEXT, basis_of([p.basis for p in portions]))


def _synthetic(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.SYNTHETIC)
    yield used(known, "2.5", "Synthetic data was used", portions)
    if portions:
        yield Entry("2.5", "Modality", TEXT, basis_of([p.basis for p in portions]))
    for portion in portions:
        yield from _generators(known, portion)
    for edge in known.edges:
        if edge.child == known.model and edge.relation is Relation.DISTILLED_FROM:
            yield Entry(
                "2.5", "Model used to generate", edge.parent.id, str(edge.basis), "its teacher"
            )


def _generators(known: Known, portion: Portion) -> Iterator[Entry]:
    field = "Model used to generate"
    nodes = [Node(Kind.SOURCE, source) for source in portion.sources]
    nodes += [Node(Kind.SNAPSHOT, root) for root in sorted(portion.snapshots)]
    linked = {
        edge.parent.id: edge.basis
        for edge in known.edges
        if edge.relation is Relation.GENERATED_BY and edge.child in nodes
    }
    for name, basis in sorted(linked.items()):
        yield Entry("2.5", field, name, str(basis), f"of {portion.name}")
    for source in portion.sources:
        told = known.of_source(source, "generator")
        if told and told not in linked:
            yield Entry("2.5", field, told, DECLARED, f"of {source}")
        elif not told and not linked:
            yield Entry("2.5", field, note=f"of {source}; {register_source('generator')}")


def _other(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.OTHER)
    yield used(known, "2.6", "Other data sources were used", portions)
    if portions:
        yield from each(known, "2.6", "Description of the source", portions, "description")


def _processing(known: Known) -> Iterator[Entry]:
    yield declared(known, "3.1", "Signatory of the Code of Practice", "code_of_practice")
    if known.said("opt_out"):
        yield declared(known, "3.1", "Measures to respect reservations of rights", "opt_out")
    of = known.composition.of
    concerned = [*of(SourceClass.CRAWLED), *of(SourceClass.PUBLIC), *of(None)]
    field = "Opt-out protocols and measures"
    entries = list(each(known, "3.1", field, concerned, "opt_out"))
    yield from entries or [Entry("3.1", field, note=need("opt_out"))]
    yield declared(known, "3.2", "Measures taken", "illegal_content")
    yield declared(known, "3.3", "Other relevant information", "processing")
    roots = {lesson.data.id for lesson in known.lessons}
    if roots:
        scanned = len(roots & known.scanned)
        value = f"{scanned} of {len(roots)} training snapshots"
        yield Entry("3.3", "Scanned for poison and damage", value, str(Basis.RECORDED))
