"""The integrity scanner: what readers remarked, grouped by what it means."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import polars as pl

from lineage.fingerprint.batch import Batch
from lineage.model import Reason, Remark, identity_name
from lineage.shards.batch import DocumentBatch, Reading
from scanners.integrity.kinds import KINDS, MALFORMED, Identity, kind_of
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

EXCERPTS = 3
"""Documents of a kind whose evidence is shown: those with the least identities."""
HELD = 512
LONGEST = 200
"""Code points of an excerpt, of a detail and of a reading."""

SCHEMA = Schema(
    keys={"kind": pl.String, "hi": pl.UInt64, "lo": pl.UInt64},
    values={"records": (pl.UInt64, Fold.SUM), "evidence": (pl.String, Fold.MAX)},
)

NOBODY: Identity = (0, 0)
"""Stands for records of which nothing could be read."""


class IntegrityObserver(Observer):
    """Counts irregular records per kind and document; evidence of the least identities."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, Identity], int] = {}
        self._evidence: dict[str, dict[Identity, str]] = {kind: {} for kind in KINDS}

    def see(self, batch: Batch) -> None:
        """Take the remarks of a batch, with the identities of the rows they are about."""
        documents = batch.documents
        remarks = [*documents.remarks, *_unremarked(documents)]
        if not remarks:
            return
        numbers = np.unique(np.array([remark.record for remark in remarks], dtype=np.int64))
        rows: dict[int, list[int]] = {}
        for row in np.flatnonzero(np.isin(documents.record, numbers)).tolist():
            rows.setdefault(int(documents.record[row]), []).append(row)
        for remark in remarks:
            self._take(batch, remark, rows.get(remark.record, []))

    def _take(self, batch: Batch, remark: Remark, rows: Sequence[int]) -> None:
        main: dict[Identity, int] = {}
        others: dict[Identity, int] = {}
        for row in rows:
            side = others if batch.documents.reading[row] == Reading.OTHER else main
            side[int(batch.doc[row, 0]), int(batch.doc[row, 1])] = row
        kind = kind_of(remark, main, others)
        # A record that was salvaged in pieces counts once.
        for share, identity in enumerate(sorted(main) or [NOBODY]):
            key = kind, identity
            self._records[key] = self._records.get(key, 0) + (share == 0)
            text = batch.documents.text[main[identity]].as_py() if main else ""
            self._keep(kind, identity, _evidence(remark, text))

    def _keep(self, kind: str, identity: Identity, evidence: str) -> None:
        held = self._evidence[kind]
        held[identity] = max(held.get(identity, ""), evidence)
        if len(held) > HELD:
            self._evidence[kind] = _least(held)

    def observation(self) -> pl.DataFrame:
        """Rows of ``SCHEMA``."""
        evidence = {kind: _least(held) for kind, held in self._evidence.items()}
        rows = [
            (kind, *identity, records, evidence[kind].get(identity, ""))
            for (kind, identity), records in self._records.items()
        ]
        return pl.DataFrame(rows, schema=SCHEMA.columns, orient="row")


def _unremarked(documents: DocumentBatch) -> list[Remark]:
    """Remarks on records with two readings that have none (readers remark columns only once)."""
    records = documents.record[documents.reading == Reading.OTHER].tolist()
    known = {r.record for r in documents.remarks if r.reason is Reason.DUPLICATE_KEY}
    missing = sorted(set(records) - known)
    return [Remark(record, -1, Reason.DUPLICATE_KEY, "", False) for record in missing]


def _evidence(remark: Remark, text: str) -> str:
    """Pairs of (what, text): the readings where there are any, else the detail and the text."""
    pairs = remark.readings or ((remark.detail, text),)
    return json.dumps([(what[:LONGEST], seen[:LONGEST]) for what, seen in pairs])


def _least(held: dict[Identity, str]) -> dict[Identity, str]:
    return {identity: held[identity] for identity in sorted(held)[:EXCERPTS]}


def _observe(_: Plan) -> Observer:
    return IntegrityObserver()


def _finding(name: str, rows: pl.DataFrame) -> Finding:
    kind = KINDS[name]
    known = rows.filter((pl.col("hi") != 0) | (pl.col("lo") != 0)).sort("hi", "lo")
    records = int(rows["records"].sum())
    excerpts = [
        Excerpt(identity_name(hi, lo), f"{what}: ", text, "")
        for hi, lo, evidence in rows.sort("hi", "lo").select("hi", "lo", "evidence").iter_rows()
        for what, text in json.loads(evidence or "[]")
    ]
    return Finding(
        code=kind.code,
        key=name,
        title=kind.title,
        consequence=kind.consequence,
        confidence=kind.confidence,
        strength=records,
        members=tuple(identity_name(hi, lo) for hi, lo in known.select("hi", "lo").iter_rows()),
        statistics={"records": records, "documents": known.height},
        excerpts=tuple(excerpts[: 2 * EXCERPTS]),
    )


class Integrity(Scanner):
    """Records that are broken, and records that different readers read differently.

    What it finds. Malformed records by reason (INT001): not parsable, not UTF-8, no object,
    over a limit, ragged, without text. Records that depend on who reads them (INT002): a key
    that occurs twice with two values, half a surrogate pair, several values on one line, a
    byte order mark, numbers that are not JSON.

    Why it matters. Of two equal keys json, and so most trainers, keep the last value; polars
    and DuckDB keep the first. Text that a review tool shows can differ from what a model
    learns, on purpose. Broken records are lost silently by some tools and stop others.

    How it decides. A record whose two readings are two different documents is of severity
    high: chance rarely gives one record two contents. A folder ``column=value`` that says
    something else than a column of documents is medium. Readings that differ only in
    metadata, or not at all, are low, as are all malformed records; a quarantined record is
    still scanned by every other scanner, in each reading that could be salvaged.

    Known false positives. Exporters that write a field twice; logs cut off while writing;
    emoji cut in half by a length limit (half surrogate pairs); folders named ``label=name``
    whose files hold labels as numbers.

    What to do. Compare both readings in the evidence. Remove records whose readings differ
    in content, find who wrote them, and fix the exporter of the rest.
    """

    code: ClassVar[str] = MALFORMED
    name: ClassVar[str] = "integrity"
    component: ClassVar[Component] = Component("integrity2", Input.TEXT, SCHEMA, _observe)
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((component,),)

    def judge(self, observed: Observed) -> list[Finding]:
        """One finding a kind, with counts, members and both readings."""
        seen = observed[self.component.recipe]
        parts = ((name, seen.filter(pl.col("kind") == name)) for name in KINDS)
        return [_finding(name, rows) for name, rows in parts if rows.height]
