"""The Python API: what the command line does, as three functions and one result."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
import polars as pl

from foretaste.report import Compared, Report
from foretaste.stores import Where, open_store
from lineage.errors import UsageError
from lineage.fingerprint.batch import Batch
from lineage.fingerprint.minhash import to_datasketch
from lineage.fingerprint.query import text_batch
from lineage.ingest import Options, Progress
from lineage.ingest import ingest as ingest_located
from lineage.model import Coverage, Role, Snapshot, Status, identity_halves
from lineage.shards.locate import Located, locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store.bundle import RECORD_COLUMNS, Bundle
from lineage.store.read import find_snapshot
from lineage.store.snapshots import Destination
from lineage.store.store import Store
from lineage.wanted import read_wanted
from scanners import COMPARING, select
from scanners.corpus import Against, Reference, ScanOptions, Watch, views_of
from scanners.corpus import scan as scan_located
from scanners.scanner import Finding

if TYPE_CHECKING:
    import datasketch

PathLikes = str | PathLike[str] | Iterable[str | PathLike[str]]
KEYS = ("url", "id", "path")
"""Roles that may tell the same document in two snapshots."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to read, as whom, and how; shared by ``scan`` and ``ingest``.

    dataset      name of the collection; by default the name of the folder or file
    snapshot     label of this state of it; by default from its root digest
    store        folder of the store, or an open store; by default ``FORETASTE_STORE`` or
                 ``.foretaste``
    roles        role -> field paths, in place of the names that are known for it
    lines        a .txt file holds one document a line
    format       read every file as this format
    select       prefixes of scanner codes; by default all but those to be asked for
    also         prefixes of codes to look for besides
    against      an older snapshot to compare with: paths, or a name that the store knows
    key          role that tells the same document in both: url, id or path; by default the one
                 that tells most
    """

    dataset: str | None = None
    snapshot: str = ""
    source: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    store: Where = None
    hash_key: str | None = None
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lines: bool = False
    format: str | None = None
    select: Sequence[str] = ()
    also: Sequence[str] = ()
    against: PathLikes | None = None
    key: str | None = None
    workers: int = 2
    trust_mtime: bool = False

    @property
    def recipe(self) -> ReadingRecipe:
        """How shards are read. UsageError for a role that does not exist."""
        try:
            roles = {Role(role): tuple(paths) for role, paths in self.roles.items()}
        except ValueError as error:
            raise UsageError(str(error), hint=f"roles: {', '.join(Role)}") from error
        return ReadingRecipe(roles=roles, lines=self.lines, format=self.format)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes to look for. UsageError for those that compare, without anything to compare."""
        codes = select(self.select, self.also)
        if self.against is not None:
            return codes
        left = tuple(code for code in codes if code not in COMPARING)
        if not left:
            raise UsageError(
                f"{' and '.join(codes)} compare with an older snapshot", hint="name it: --against"
            )
        return left

    @property
    def settings(self) -> dict[str, str]:
        """What was decided for scanners. UsageError for a key that identifies nothing."""
        if self.key is None:
            return {}
        if self.key not in KEYS:
            raise UsageError(f"{self.key!r} is no key", hint=f"keys: {', '.join(KEYS)}")
        return {"key": self.key}

    def destination(self, paths: Sequence[str]) -> Destination:
        """Where an ingest of these paths goes."""
        dataset = self.dataset or _name_of(paths)
        return Destination(dataset, self.snapshot, self.source, self.facts)

    def opened(self) -> Store:
        """The store, made first if need be."""
        if isinstance(self.store, Store):
            return self.store
        return open_store(self.store, hash_key=self.hash_key)


@dataclass(frozen=True)
class ScanResult:
    """What a scan found (worst first), what it covered, and the way to its documents."""

    id: str
    findings: tuple[Finding, ...]
    coverage: Coverage
    snapshot: Snapshot
    codes: tuple[str, ...]
    failed: Mapping[str, str]
    store: Store
    located: tuple[Located, ...] = field(repr=False)
    recipe: ReadingRecipe = field(repr=False)
    reference: Reference | None = None

    @property
    def report(self) -> Report:
        """What the command line prints."""
        names = self.snapshot.dataset, self.snapshot.label
        older = None
        if self.reference is not None:
            snapshot = self.reference.snapshot
            older = Compared(snapshot.dataset, snapshot.label, self.reference.coverage)
        return Report(
            *names, self.coverage, self.findings, self.codes, failed=self.failed, reference=older
        )

    def frame(self) -> pl.DataFrame:
        """Findings as a table: id, code, severity, title, key, strength, documents, members."""
        return pl.DataFrame(
            [
                (f.id, f.code, str(f.severity), f.title, f.key, f.strength, list(f.members))
                for f in self.findings
            ],
            schema={
                "id": pl.String,
                "code": pl.String,
                "severity": pl.String,
                "title": pl.String,
                "key": pl.String,
                "strength": pl.Int64,
                "members": pl.List(pl.String),
            },
            orient="row",
        ).with_columns(documents=pl.col("members").list.len())

    def records(self) -> pl.DataFrame:
        """Rows of all shards that were read: the path of the shard, then ``RECORD_COLUMNS``."""
        frames = [pl.DataFrame(schema={"shard": pl.String, **RECORD_COLUMNS})]
        for path, bundle in self._bundles:
            rows = bundle.records(list(RECORD_COLUMNS))
            frames.append(rows.select(pl.lit(path).alias("shard"), *RECORD_COLUMNS))
        return pl.concat(frames)

    def minhash(self, document: str) -> datasketch.MinHash:
        """MinHash of a document by its identity (a member of a finding), read again.

        UsageError if no shard has it, ReadingError if the shard is no longer what it was.
        """
        for batch in self._read(document):
            return to_datasketch(batch.signatures[0])
        raise UsageError(f"no shard of this scan has the document {document}")

    def text(self, document: str) -> str:
        """Text of a document by its identity, read again. Errors as of ``minhash``."""
        for batch in self._read(document):
            return str(batch.documents.text[0].as_py())
        raise UsageError(f"no shard of this scan has the document {document}")

    def _read(self, document: str) -> Iterable[Batch]:
        wanted = identity(document)
        for view in views_of(self.store, self.located, self.snapshot, self.recipe):
            yield from read_wanted(self.store, view.located, view.shard, self.recipe, wanted)

    @cached_property
    def _bundles(self) -> list[tuple[str, Bundle]]:
        read = {end.path for end in self.coverage.shards if end.status is Status.SCANNED}
        read |= {end.path for end in self.coverage.shards if end.records}
        views = views_of(self.store, self.located, self.snapshot, self.recipe)
        pairs = zip(self.snapshot.shards, views, strict=True)
        return [(shard.path, view.bundle) for shard, view in pairs if shard.path in read]


def scan(
    paths: PathLikes,
    *,
    request: Request | None = None,
    watch: Watch | None = None,
    stdin: TextIO | None = None,
    **options: object,
) -> ScanResult:
    """Ingest what is new and scan it. Options are those of ``Request``.

    UsageError for a missing path or an unknown name; shards that cannot be read are no error
    but in the coverage.
    """
    request = request or Request(**options)  # type: ignore[arg-type]
    how = ScanOptions(
        recipe=request.recipe,
        codes=request.codes,
        workers=request.workers,
        trust_mtime=request.trust_mtime,
        watch=watch or Watch(),
        settings=request.settings,
    )
    names = _listed(paths)
    located = locate(names, stdin, format=request.format)
    store = request.opened()
    located = _without(store, located)
    older = None if request.against is None else _against(store, _listed(request.against), request)
    done = scan_located(store, located, request.destination(names), how, older)
    return ScanResult(
        done.id,
        done.findings,
        done.coverage,
        done.snapshot,
        done.codes,
        done.failed,
        store,
        tuple(located),
        how.recipe,
        done.reference,
    )


def ingest(
    paths: PathLikes,
    *,
    request: Request | None = None,
    progress: Progress | None = None,
    stdin: TextIO | None = None,
    **options: object,
) -> tuple[Snapshot, Coverage]:
    """Bring shards into the store without scanning them. Options are those of ``Request``."""
    request = request or Request(**options)  # type: ignore[arg-type]
    recipe = request.recipe
    names = _listed(paths)
    located = locate(names, stdin, format=request.format)
    how = Options(
        workers=request.workers,
        trust_mtime=request.trust_mtime,
        progress=progress or Progress(),
    )
    store = request.opened()
    located = _without(store, located)
    return ingest_located(store, located, request.destination(names), recipe, how)


def _against(store: Store, names: Sequence[str], request: Request) -> Against:
    """The older snapshot: files, or what the store knows by that name, whose files are there."""
    if len(names) == 1 and not Path(names[0]).exists() and not glob.has_magic(names[0]):
        return _known_snapshot(store, names[0])
    located = _without(store, locate(names, format=request.format))
    return Against(located, Destination(_name_of(names)))


def _known_snapshot(store: Store, name: str) -> Against:
    try:
        snapshot = find_snapshot(store, name)
    except UsageError as error:
        raise UsageError(f"no such file or folder, and {error}", hint=error.hint) from error
    gone = [shard.path for shard in snapshot.shards if not Path(shard.path).is_file()]
    if gone:
        raise UsageError(
            f"{snapshot.dataset}@{snapshot.label} cannot be read again: {gone[0]} is not there",
            hint="run from the folder it was read from, or name its files",
        )
    located = [Located(Path(shard.path), shard.path) for shard in snapshot.shards]
    return Against(located, Destination(snapshot.dataset, snapshot.label))


def _without(store: Store, located: Sequence[Located]) -> list[Located]:
    """The store in use is no part of the corpus it lies in, and not missing from it either."""
    home = store.root.resolve()
    return [one for one in located if not (one.skipped and one.file.resolve() == home)]


def minhash(text: str) -> datasketch.MinHash:
    """MinHash of a text, comparable with those of a store."""
    return to_datasketch(text_batch(text).signatures[0])


def identity(document: str) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """uint64[1, 2] of 32 hex digits. UsageError for anything else."""
    try:
        if len(document) != 32:
            raise ValueError
        return np.array([identity_halves(document)], np.uint64)
    except ValueError:
        raise UsageError(
            f"not the identity of a document: {document!r}", hint="32 hex digits, as in members"
        ) from None


def _listed(paths: PathLikes) -> list[str]:
    return [fspath(paths)] if isinstance(paths, str | PathLike) else [fspath(p) for p in paths]


def _name_of(paths: Sequence[str]) -> str:
    """The name of the one file or folder without its suffixes, else ``corpus``."""
    if len(paths) != 1 or not Path(paths[0]).exists():
        return "corpus"
    return Path(paths[0]).resolve().name.split(".")[0] or "corpus"
