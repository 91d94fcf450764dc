"""What can be wrong with a record, and what it would mean for a model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lineage.model import Reason, Remark
from scanners.severity import Confidence, Consequence

MALFORMED, DIFFERENTIAL = "INT001", "INT002"

Identity = tuple[int, int]


@dataclass(frozen=True)
class Kind:
    """One group of irregular records."""

    code: str
    title: str
    consequence: Consequence = Consequence.NUISANCE
    confidence: Confidence = Confidence.CERTAIN


_BY_REASON: dict[Reason, Kind] = {
    Reason.MALFORMED: Kind(MALFORMED, "Records that cannot be parsed"),
    Reason.INVALID_UTF8: Kind(MALFORMED, "Records that are not valid UTF-8"),
    Reason.NOT_AN_OBJECT: Kind(MALFORMED, "Records that are no objects"),
    Reason.TOO_LARGE: Kind(MALFORMED, "Records over the size limit"),
    Reason.TOO_DEEP: Kind(MALFORMED, "Records nested over the depth limit"),
    Reason.RAGGED: Kind(MALFORMED, "Rows with a wrong number of fields"),
    Reason.NO_TEXT: Kind(MALFORMED, "Records without text"),
    Reason.LONE_SURROGATE: Kind(DIFFERENTIAL, "Half surrogate pairs: kept, replaced or refused"),
    Reason.SEVERAL_VALUES: Kind(
        DIFFERENTIAL,
        "Several values on one line: refused, or read as several documents",
        Consequence.DISTORTION,
        Confidence.POSSIBLE,
    ),
    Reason.BOM: Kind(DIFFERENTIAL, "Byte order marks before records: skipped or refused"),
    Reason.NONSTANDARD_NUMBER: Kind(DIFFERENTIAL, "Numbers that only some readers accept"),
    Reason.DUPLICATE_KEY: Kind(DIFFERENTIAL, "Keys that occur twice, and change no document"),
}
OTHER_CONTENT, OTHER_FIELDS = ": other content", ": other fields"
REPLACED = ": replaced column"

KINDS: dict[str, Kind] = {
    **{reason.value: kind for reason, kind in _BY_REASON.items()},
    Reason.DUPLICATE_KEY.value + OTHER_FIELDS: Kind(
        DIFFERENTIAL,
        "Parser differential: readers see other metadata",
        Consequence.DISTORTION,
        Confidence.POSSIBLE,
    ),
    Reason.DUPLICATE_KEY.value + REPLACED: Kind(
        DIFFERENTIAL,
        "Parser differential: some readers replace a column of the shard",
        Consequence.CONTROL,
        Confidence.POSSIBLE,
    ),
    Reason.DUPLICATE_KEY.value + OTHER_CONTENT: Kind(
        DIFFERENTIAL,
        "Parser differential: readers see another document",
        Consequence.CONTROL,
        Confidence.LIKELY,
    ),
}


def kind_of(remark: Remark, main: Collection[Identity], others: Collection[Identity]) -> str:
    """Name of the kind of an irregular record.

    ``main`` are the identities of its documents, or of what was salvaged of it; ``others`` those
    of what other readers see. Without others, remarked texts that differ are a differential of
    the whole shard (a folder named like a column). A truncated record is a malformed one:
    whether it is the last of its shard is no property of it.
    """
    if remark.reason is Reason.TRUNCATED:
        return Reason.MALFORMED.value
    if remark.reason is not Reason.DUPLICATE_KEY:
        return remark.reason.value
    if others:
        changed = not set(others) <= set(main)
        return remark.reason.value + (OTHER_CONTENT if changed else OTHER_FIELDS)
    told = len({text for _, text in remark.readings}) > 1
    return remark.reason.value + (REPLACED if told else "")
