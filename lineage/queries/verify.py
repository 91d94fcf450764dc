"""Do the inputs of a training job descend from scanned shards, byte for byte or by record?"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from lineage.errors import ReadingError, UsageError
from lineage.fingerprint.batch import Batch
from lineage.fingerprint.digest import shard_digest
from lineage.model import Digest, Status, identity_name, shown
from lineage.queries.manifest import Entry, read_manifest
from lineage.queries.sets import DOC
from lineage.shards import open_shard
from lineage.shards.batch import Reading
from lineage.shards.locate import Located, locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store.contents import Content, all_shards, batches, documents_of
from lineage.store.scans import Scanned, load_scanned, severe_documents
from lineage.store.store import Store

if TYPE_CHECKING:
    import pyarrow as pa


class State(StrEnum):
    """How an input descends from what was scanned; only the first two do."""

    BYTES = "bytes"
    """It is a scanned shard, byte for byte."""
    RECORDS = "records"
    """Every record of it is in scanned shards."""
    PART = "part"
    """Some records are; or it could not be read to its end."""
    INGESTED = "ingested"
    """The store knows it, or all its records; but they were never scanned."""
    UNKNOWN = "unknown"
    CHANGED = "changed"
    """The file has not the digest that the manifest says."""
    UNREADABLE = "unreadable"
    """Neither its bytes are known nor can it be read."""


DESCENDS = (State.BYTES, State.RECORDS)


@dataclass(frozen=True)
class Input:
    """One input of the job.

    ``documents`` counts its distinct identities (all readings of its records): ``scanned`` of
    them are in scanned shards, ``ingested`` in others of the store alone, the rest nowhere.
    ``opaque`` counts quarantined records that have no identity; they descend only with the
    bytes. ``flagged`` documents are members of findings of severity high. ``scans`` are the
    newest scans of the shards it descends from.
    """

    path: str
    digest: str
    state: State
    documents: int = 0
    scanned: int = 0
    ingested: int = 0
    opaque: int = 0
    flagged: int = 0
    scans: tuple[Scanned, ...] = ()
    detail: str = ""

    @property
    def descends(self) -> bool:
        """Whether all of it was scanned."""
        return self.state in DESCENDS

    @property
    def passed(self) -> bool:
        """Whether it descends from scans that read everything and found nothing severe."""
        return self.descends and all(scan.passed for scan in self.scans)


@dataclass(frozen=True)
class Verified:
    """The answer: inputs in the order of the manifest, and records that do not descend.

    ``missing``: path, record (number from 0), reading, document (hex), known (``ingested`` or
    ``unknown``). ``older`` counts shards whose records could not be looked at, because an older
    Foretaste fingerprinted them.
    """

    inputs: tuple[Input, ...]
    missing: pl.DataFrame
    older: int = 0

    @property
    def descends(self) -> bool:
        """Whether every input does."""
        return all(one.descends for one in self.inputs)

    @property
    def passed(self) -> bool:
        """Whether every input does, from scans that read everything and found nothing severe."""
        return all(one.passed for one in self.inputs)

    def table(self) -> pa.Table:
        """One row an input."""
        names = ("documents", "scanned", "ingested", "opaque", "flagged")
        rows = [
            {
                "path": one.path,
                "digest": one.digest or None,
                "state": str(one.state),
                "descends": one.descends,
                **{name: getattr(one, name) for name in names},
                "scans": ", ".join(scan.scan for scan in one.scans),
                "incomplete_scans": sum(bool(s.unread or s.failed) for s in one.scans),
                "high_findings": sum(scan.high for scan in one.scans),
                "codes": ", ".join(sorted({code for scan in one.scans for code in scan.codes})),
                "detail": one.detail,
            }
            for one in self.inputs
        ]
        numbers = dict.fromkeys((*names, "incomplete_scans", "high_findings"), pl.Int64)
        return pl.DataFrame(rows, schema_overrides=numbers).to_arrow()

    def rows(self) -> pa.Table:
        """One row a record that does not descend: ``missing``."""
        return self.missing.to_arrow()


def verify_manifest(
    store: Store, manifest: str | Path, *, recipe: ReadingRecipe | None = None
) -> Verified:
    """Verify every input that a manifest lists; see ``manifest`` for its forms.

    Paths are looked for from the current folder, then from the manifest's. Folders and globs
    stand for their files. ``recipe`` must be the one that the scanned shards were read with,
    for identities to be equal. UsageError where the manifest cannot be read.
    """
    file = Path(manifest)
    entries = [one for entry in read_manifest(file) for one in _spread(entry, file.parent)]
    return _Verification(store, recipe or ReadingRecipe()).run(entries)


@dataclass(frozen=True)
class _Wanted:
    """An entry, and the file it names, if that is there."""

    path: str
    digest: Digest | None
    located: Located | None


def _spread(entry: Entry, home: Path) -> Iterator[_Wanted]:
    for place in (Path(entry.path), home / entry.path):
        there = entry.path and (place.exists() or glob.has_magic(entry.path))
        if not there:
            continue
        if place.is_file():
            yield _Wanted(entry.path, entry.digest, Located(place, shown(entry.path)))
            return
        try:
            found = locate([place.as_posix()])
        except UsageError:
            continue
        yield from (_Wanted(one.name, None, one) for one in found)
        return
    yield _Wanted(entry.path, entry.digest, None)


@dataclass(frozen=True)
class _Read:
    """Identities of an input: ``rows`` record, reading, ``DOC``; records without any; damage."""

    rows: pl.DataFrame
    opaque: int = 0
    damage: str = ""


class _Verification:
    """The store's shards, scanned or not, and the scans."""

    def __init__(self, store: Store, recipe: ReadingRecipe) -> None:
        self.store = store
        self.recipe = recipe
        self.shards = all_shards(store)
        self.newest: dict[str, Scanned] = {}
        for scan in load_scanned(store):
            for digest in scan.shards:
                self.newest.setdefault(digest, scan)
        self.severe = severe_documents(store)

    def run(self, entries: Sequence[_Wanted]) -> Verified:
        """Verify by bytes; read what is left, and look its records up all at once."""
        inputs = [self._by_bytes(entry) for entry in entries]
        read = [
            self._read(entry) if isinstance(done, Digest | None) else None
            for entry, done in zip(entries, inputs, strict=True)
        ]
        found = self._found([one.rows for one in read if one is not None])
        out: list[Input] = []
        missing = []
        number = 0
        for entry, done, one in zip(entries, inputs, read, strict=True):
            if isinstance(done, Input):
                out.append(done)
                continue
            assert one is not None
            mine = found.filter(pl.col("input") == number)
            number += 1
            out.append(self._by_records(entry, done, one, mine))
            missing.append(_missing(entry, one, mine))
        older = sum(shard.bundle is None for shard in self.shards)
        return Verified(tuple(out), pl.concat([pl.DataFrame(schema=_MISSING), *missing]), older)

    def _by_bytes(self, entry: _Wanted) -> Input | Digest | None:
        """The input where its bytes tell, else its digest, if it has any."""
        name = entry.path or "(no path)"
        actual = entry.digest
        if entry.located is not None:
            try:
                actual = shard_digest(entry.located.file)
            except OSError as error:
                return Input(name, "", State.UNREADABLE, detail=str(error.strerror or error))
            if entry.digest not in (None, actual):
                detail = f"the manifest says {entry.digest}"
                return Input(name, str(actual), State.CHANGED, detail=detail)
        scan = self.newest.get(str(actual))
        if scan is not None:
            rows = documents_of(self._known(str(actual))[:1], DOC, every=True).unique(DOC)
            count, flagged = rows.height, rows.join(self.severe, on=DOC, how="semi").height
            return Input(
                name, str(actual), State.BYTES, count, count, flagged=flagged, scans=(scan,)
            )
        if entry.located is not None:
            return actual
        state = State.INGESTED if self._known(str(actual)) else State.UNREADABLE
        why = "" if state is State.INGESTED else "there is no such file, and no such shard"
        return Input(name, str(actual or ""), state, detail=why)

    def _known(self, digest: str) -> list[Content]:
        return [shard for shard in self.shards if str(shard.digest) == digest]

    def _read(self, entry: _Wanted) -> _Read:
        """Read an input with the readers of the house."""
        assert entry.located is not None
        frames = [pl.DataFrame(schema=_ROWS)]
        try:
            reader = open_shard(entry.located, self.recipe)
            for documents in reader:
                doc = Batch(documents, self.store.key).doc
                frames.append(
                    pl.DataFrame(
                        {
                            "record": documents.record,
                            "reading": documents.reading,
                            "doc_hi": doc[:, 0],
                            "doc_lo": doc[:, 1],
                        }
                    )
                )
        except ReadingError as error:
            return _Read(pl.concat(frames), damage=str(error))
        rows = pl.concat(frames)
        coverage = reader.coverage(None)
        salvaged = rows.filter(pl.col("reading") == Reading.SALVAGED)["record"].n_unique()
        damage = "" if coverage.status is Status.SCANNED else coverage.detail
        return _Read(rows, max(coverage.quarantined - salvaged, 0), damage)

    def _found(self, inputs: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Which identities of the inputs the store has: input, ``DOC``, shard (a digest), scanned.

        One row an identity and input; a scanned shard goes before one that was not.
        """
        wanted = pl.concat(
            [
                pl.DataFrame(schema=_FOUND).select("input", *DOC),
                *(
                    rows.select(pl.lit(number, dtype=pl.UInt32).alias("input"), *DOC).unique()
                    for number, rows in enumerate(inputs)
                ),
            ]
        )
        out = [pl.DataFrame(schema=_FOUND)]
        if wanted.height:
            scanned = [shard for shard in self.shards if str(shard.digest) in self.newest]
            others = [shard for shard in self.shards if str(shard.digest) not in self.newest]
            for shards, seen in ((scanned, True), (others, False)):
                for batch in batches(shards):
                    digests = pl.Series([str(shard.digest) for shard in batch], dtype=pl.String)
                    rows = documents_of(batch, DOC, every=True).unique(DOC, keep="first")
                    hits = wanted.join(rows, on=DOC)
                    shard = digests.gather(hits["shard"])
                    out.append(hits.with_columns(shard=shard, scanned=pl.lit(seen)).select(*_FOUND))
        return pl.concat(out).unique(["input", *DOC], keep="first", maintain_order=True)

    def _by_records(
        self, entry: _Wanted, digest: Digest | None, read: _Read, found: pl.DataFrame
    ) -> Input:
        distinct = read.rows.select(DOC).unique()
        scanned = found.filter(pl.col("scanned"))
        ingested = found.height - scanned.height
        shards = scanned["shard"].unique().sort().to_list()
        scans = {self.newest[shard].scan: self.newest[shard] for shard in shards}
        state = _state(read, distinct.height, scanned.height, ingested)
        if state in (State.UNKNOWN, State.PART) and self._known(str(digest)):
            state = State.INGESTED if not scanned.height else state
        return Input(
            entry.path,
            str(digest),
            state,
            distinct.height,
            scanned.height,
            ingested,
            read.opaque,
            distinct.join(self.severe, on=DOC, how="semi").height,
            tuple(scans.values()),
            read.damage,
        )


_ROWS = {"record": pl.Int64, "reading": pl.UInt8, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64}
_FOUND = {
    "input": pl.UInt32,
    "doc_hi": pl.UInt64,
    "doc_lo": pl.UInt64,
    "shard": pl.String,
    "scanned": pl.Boolean,
}
_MISSING = {
    "path": pl.String,
    "record": pl.Int64,
    "reading": pl.UInt8,
    "document": pl.String,
    "known": pl.String,
}


def _state(read: _Read, documents: int, scanned: int, ingested: int) -> State:
    whole = not read.damage and not read.opaque
    if not documents and not whole:
        return State.UNREADABLE
    if scanned == documents:
        return State.RECORDS if whole else State.PART
    if scanned:
        return State.PART
    return State.INGESTED if ingested == documents and whole else State.UNKNOWN


def _missing(entry: _Wanted, read: _Read, found: pl.DataFrame) -> pl.DataFrame:
    known = found.select(*DOC, "scanned")
    rows = read.rows.join(known, on=DOC, how="left", maintain_order="left")
    rows = rows.filter(~pl.col("scanned").fill_null(False))
    pairs = zip(rows["doc_hi"].to_list(), rows["doc_lo"].to_list(), strict=True)
    document = pl.Series([identity_name(*pair) for pair in pairs], dtype=pl.String)
    state = np.where(rows["scanned"].is_null().to_numpy(), "unknown", "ingested")
    return rows.with_columns(
        path=pl.lit(entry.path), document=document, known=pl.Series(state, dtype=pl.String)
    ).select(*_MISSING)
