"""The hidden-text scanner: code-point classes, each judged where it stands."""

from __future__ import annotations

import json
from types import ModuleType
from typing import ClassVar

import numpy as np
import polars as pl
import pyarrow as pa

from lineage.fingerprint.batch import Batch
from lineage.shards.batch import Reading
from scanners.hidden_text import judgement
from scanners.hidden_text.kinds import KINDS
from scanners.hidden_text.occurrences import Occurrence, occurrences
from scanners.scanner import (
    Component,
    Finding,
    Fold,
    Input,
    Observed,
    Observer,
    Plan,
    Scanner,
    Schema,
)

BEFORE, MATCH = 60, 200
"""Code points of context on either side, and of the match, that an excerpt keeps."""
MOST_MESSAGES = 8
"""Different messages of one kind that are kept of one document."""
HELD = 512
"""Excerpts of one kind that are held before all but the least are dropped."""

SCHEMA = Schema(
    keys={"kind": pl.String, "message": pl.String, "hi": pl.UInt64, "lo": pl.UInt64},
    values={"occurrences": (pl.UInt64, Fold.SUM), "excerpt": (pl.String, Fold.MAX)},
)

Identity = tuple[int, int]
Key = tuple[str, str, int, int]


class HiddenTextObserver(Observer):
    """Counts occurrences per kind, message and document; excerpts of the least identities."""

    def __init__(self) -> None:
        self._counts: dict[Key, int] = {}
        self._excerpts: dict[str, dict[Identity, str]] = {kind: {} for kind in KINDS}
        self._documents = 0

    def see(self, batch: Batch) -> None:
        """Look at the text and the other string leaves of every row, whatever its reading."""
        flags = _kernels().flags
        self._documents += int(np.sum(batch.documents.reading == Reading.DOCUMENT))
        for column in (batch.documents.text, batch.documents.leaves):
            marks = flags(column)
            for row in np.flatnonzero(marks).tolist():
                self._look(batch, column, row, int(marks[row]))

    def _look(self, batch: Batch, column: pa.LargeStringArray, row: int, flag: int) -> None:
        text = column[row].as_py()
        found = occurrences(text, flag)
        if not found:
            return
        identity = (int(batch.doc[row, 0]), int(batch.doc[row, 1]))
        messages: dict[str, set[str]] = {}
        for item in found:
            kept = messages.setdefault(item.kind, set())
            if item.message and len(kept) < MOST_MESSAGES:
                kept.add(item.message)
            message = item.message if item.message in kept else ""
            key = (item.kind, message, *identity)
            self._counts[key] = self._counts.get(key, 0) + 1
            self._keep(item, identity, text)

    def _keep(self, item: Occurrence, identity: Identity, text: str) -> None:
        held = self._excerpts[item.kind]
        # Documents of one identity may differ in other fields: the greatest excerpt, as folded.
        held[identity] = max(_excerpt(item, text), held.get(identity, ""))
        if len(held) > HELD:
            self._excerpts[item.kind] = _least(held)

    def observation(self) -> pl.DataFrame:
        """Rows of ``SCHEMA``; one row without kind counts the documents."""
        excerpts = {kind: _least(held) for kind, held in self._excerpts.items()}
        rows = [
            (*key, count, excerpts[key[0]].get((key[2], key[3]), ""))
            for key, count in self._counts.items()
        ]
        rows.append((judgement.TOTAL, "", 0, 0, self._documents, ""))
        return pl.DataFrame(rows, schema=SCHEMA.columns, orient="row")


def _kernels() -> ModuleType:
    """The kernel module, imported late: that loads compiled code, or compiles it."""
    from scanners.hidden_text import kernels  # noqa: PLC0415

    return kernels


def _excerpt(item: Occurrence, text: str) -> str:
    parts = (
        text[max(0, item.start - BEFORE) : item.start],
        text[item.start : min(item.end, item.start + MATCH)],
        text[item.end : item.end + BEFORE],
    )
    return json.dumps(parts, ensure_ascii=False)


def _least(held: dict[Identity, str]) -> dict[Identity, str]:
    return {identity: held[identity] for identity in sorted(held)[: judgement.EXCERPTS]}


def _observe(_: Plan) -> Observer:
    return HiddenTextObserver()


class HiddenText(Scanner):
    """Text that a model reads and a person does not see.

    What it finds. Code points that draw nothing, change the reading order, or look like other
    letters, by class: tag characters (HID001), bidirectional controls (HID002), zero-width
    characters and other invisible format characters (HID003), variation selectors (HID004),
    invisible filler letters (HID005), soft hyphens (HID006), control characters (HID007),
    private use (HID008), deprecated format characters (HID009), one rare code point repeated
    (HID010), words that mix look-alike scripts (HID011). Runs that spell something are
    decoded: tags as ASCII, selectors as bytes, two kinds of invisible characters as bits,
    overridden text as it is displayed.

    Why it matters. Instructions and payloads can be carried in text that nobody sees in
    review, and a rare code point makes a trigger that no user types by accident.

    How it decides. Every occurrence is judged where it stands: joiners belong in Persian,
    Indic scripts and emoji, directional marks in right-to-left text, variation selectors
    behind emoji and ideographs, tags in the flags of regions. What is out of place is
    counted per document and compared with the worst natural rate of that kind in real text.
    A decoded message is certain however rare. Other kinds that honest text does not have are
    likely once there are more than chance explains; kinds that honest text does have stay low.

    Known false positives. Text converted in the wrong encoding (C1 controls), web pages (soft
    hyphens, zero-width spaces), tweets that lost their emoji (stray selectors), decorated
    text, pages that explain these attacks. Not seen: words written in another script from
    end to end, messages in ordinary spaces, one selector behind each of many emoji.

    What to do. Read the decoded message and the excerpts. Remove documents that carry a
    message and ask who made their source; for the other kinds, normalise the text.
    """

    code: ClassVar[str] = "HID001"
    name: ClassVar[str] = "hidden-text"
    component: ClassVar[Component] = Component("hidden-text1", Input.TEXT, SCHEMA, _observe)
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((component,),)

    def judge(self, observed: Observed) -> list[Finding]:
        """One finding a kind, with its documents and what it spells."""
        return judgement.findings(observed[self.component.recipe])
