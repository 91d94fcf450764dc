"""Compare with another store without showing a text: shares, common findings, flagged documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from lineage.model import identity_halves
from lineage.queries.exchange_file import (
    SEVERITIES,
    SharedKey,
    joined,
    read_exchange,
    schema,
    write_exchange,
)
from lineage.queries.held import named_roots
from lineage.queries.sampling import NEAR_BANDS
from lineage.queries.sets import DOC, NORM, DocumentSet
from lineage.store.bundle import band_names
from lineage.store.contents import contents, documents_of
from lineage.store.findings import StoredFinding, findings_of
from lineage.store.store import Store

MOST = 16
"""Documents of one band key that a document is compared with."""


@dataclass(frozen=True)
class Exported:
    """What an exchange file tells: how many documents and findings, and whether near-copies."""

    documents: int
    findings: int
    flagged: int
    near: bool


@dataclass(frozen=True)
class Level:
    """Documents in common: ``exact``, by ``words``, or ``near``; each includes the former."""

    level: str
    mine: int
    of_mine: int
    theirs: int
    of_theirs: int


@dataclass(frozen=True)
class CommonFinding:
    """A finding that both have; ``same`` tells whether by the same scanner, or only its key."""

    id: str
    title: str
    severity: str
    members: int
    their_code: str
    their_severity: str
    their_members: int
    same: bool


@dataclass(frozen=True)
class Compared:
    """The answer. ``flagged`` are records of mine that the others have in findings: document,
    match, code, severity, shard, record. ``flagged_by_me`` counts documents of theirs that are
    in findings of mine.
    """

    levels: tuple[Level, ...]
    findings: tuple[CommonFinding, ...]
    flagged: pl.DataFrame
    flagged_by_me: int

    def table(self) -> pa.Table:
        """One row a level: documents in common, of how many, and shares."""
        rows = [
            {
                "level": one.level,
                "mine_in_theirs": one.mine,
                "mine": one.of_mine,
                "share_of_mine": one.mine / one.of_mine if one.of_mine else 0.0,
                "theirs_in_mine": one.theirs,
                "theirs": one.of_theirs,
                "share_of_theirs": one.theirs / one.of_theirs if one.of_theirs else 0.0,
            }
            for one in self.levels
        ]
        return pl.DataFrame(rows).to_arrow()

    def finding_rows(self) -> pa.Table:
        """One row a finding that both have."""
        names = CommonFinding.__dataclass_fields__
        rows = [{name: getattr(one, name) for name in names} for one in self.findings]
        kinds = {"members": pl.Int64, "their_members": pl.Int64, "same": pl.Boolean}
        return pl.DataFrame(rows, {name: kinds.get(name, pl.String) for name in names}).to_arrow()

    def flagged_rows(self) -> pa.Table:
        """One row a record of mine and finding of theirs."""
        return self.flagged.to_arrow()


def exchange_export(
    store: Store,
    file: str | Path,
    key: str | Path,
    snapshots: Sequence[str] = (),
    near: bool = False,
) -> Exported:
    """Write what the other side needs to compare: of these snapshots, or of all.

    ``key`` is the file of the shared key. UsageError for an unknown snapshot, a key that cannot
    be read, or where the file cannot be written.
    """
    shared = SharedKey.read(key)
    mine = _Mine(store, shared, snapshots, near)
    write_exchange(Path(file), mine.table(), shared, near)
    flagged = sum(bool(one) for one in mine.flags)
    return Exported(len(mine.documents), len(mine.findings), flagged, near)


def exchange_compare(
    store: Store, file: str | Path, key: str | Path, snapshots: Sequence[str] = ()
) -> Compared:
    """Compare with a file from another store; errors as of ``read_exchange``."""
    shared = SharedKey.read(key)
    theirs = read_exchange(Path(file), shared)
    mine = _Mine(store, shared, snapshots, theirs.near)
    documents, findings = (
        pl.DataFrame(pl.from_arrow(theirs.rows(kind))) for kind in ("document", "finding")
    )
    matches = _matches(mine.frame, documents, theirs.near)
    back = _matches(documents, mine.frame, theirs.near)
    levels = tuple(
        Level(
            name,
            int((matches["rank"] <= rank).sum()),
            matches.height,
            int((back["rank"] <= rank).sum()),
            back.height,
        )
        for rank, name in enumerate(LEVELS[: 3 if theirs.near else 2])
    )
    mine_flagged = mine.frame.filter(pl.Series([bool(f) for f in mine.flags], dtype=pl.Boolean))
    by_me = int((_matches(documents, mine_flagged, near=False)["rank"] < len(LEVELS)).sum())
    common = _common(mine, findings)
    return Compared(levels, common, _flagged(mine, matches, documents, findings), by_me)


LEVELS = ("exact", "words", "near")


class _Mine:
    """My documents and findings as values under the key.

    ``frame``: value, words, bands; in the order of ``documents``. ``flags``: for each document
    the positions of its findings.
    """

    def __init__(self, store: Store, key: SharedKey, snapshots: Sequence[str], near: bool) -> None:
        self.key = key
        self.near = near
        roots = named_roots(store, snapshots)
        held = contents(store, roots)
        self.shards = list({str(s.bundle): s for one in held.values() for s in one}.values())
        self.documents = DocumentSet.of(self.shards, band_names() if near else ())
        self.frame = self._frame(self.documents.rows)
        told = findings_of(store, list(roots) if snapshots else None)
        self.findings = self._sorted([one for one in told if one.severity != "lead"])
        self.flags = self._flags()

    def _frame(self, rows: pl.DataFrame) -> pl.DataFrame:
        key = self.key
        value = key.values("document", _bytes(rows, DOC))
        spoken = (rows["shingles"] > 0).to_list()
        words = key.values("words", _bytes(rows, NORM))
        columns: dict[str, Any] = {
            "value": pl.Series(value, dtype=pl.Binary),
            "words": pl.Series(
                [one if there else None for one, there in zip(words, spoken, strict=True)],
                dtype=pl.Binary,
            ),
        }
        for name in band_names() if self.near else ():
            data = (number.to_bytes(8, "big") for number in rows[name].to_list())
            hashed = [int.from_bytes(one, "big") for one in key.values(name, data, 8)]
            kept = [one if there else None for one, there in zip(hashed, spoken, strict=True)]
            columns[name] = pl.Series(kept, dtype=pl.UInt64)
        return pl.DataFrame(columns)

    def values_of(self, finding: StoredFinding) -> tuple[bytes, bytes]:
        """Of its code and key; of its key alone, folded."""
        evidence = str(finding.payload.get("key", ""))
        full = f"{finding.code}\0{evidence}".encode("utf-8", "surrogatepass")
        folded = evidence.casefold().encode("utf-8", "surrogatepass")
        return self.key.values("finding", [full])[0], self.key.values("evidence", [folded])[0]

    def _sorted(self, findings: Sequence[StoredFinding]) -> list[StoredFinding]:
        return sorted(findings, key=self.values_of)

    def _flags(self) -> list[list[int]]:
        members = [
            (*identity_halves(member), position)
            for position, finding in enumerate(self.findings)
            for member in finding.payload.get("members", ())
        ]
        kinds = {"doc_hi": pl.UInt64, "doc_lo": pl.UInt64, "finding": pl.UInt32}
        flags = pl.DataFrame(members, kinds, orient="row").group_by(DOC).agg("finding")
        rows = self.documents.rows.select(DOC)
        told = rows.join(flags, on=DOC, how="left", maintain_order="left")["finding"]
        return [sorted(one) if one else [] for one in told.to_list()]

    def table(self) -> pa.Table:
        """Rows of the exchange file."""
        kinds = schema(self.near)
        documents = self.frame.with_columns(
            kind=pl.lit("document"), flagged=pl.Series(self.flags, dtype=pl.List(pl.UInt32))
        )
        values = [self.values_of(one) for one in self.findings]
        findings = pl.DataFrame(
            {
                "kind": ["finding"] * len(values),
                "value": [value for value, _ in values],
                "words": [evidence for _, evidence in values],
                "code": [one.code for one in self.findings],
                "severity": [one.severity for one in self.findings],
                "members": pl.Series([one.members for one in self.findings], dtype=pl.UInt64),
            },
            schema_overrides={
                **dict.fromkeys(("kind", "code", "severity"), pl.String),
                **dict.fromkeys(("value", "words"), pl.Binary),
            },
        )
        rows = pl.concat([documents, findings], how="diagonal").to_arrow()
        return rows.select(kinds.names).cast(kinds)


def _bytes(rows: pl.DataFrame, names: list[str]) -> list[bytes]:
    return joined(rows[names[0]].to_list(), rows[names[1]].to_list())


def _matches(left: pl.DataFrame, right: pl.DataFrame, near: bool) -> pl.DataFrame:
    """For each row of ``left``: ``rank`` of its best level (3 for none), ``match``: a row of
    ``right`` at that level, if any.
    """
    numbered = right.with_row_index("match")
    out = left.with_row_index("n").select("n", "value", "words")
    for name in ("value", "words"):
        there = numbered.select(name, pl.col("match").alias(f"by_{name}")).drop_nulls(name)
        there = there.unique(name, keep="first", maintain_order=True)
        out = out.join(there, on=name, how="left", maintain_order="left")
    alike = (
        _alike(left, right) if near else pl.DataFrame(schema={"n": pl.UInt32, "near": pl.UInt32})
    )
    out = out.join(alike, on="n", how="left", maintain_order="left")
    names = ("by_value", "by_words", "near")
    rank = pl.lit(len(LEVELS))
    for position in reversed(range(3)):
        rank = pl.when(pl.col(names[position]).is_not_null()).then(position).otherwise(rank)
    return out.select("n", rank=rank, match=pl.coalesce(names))


def _alike(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``left`` (n) that share ``NEAR_BANDS`` bands with a row of ``right`` (near)."""
    parts = []
    for name in band_names():
        mine = left.with_row_index("n").select("n", name).drop_nulls()
        theirs = right.with_row_index("near").select("near", name).drop_nulls()
        few = theirs.group_by(name, maintain_order=True).head(MOST)
        parts.append(mine.join(few, on=name).select("n", "near"))
    shared = pl.concat(parts).group_by("n", "near").len().filter(pl.col("len") >= NEAR_BANDS)
    best = shared.sort("n", "len", "near", descending=[False, True, False])
    return best.unique("n", keep="first", maintain_order=True).select("n", "near")


def _common(mine: _Mine, theirs: pl.DataFrame) -> tuple[CommonFinding, ...]:
    by_value = {row["value"]: row for row in theirs.iter_rows(named=True)}
    by_evidence: dict[bytes, Mapping[str, Any]] = {}
    for row in theirs.iter_rows(named=True):
        by_evidence.setdefault(row["words"], row)
    out = []
    for finding in mine.findings:
        value, evidence = mine.values_of(finding)
        there = by_value.get(value) or by_evidence.get(evidence)
        if there is not None:
            other = str(there["code"]), str(there["severity"]), int(there["members"] or 0)
            told = finding.id, finding.title, finding.severity, finding.members
            out.append(CommonFinding(*told, *other, same=value in by_value))
    return tuple(sorted(out, key=lambda one: one.id))


def _flagged(
    mine: _Mine, matches: pl.DataFrame, documents: pl.DataFrame, findings: pl.DataFrame
) -> pl.DataFrame:
    """Records of mine whose match the others flagged, with place."""
    theirs = documents.with_row_index("match").select("match", "flagged")
    names = findings.select("code", "severity").with_row_index("flagged")
    hits = (
        matches.join(theirs, on="match", maintain_order="left")
        .explode("flagged")
        .drop_nulls("flagged")
        .join(names, on="flagged", maintain_order="left")
    )
    identities = mine.documents.rows.select(DOC).with_row_index("n")
    level = pl.col("rank").replace_strict(range(3), LEVELS, return_dtype=pl.String)
    hits = hits.join(identities, on="n").with_columns(match=level)
    paths = pl.Series([shard.path for shard in mine.shards], dtype=pl.String)
    places = documents_of(mine.shards, ["record", *DOC])
    places = places.with_columns(shard=paths.gather(places["shard"]))
    rows = hits.select("match", "code", "severity", *DOC).unique().join(places, on=DOC)
    worst = pl.col("severity").replace_strict(SEVERITIES, range(3), return_dtype=pl.Int8)
    rows = rows.sort(worst, "code", "shard", "record", "match")
    hexed = [one.hex() for one in _bytes(rows, DOC)]
    named = rows.with_columns(document=pl.Series(hexed, dtype=pl.String))
    return named.select("document", "match", "code", "severity", "shard", "record")
