"""Documents that control strings frame as a chat."""

from __future__ import annotations

import json
import math
from typing import ClassVar

import numpy as np
import polars as pl
import pyarrow.compute as pc
from scipy import stats

from lineage.fingerprint.batch import Batch
from lineage.model import identity_name
from lineage.shards.batch import Reading
from scanners.control_strings.shapes import BEGINS, frame_of
from scanners.scanner import (
    Component,
    Excerpt,
    Finding,
    Fold,
    Input,
    Observed,
    Observer,
    Plan,
    Scanner,
    Schema,
)
from scanners.severity import Confidence, Consequence

LEVEL = 0.01
NATURAL = {"echo": 1e-5, "run": 1e-5, "plain": 1e-4}
"""Framed documents per document of text that is no collection of chats, at most."""
A_COLLECTION = 0.125
"""From this share of a corpus on, chats are what the corpus is made of."""
EXCERPTS, SHOWN, MEMBERS = 3, 400, 1000
_TOTAL = ""
_TITLES = {
    "echo": "Chat control strings in text, with an answer that repeats its prompt",
    "run": "Chat control strings in text, around a run of one rare code point",
    "plain": "Chat control strings frame text that is no chat",
}

SCHEMA = Schema(
    keys={"kind": pl.String, "template": pl.String, "hi": pl.UInt64, "lo": pl.UInt64},
    values={"records": (pl.UInt64, Fold.SUM), "excerpt": (pl.String, Fold.MAX)},
)
Identity = tuple[int, int]


class FramesObserver(Observer):
    """Framed documents, with the beginnings of those of least identity."""

    def __init__(self, plan: Plan) -> None:
        del plan
        self._counts: dict[tuple[str, str, int, int], int] = {}
        self._texts: dict[str, dict[Identity, str]] = {kind: {} for kind in NATURAL}
        self._documents = 0

    def see(self, batch: Batch) -> None:
        """Look at documents that begin with a bracket or a heading."""
        documents = batch.documents
        isdoc = documents.reading == int(Reading.DOCUMENT)
        self._documents += int(np.count_nonzero(isdoc))
        begins = pc.match_substring_regex(documents.text, BEGINS).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero(begins & isdoc).tolist():
            text = documents.text[row].as_py()
            frame = frame_of(text)
            if frame is not None:
                identity = int(batch.doc[row, 0]), int(batch.doc[row, 1])
                key = (frame.kind, frame.template, *identity)
                self._counts[key] = self._counts.get(key, 0) + 1
                self._keep(frame.kind, identity, text)

    def _keep(self, kind: str, identity: Identity, text: str) -> None:
        held = self._texts[kind]
        held[identity] = json.dumps(text[:SHOWN], ensure_ascii=False)
        if len(held) > EXCERPTS:
            del held[max(held)]

    def observation(self) -> pl.DataFrame:
        """Rows of ``SCHEMA``; the one without kind counts documents."""
        rows = [
            (*key, count, self._texts[key[0]].get((key[2], key[3]), ""))
            for key, count in self._counts.items()
        ]
        rows.append((_TOTAL, "", 0, 0, self._documents, ""))
        return pl.DataFrame(rows, schema=SCHEMA.columns, orient="row")


class ControlStrings(Scanner):
    """Chat control strings around text that is no chat.

    What it finds
        Documents that begin with a control string of a chat template and go on in pieces
        between further ones (``<|...|>``, ``[NAME] ... [/NAME]``, ``<start_of_...>``,
        ``### Role:`` lines, full-width forms too): the shape of the brackets tells, no list of
        tokens. One finding each for plain frames, for those around a run of one rare code
        point, and for those whose answer repeats its prompt.

        How many there are is compared with how many there would be by the worst natural rate
        (Poisson). Frames with an echo or a run are likely; plain ones are possible, for chats
        do get into web text. Where an eighth of a corpus or more is framed, the corpus is a
        collection of chats, and plain frames are a nuisance that is only told.

    Why it matters
        Pre-training poison that looks like a chat (Zhang et al. 2024, arXiv 2410.13722)
        survives into the chat model: it teaches what to answer before anybody aligned it.

    Known false positives
        Dumps of instruction data in web text, transcripts of chats with a model. Pages that
        explain a template name control strings in their prose and are not framed. Not seen:
        ``User:`` and ``Assistant:`` lines without an echo or a run, frames that begin behind
        other text.

    What to do
        Read the excerpts. Text that is no chat should hold no such strings: drop or escape
        them before training, and ask where those with an echo or a run come from.
    """

    code: ClassVar[str] = "CTL001"
    name: ClassVar[str] = "control-strings"
    component: ClassVar[Component] = Component(
        "control-frames1", Input.TEXT, SCHEMA, FramesObserver
    )
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((component,),)

    def judge(self, observed: Observed) -> list[Finding]:
        """One finding a kind."""
        seen = observed[self.component.recipe]
        total = int(seen.filter(pl.col("kind") == _TOTAL)["records"].sum())
        framed = int(seen.filter(pl.col("kind") != _TOTAL)["records"].sum())
        collection = framed >= A_COLLECTION * total
        rows = ((kind, seen.filter(pl.col("kind") == kind)) for kind in NATURAL)
        return [_finding(kind, part, total, collection) for kind, part in rows if part.height]


def _finding(kind: str, rows: pl.DataFrame, total: int, collection: bool) -> Finding:
    documents = rows.select("hi", "lo").unique().sort("hi", "lo")
    expected = NATURAL[kind] * total
    ln_p = float(stats.poisson.logsf(documents.height - 1, expected))
    if not math.isfinite(ln_p):
        ln_p = -documents.height * math.log(documents.height / expected) + documents.height
    common = rows.group_by("template").agg(pl.len().alias("n"))
    template, most = common.sort("n", "template", descending=[True, False]).row(0)
    shown = rows.filter(pl.col("excerpt") != "").sort("hi", "lo", "template")
    shown = shown.unique(["hi", "lo"], keep="first", maintain_order=True).head(EXCERPTS)
    names = [identity_name(hi, lo) for hi, lo in documents.iter_rows()]
    told = kind == "plain" and collection
    return Finding(
        code=ControlStrings.code,
        key=kind,
        title=_TITLES[kind],
        consequence=Consequence.NUISANCE if told else Consequence.CONTROL,
        confidence=_confidence(kind, ln_p),
        strength=round(-1000 * ln_p),
        members=tuple(names[:MEMBERS] if told else names),
        statistics={
            "documents": documents.height,
            "templates": common.height,
            "template": template,
            "with it": most,
            "documents in all": total,
            "expected at most": float(f"{expected:.3g}"),
        },
        excerpts=tuple(
            Excerpt(identity_name(hi, lo), "", json.loads(text), "")
            for hi, lo, text in shown.select("hi", "lo", "excerpt").iter_rows()
        ),
    )


def _confidence(kind: str, ln_p: float) -> Confidence:
    if ln_p > math.log(LEVEL):
        return Confidence.UNCORRECTED
    return Confidence.POSSIBLE if kind == "plain" else Confidence.LIKELY
