"""What scans covered: which shards, how completely, and whether what they found is severe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from lineage.model import identity_halves
from lineage.store.store import Store


@dataclass(frozen=True)
class Scanned:
    """One scan. ``shards`` are the digests of those that were read to their end; ``unread``
    counts those that were not, ``high`` findings of that severity, ``failed`` scanners.
    ``codes`` are those of the scanners that looked.
    """

    scan: str
    dataset: str
    label: str
    shards: frozenset[str]
    unread: int
    high: int
    failed: int
    codes: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether all was read, no scanner failed, and nothing severe was found."""
        return not (self.unread or self.high or self.failed)


def load_scanned(store: Store) -> list[Scanned]:
    """All scans, newest first."""
    query = (
        "SELECT s.scan, s.facts, count(f.id) FILTER (f.severity = 'high') FROM scan s "
        "LEFT JOIN finding f USING (scan) GROUP BY s.scan, s.facts, s.event ORDER BY s.event DESC"
    )
    with store.reading() as connection:
        rows = connection.execute(query).fetchall()
    return [_scanned(scan, json.loads(facts), high) for scan, facts, high in rows]


def _scanned(scan: str, facts: Mapping[str, Any], high: int) -> Scanned:
    covered = facts.get("coverage", [])
    read = frozenset(str(shard["digest"]) for shard in covered if shard["status"] == "scanned")
    unread = sum(shard["status"] != "scanned" for shard in covered)
    names = str(facts.get("dataset", "")), str(facts.get("snapshot", ""))
    codes = tuple(map(str, facts.get("codes", ())))
    return Scanned(scan, *names, read, unread, high, len(facts.get("failed", {})), codes)


def severe_documents(store: Store, severity: str = "high") -> pl.DataFrame:
    """Members of all findings of a severity: ``doc_hi``, ``doc_lo`` (UInt64), each once."""
    query = (
        "SELECT DISTINCT unnest(from_json(payload -> 'members', '[\"VARCHAR\"]')) FROM finding "
        "WHERE severity = ? ORDER BY ALL"
    )
    with store.reading() as connection:
        rows = connection.execute(query, [severity]).fetchall()
    pairs = [identity_halves(name) for (name,) in rows]
    return pl.DataFrame(pairs, {"doc_hi": pl.UInt64, "doc_lo": pl.UInt64}, orient="row")
