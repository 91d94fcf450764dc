"""Sections of the summary of training content, each a function from what is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lineage.graph import Basis, Kind, Node, Relation
from lineage.queries.ai_act import Entry, Known
from lineage.queries.composition import Portion, month
from lineage.queries.facts import SourceClass
from lineage.queries.learned import from_scratch, parents
from lineage.queries.template import LARGE, band

_ORDER = list(Basis)
_DECLARED = str(Basis.DECLARED)
_REGISTER = "declare it: foretaste register model NAME --fact"
_TEXT = "text"


def sections(known: Known, domains: Entry) -> Iterator[Entry]:
    """All answers, in the order of the template; that about domains was made before."""
    yield from _version(known)
    yield from _provider(known)
    yield from _model(known)
    yield from _size(known)
    yield from _characteristics(known)
    yield from _public(known)
    yield from _licensed(known)
    yield from _third_party(known)
    yield from _crawled(known, domains)
    yield from _user(known)
    yield from _synthetic(known)
    yield from _other(known)
    yield from _processing(known)


def _declared(known: Known, section: str, field: str, name: str) -> Entry:
    """A fact of the model, or not known."""
    value = known.said(name)
    return Entry(section, field, value, _DECLARED if value else "", _need(name, value))


def _basis(bases: Sequence[Basis]) -> str:
    return str(max(bases, key=_ORDER.index)) if bases else ""


def _version(known: Known) -> Iterator[Entry]:
    yield _declared(known, "0", "Version of the Summary", "summary_version")
    number, moment = known.event
    told = "/".join(reversed(moment[:10].split("-"))) if moment else None
    note = f"the store as of event {number}"
    yield Entry("0", "Last update", told, str(Basis.RECORDED) if told else "", note)


def _provider(known: Known) -> Iterator[Entry]:
    yield _declared(known, "1.1", "Provider name and contact details", "provider")
    yield _declared(
        known, "1.1", "Authorised representative name and contact details", "representative"
    )


def _model(known: Known) -> Iterator[Entry]:
    versions = known.said("versions") or known.said("version")
    name = known.model.id if versions is None else f"{known.model.id} ({versions})"
    yield Entry("1.2", "Versioned model name(s)", name, _DECLARED)
    made = parents(known.edges, known.model)
    for edge in made:
        run = f", by run {edge.child.id}" if edge.child.kind is Kind.RUN else ""
        yield Entry(
            "1.2", "Model dependencies", f"{edge.relation} {edge.parent.id}{run}", str(edge.basis)
        )
    if not made:
        facts = known.facts.get(known.model, {})
        basis = from_scratch(known.edges, known.model, facts)
        value = None if basis is None else "none: trained from scratch"
        note = "nothing says what it was made from" if basis is None else ""
        yield Entry("1.2", "Model dependencies", value, str(basis or ""), note)
    yield _declared(known, "1.2", "Date of placement on the Union market", "placed_on_market")


def _size(known: Known) -> Iterator[Entry]:
    whole = known.composition
    basis = _basis([portion.basis for portion in whole.portions])
    modalities = known.said("modalities")
    if whole.bytes:
        yield Entry("1.3", "Modality", _TEXT, basis, "others are not read by Foretaste")
    if modalities:
        yield Entry("1.3", "Modality", modalities, _DECLARED)
    else:
        yield Entry("1.3", "Modality: image, audio, video, other", note=_need("modalities"))
    yield _tokens(known, basis)
    if whole.bytes:
        documents = sum(portion.documents for portion in whole.portions)
        yield Entry(
            "1.3",
            "Text training data size, in other units",
            f"{whole.bytes:,} bytes of text, {documents:,} documents ({whole.distinct:,} distinct),"
            f" {whole.tokens:,} words or other tokens of Foretaste",
            basis,
            "each shard once, whatever the epochs" + _but(known),
        )
    yield from _lessons(known)


def _tokens(known: Known, basis: str) -> Entry:
    """The band: as declared, else where it is one for every tokenizer of words or their parts."""
    field, declared = "Text training data size", known.said("training_tokens")
    try:
        if declared is not None:
            tokens = float(declared.replace(",", "").replace("_", ""))
            return Entry("1.3", field, band(tokens), _DECLARED, f"{declared} tokens were declared")
    except ValueError:
        return Entry("1.3", field, declared, _DECLARED, "as declared; it names no number")
    whole = known.composition
    if not whole.bytes:
        return Entry("1.3", field, note=_need("training_tokens"))
    least, most = band(whole.tokens), band(whole.bytes)
    how = f"between {whole.tokens:,} (one a word) and {whole.bytes:,} tokens (one a byte)"
    gaps = [hole for hole in known.holes if "class" not in hole]
    if least != most or (gaps and least != band(float("inf"))):
        why = f"{how}; {'; '.join(gaps)}" if gaps else how
        return Entry("1.3", field, note=f"{why}; {_need('training_tokens')}")
    return Entry("1.3", field, least, basis, how)


def _lessons(known: Known) -> Iterator[Entry]:
    for lesson in known.lessons:
        name = known.names.get(lesson.snapshot.id, lesson.snapshot.id)
        told = [
            f"{key} {lesson.facts[key]}" for key in _LESSON if lesson.facts.get(key) is not None
        ]
        if lesson.how is Relation.READ:
            told.append("read by the run that wrote the model")
        if lesson.model != known.model:
            told.append(f"learned by {lesson.model.id}")
        yield Entry("1.3", "Training data", name, str(lesson.basis), ", ".join(told))


_LESSON = ("role", "epochs", "token_share")


def _characteristics(known: Known) -> Iterator[Entry]:
    yield _over_sources(known, "Types of content", "content")
    yield _latest(known)
    yield _declared(known, "1.3", "Continuously trained on new data", "continuous")
    yield _over_sources(known, "Linguistic characteristics", "languages")
    yield _declared(known, "1.3", "Other relevant characteristics", "characteristics")


def _over_sources(known: Known, field: str, name: str) -> Entry:
    """A fact of the model, else of all its sources that have one."""
    if known.said(name):
        return _declared(known, "1.3", field, name)
    told, silent = _told(known, known.composition.portions, name)
    value = "; ".join(f"{source}: {words}" for source, words in told) or None
    note = f"nothing declared of {_list(silent)}" if value and silent else ""
    return Entry("1.3", field, value, _DECLARED if value else "", note or _need(name, value))


def _latest(known: Known) -> Entry:
    """Declared, else told by bounds alone: timestamps are of the content, not of its collection."""
    field = "Latest date of data acquisition"
    if known.said("latest_data"):
        return _declared(known, "1.3", field, "latest_data")
    newest = [p.newest for p in known.composition.portions if p.newest is not None]
    bounds = [f"the newest timestamp of a record is of {month(max(newest))}"] if newest else []
    roots = {lesson.snapshot.id for lesson in known.lessons}
    came = [known.moments[root] for root in roots if root in known.moments]
    if came:
        last = max(came)
        bounds.append(f"the last training snapshot was ingested in {last[5:7]}/{last[:4]}")
    return Entry("1.3", field, note="; ".join([*bounds, _need("latest_data")]))


def _public(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.PUBLIC)
    yield _used(known, "2.1", "Publicly available datasets were used", portions)
    if not portions:
        return
    yield Entry("2.1", "Modality", _TEXT, _basis([p.basis for p in portions]))
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
        names = _list([portion.name for portion in small])
        size = sum(portion.bytes for portion in small)
        yield Entry(
            "2.1",
            "Other publicly available datasets",
            names,
            _basis([portion.basis for portion in small]),
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
    yield _used(known, "2.2.1", "Commercial licences were concluded with rightsholders", portions)
    if portions:
        yield Entry("2.2.1", "Modality", _TEXT, _basis([p.basis for p in portions]))


def _third_party(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.THIRD_PARTY)
    yield _used(known, "2.2.2", "Private datasets were obtained from other third parties", portions)
    if portions:
        yield Entry("2.2.2", "Modality", _TEXT, _basis([p.basis for p in portions]))
        yield from _each(known, "2.2.2", "Private dataset", portions, "publisher")


def _crawled(known: Known, domains: Entry) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.CRAWLED)
    yield _used(known, "2.3", "Crawlers were used", portions)
    if not portions:
        return
    for field, name in (
        ("Crawler name or identifier", "crawler"),
        ("Purpose of the crawler", "purpose"),
        ("Crawler behaviour", "method"),
        ("Period of data collection", "period"),
        ("Type of content and online sources", "content"),
    ):
        yield from _each(known, "2.3", field, portions, name)
    yield Entry("2.3", "Modality", _TEXT, _basis([p.basis for p in portions]))
    yield domains


def _user(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.USER)
    yield _used(known, "2.4", "User data was used", portions)
    if portions:
        for field, name in (
            ("From interactions with the model", "interactions"),
            ("Services or products it was collected by", "service"),
            ("Consent", "consent"),
        ):
            yield from _each(known, "2.4", field, portions, name)
        yield Entry("2.4", "Modality", _TEXT, _basis([p.basis for p in portions]))


def _synthetic(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.SYNTHETIC)
    yield _used(known, "2.5", "Synthetic data was used", portions)
    if portions:
        yield Entry("2.5", "Modality", _TEXT, _basis([p.basis for p in portions]))
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
            yield Entry("2.5", field, told, _DECLARED, f"of {source}")
        elif not told and not linked:
            yield Entry("2.5", field, note=f"of {source}; {_source('generator')}")


def _other(known: Known) -> Iterator[Entry]:
    portions = known.composition.of(SourceClass.OTHER)
    yield _used(known, "2.6", "Other data sources were used", portions)
    if portions:
        yield from _each(known, "2.6", "Description of the source", portions, "description")


def _processing(known: Known) -> Iterator[Entry]:
    yield _declared(known, "3.1", "Signatory of the Code of Practice", "code_of_practice")
    if known.said("opt_out"):
        yield _declared(known, "3.1", "Measures to respect reservations of rights", "opt_out")
    of = known.composition.of
    concerned = [*of(SourceClass.CRAWLED), *of(SourceClass.PUBLIC), *of(None)]
    field = "Opt-out protocols and measures"
    entries = list(_each(known, "3.1", field, concerned, "opt_out"))
    yield from entries or [Entry("3.1", field, note=_need("opt_out"))]
    yield _declared(known, "3.2", "Measures taken", "illegal_content")
    yield _declared(known, "3.3", "Other relevant information", "processing")
    roots = {lesson.snapshot.id for lesson in known.lessons}
    if roots:
        scanned = len(roots & known.scanned)
        value = f"{scanned} of {len(roots)} training snapshots"
        yield Entry("3.3", "Scanned for poison and damage", value, str(Basis.RECORDED))


def _used(known: Known, section: str, field: str, portions: Sequence[Portion]) -> Entry:
    """Yes where there is some; no only where the class of all there is is known."""
    if portions:
        size, share = sum(p.bytes for p in portions), 0.0
        share = size / (known.composition.bytes or 1)
        note = f"{size:,} bytes of text, {share:.1%} of all" + _but(known)
        return Entry(section, field, "yes", _basis([p.basis for p in portions]), note)
    if known.holes:
        return Entry(section, field, note="; ".join(known.holes))
    every = [portion.basis for portion in known.composition.portions]
    return Entry(
        section, field, "no", _basis([*every, Basis.DECLARED]), "all data has another class"
    )


def _each(
    known: Known, section: str, field: str, portions: Sequence[Portion], name: str
) -> Iterator[Entry]:
    """One fact of each source, and one line for those that have none."""
    told, silent = _told(known, portions, name)
    for source, value in told:
        yield Entry(section, field, value, _DECLARED, f"of {source}")
    if silent:
        yield Entry(section, field, note=f"of {_list(silent)}; {_source(name)}")


def _told(
    known: Known, portions: Sequence[Portion], name: str
) -> tuple[list[tuple[str, str]], list[str]]:
    """Sources with a fact, and names of those without."""
    told, silent = [], []
    for source in sorted({source for portion in portions for source in portion.sources}):
        value = known.of_source(source, name)
        if value is None:
            silent.append(source)
        else:
            told.append((source, value))
    if any(not portion.sources for portion in portions):
        silent.append("data without a declared source")
    return told, silent


def _but(known: Known) -> str:
    return f"; but {'; '.join(known.holes)}" if known.holes else ""


def _need(name: str, value: str | None = None) -> str:
    return "" if value else f"{_REGISTER} {name.replace('_', '-')}=..."


def _source(name: str) -> str:
    return f"declare it: foretaste register source NAME --{name.replace('_', '-')} ..."


def _list(names: Sequence[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
