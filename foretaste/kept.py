"""Scans that a store has kept: their reports, and where the documents of a finding lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from foretaste.report import Compared, Report
from lineage.errors import UsageError
from lineage.model import identity_halves, identity_name
from lineage.shards.locate import Located
from lineage.store.findings import StoredScan
from lineage.store.read import snapshot_shards
from lineage.store.store import Store
from lineage.wanted import is_in
from scanners.corpus import View, read_recipe
from scanners.keep import read_coverage, read_finding
from scanners.scanner import Finding


@dataclass(frozen=True)
class Place:
    """Where a document lies: its identity, path of the shard, record number (from 0)."""

    document: str
    shard: str
    record: int


def report_of(scan: StoredScan) -> Report:
    """What the scan printed."""
    facts = scan.facts
    return Report(
        facts["dataset"],
        facts["snapshot"],
        read_coverage(facts["coverage"]),
        tuple(read_finding(finding.payload) for finding in scan.findings),
        tuple(code for code in facts["codes"] if code not in facts["failed"]),
        failed=facts["failed"],
        reference=_reference(facts.get("reference")),
    )


def _reference(facts: Mapping[str, Any] | None) -> Compared | None:
    if facts is None:
        return None
    return Compared(facts["dataset"], facts["snapshot"], read_coverage(facts["coverage"]))


def find(report: Report, prefix: str) -> Finding:
    """The finding whose id begins like this; UsageError if there is none, or several."""
    found = [f for f in report.findings if prefix and f.id.lower().startswith(prefix.lower())]
    if not found:
        raise UsageError(
            f"no finding begins with {prefix!r}", hint="`foretaste findings --show lead` lists all"
        )
    if len(found) > 1:
        ids = ", ".join(finding.id for finding in found[:5])
        raise UsageError(f"{prefix!r} could be any of {ids}", hint="give more of it")
    return found[0]


def places(store: Store, scan: StoredScan, documents: Sequence[str]) -> list[Place]:
    """Every record that holds one of the documents, in their order, then by shard and record."""
    wanted = np.array(sorted(identity_halves(name) for name in documents), np.uint64).reshape(-1, 2)
    order = {name: number for number, name in enumerate(documents)}
    found = [place for view, path in _views(store, scan) for place in _in_shard(view, path, wanted)]
    return sorted(found, key=lambda place: (order[place.document], place.shard, place.record))


def _views(store: Store, scan: StoredScan) -> Iterator[tuple[View, str]]:
    recipe = read_recipe(scan.facts["reading"])
    for shard in snapshot_shards(store, scan.root):
        view = View(store, Located(Path(shard.path), shard.path), shard.digest, recipe)
        if view.bundle.manifest() is not None:
            yield view, shard.path


def _in_shard(view: View, path: str, wanted: np.ndarray) -> Iterator[Place]:
    rows = view.bundle.records(["record", "doc_hi", "doc_lo"])
    found = rows.filter(pl.Series(is_in(rows.select("doc_hi", "doc_lo").to_numpy(), wanted)))
    for record, high, low in found.unique().sort("record", "doc_hi", "doc_lo").iter_rows():
        yield Place(identity_name(high, low), path, record)
