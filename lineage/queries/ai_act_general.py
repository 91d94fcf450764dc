"""Section 1 of the summary of training content: provider, model, sizes, characteristics."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lineage.graph import Basis, Kind, Relation
from lineage.queries.ai_act_known import (
    DECLARED,
    TEXT,
    Entry,
    Known,
    basis_of,
    but,
    declared,
    listed,
    need,
    said,
    told_of,
)
from lineage.queries.composition import month
from lineage.queries.template import band


def general(known: Known) -> Iterator[Entry]:
    """Answers of sections 0 and 1, in the order of the template."""
    yield from _version(known)
    yield from _provider(known)
    yield from _model(known)
    yield from _size(known)
    yield from _characteristics(known)


def _version(known: Known) -> Iterator[Entry]:
    yield declared(known, "0", "Version of the Summary", "summary_version")
    number, moment = known.event
    told = "/".join(reversed(moment[:10].split("-"))) if moment else None
    note = f"the store as of event {number}"
    yield Entry("0", "Last update", told, str(Basis.RECORDED) if told else "", note)


def _provider(known: Known) -> Iterator[Entry]:
    yield declared(known, "1.1", "Provider name and contact details", "provider")
    yield declared(
        known, "1.1", "Authorised representative name and contact details", "representative"
    )


def _model(known: Known) -> Iterator[Entry]:
    versions = known.said("versions") or known.said("version")
    name = known.model.id if versions is None else f"{known.model.id} ({versions})"
    yield Entry("1.2", "Versioned model name(s)", name, DECLARED)
    made = known.models.parents(known.model)
    for edge in made:
        run = f", by run {edge.child.id}" if edge.child.kind is Kind.RUN else ""
        yield Entry(
            "1.2", "Model dependencies", f"{edge.relation} {edge.parent.id}{run}", str(edge.basis)
        )
    if not made:
        facts = known.facts.get(known.model, {})
        basis = known.models.from_scratch(known.model, facts)
        value = None if basis is None else "none: trained from scratch"
        note = "nothing says what it was made from" if basis is None else ""
        yield Entry("1.2", "Model dependencies", value, str(basis or ""), note)
    yield declared(known, "1.2", "Date of placement on the Union market", "placed_on_market")


def _size(known: Known) -> Iterator[Entry]:
    whole = known.composition
    basis = basis_of([portion.basis for portion in whole.portions])
    modalities = said(known, "modality")
    if whole.bytes:
        yield Entry("1.3", "Modality", TEXT, basis, "others are not read by Foretaste")
    if modalities:
        yield Entry("1.3", "Modality", modalities, DECLARED)
    else:
        yield Entry("1.3", "Modality: image, audio, video, other", note=need("modality"))
    yield _tokens(known, basis)
    if whole.bytes:
        documents = sum(portion.documents for portion in whole.portions)
        yield Entry(
            "1.3",
            "Text training data size, in other units",
            f"{whole.bytes:,} bytes of text, {documents:,} documents ({whole.distinct:,} distinct),"
            f" {whole.tokens:,} words or other tokens of Foretaste",
            basis,
            "each shard once, whatever the epochs" + but(known),
        )
    yield from _lessons(known)


def _tokens(known: Known, basis: str) -> Entry:
    """The band: as declared, else where it is one for every tokenizer of words or their parts."""
    field, declared = "Text training data size", known.said("training_tokens")
    try:
        if declared is not None:
            tokens = float(declared.replace(",", "").replace("_", ""))
            return Entry("1.3", field, band(tokens), DECLARED, f"{declared} tokens were declared")
    except ValueError:
        return Entry("1.3", field, declared, DECLARED, "as declared; it names no number")
    whole = known.composition
    if not whole.bytes:
        return Entry("1.3", field, note=need("training_tokens"))
    least, most = band(whole.tokens), band(whole.bytes)
    how = f"between {whole.tokens:,} (one a word) and {whole.bytes:,} tokens (one a byte)"
    gaps = [hole for hole in known.holes if "class" not in hole]
    if least != most or (gaps and least != band(float("inf"))):
        why = f"{how}; {'; '.join(gaps)}" if gaps else how
        return Entry("1.3", field, note=f"{why}; {need('training_tokens')}")
    return Entry("1.3", field, least, basis, how)


def _lessons(known: Known) -> Iterator[Entry]:
    for lesson in known.lessons:
        name = known.names.get(lesson.data.id, str(lesson.data))
        told = [
            f"{key} {lesson.facts[key]}" for key in _LESSON if lesson.facts.get(key) is not None
        ]
        if lesson.how is Relation.READ:
            told.append("read by the run that wrote the model")
        if lesson.model != known.model:
            told.append(f"learned by {lesson.model.id}")
        yield Entry("1.3", "Training data", name, str(lesson.basis), ", ".join(told))


_LESSON = ("role", "epochs", "token_share", "tokens")


def _characteristics(known: Known) -> Iterator[Entry]:
    yield _over_sources(known, "Types of content", "content")
    yield _latest(known)
    yield declared(known, "1.3", "Continuously trained on new data", "continuous")
    yield _over_sources(known, "Linguistic characteristics", "language")
    yield declared(known, "1.3", "Other relevant characteristics", "characteristics")


def _over_sources(known: Known, field: str, name: str) -> Entry:
    """A fact of the model, else of all its sources that have one."""
    if known.said(name):
        return declared(known, "1.3", field, name)
    told, silent = told_of(known, known.composition.portions, name)
    value = "; ".join(f"{source}: {words}" for source, words in told) or None
    note = f"nothing declared of {listed(silent)}" if value and silent else ""
    return Entry("1.3", field, value, DECLARED if value else "", note or need(name, value))


def _latest(known: Known) -> Entry:
    """As declared, or bounds: timestamps are of the content, not of its collection."""
    field = "Latest date of data acquisition"
    if known.said("latest_data"):
        return declared(known, "1.3", field, "latest_data")
    told, silent = told_of(known, known.composition.portions, "period")
    ends = [_end(period) for _, period in told]
    if told and not silent and all(ends) and not known.composition.absent:
        note = "the last end of the periods declared of its sources"
        return Entry("1.3", field, max(filter(None, ends)), DECLARED, note)
    newest = [p.newest for p in known.composition.portions if p.newest is not None]
    bounds = [f"the newest timestamp of a record is of {month(max(newest))}"] if newest else []
    roots = {lesson.data.id for lesson in known.lessons}
    came = [known.moments[root] for root in roots if root in known.moments]
    if came:
        last = max(came)
        bounds.append(f"the last training snapshot was ingested in {last[5:7]}/{last[:4]}")
    return Entry("1.3", field, note="; ".join([*bounds, need("latest_data")]))


def _end(period: str) -> str | None:
    """End of ``START/END`` or of a moment, in ISO 8601, which sorts; None where it is open."""
    end = period.rpartition("/")[2].strip()
    return end if _MOMENT.match(end) else None


_MOMENT = re.compile(r"\d{4}(-\d{2}){0,2}")
