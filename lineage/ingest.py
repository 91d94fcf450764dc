"""Locate, read, fingerprint, bundle, commit: every shard once, whatever happens in between."""

from __future__ import annotations

import errno
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from lineage.errors import ForetasteError, ReadingError, StoreError
from lineage.fingerprint.batch import Batch
from lineage.fingerprint.digest import shard_digest
from lineage.fingerprint.recipe import FINGERPRINTS
from lineage.model import Coverage, Digest, Shard, ShardCoverage, Snapshot, Status, shown
from lineage.shards import open_shard, skipped_coverage
from lineage.shards.batch import DocumentBatch
from lineage.shards.locate import Located, form_of
from lineage.shards.recipe import ReadingRecipe
from lineage.store.bundle import Bundle, BundleWriter, Manifest
from lineage.store.commit import SHARD_COUNTS
from lineage.store.files import scratch, sweep
from lineage.store.read import Known
from lineage.store.recipes import keep_recipe
from lineage.store.snapshots import Destination, Sight, commit_snapshot, name_snapshot
from lineage.store.store import Store
from lineage.store.takedowns import returned

_LOG = logging.getLogger(__name__)
_STORE_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class Tap(Protocol):
    """Rides along on the pass over one shard."""

    def see(self, batch: Batch) -> None:
        """Take one batch, in the order of the shard."""

    def finish(self, coverage: ShardCoverage) -> None:
        """Take the end of the shard; called before the shard counts as read."""


class Reader(Protocol):
    """What ``open_shard`` gives: batches, and afterwards what was covered."""

    def __iter__(self) -> Iterator[DocumentBatch]: ...

    def coverage(self, digest: Digest | None) -> ShardCoverage:
        """Tell what was read."""


class Progress:
    """Is told how an ingest goes, by one thread at a time; this one keeps quiet."""

    def hashing(self, shards: int, size: int) -> None:
        """``shards`` files of ``size`` bytes in all will be hashed."""

    def hashed(self, path: str, size: int) -> None:
        """One file has its digest."""

    def reading(self, shards: int, size: int) -> None:
        """``shards`` distinct shards of ``size`` bytes in all will be read or reused."""

    def read(self, path: str, records: int) -> None:
        """So many more records of a shard were read."""

    def finished(self, shard: Shard, coverage: ShardCoverage, reused: bool) -> None:
        """A shard has ended."""


@dataclass(frozen=True)
class Options:
    """How an ingest works; none of it changes what is stored.

    ``make_taps`` gives the taps of a shard: none means that a shard whose bundle is there
    need not be read. ``open_reader`` opens a located shard.
    """

    workers: int = 2
    trust_mtime: bool = False
    make_taps: Callable[[Shard], Sequence[Tap]] = lambda _shard: ()
    open_reader: Callable[[Located, ReadingRecipe], Reader] = open_shard
    progress: Progress = field(default_factory=Progress)


def ingest(
    store: Store,
    located: Sequence[Located],
    destination: Destination,
    recipe: ReadingRecipe,
    options: Options | None = None,
) -> tuple[Snapshot, Coverage]:
    """Bring shards into the store as one snapshot; returns it, and what was read, by path.

    Shards whose bundle is there are not read. A shard that cannot be read is FAILED in the
    coverage and costs no other. Killed at any moment, a rerun goes on where it stopped.
    Records that were taken down before are noted, see ``takedowns.returns_in``.
    """
    sweep(store.staging)
    keep_recipe(store, recipe)
    known = Known.of(store)
    run = _Ingest(store, known, recipe, options or Options())
    skipped = [
        replace(skipped_coverage(one), path=shown(one.name)) for one in located if one.skipped
    ]
    seen, failures = run.hash_all([one for one in located if not one.skipped])
    snapshot = name_snapshot(known, destination, [shard for shard, _, _ in seen])
    ends = run.read_all([(shard, file) for shard, file, _ in seen])
    coverage = [replace(ends[run.name(shard, file)], path=shard.path) for shard, file, _ in seen]
    sights = [(sight, shard.digest) for shard, _, sight in seen]
    commit_snapshot(store, known, snapshot, destination, sights)
    if (store.root / "takedowns").exists():
        returned(store, [run.name(shard, file) for shard, file, _ in seen])
    return snapshot, Coverage(
        tuple(sorted([*coverage, *failures, *skipped], key=lambda end: end.path))
    )


def pass_over(
    reader: Reader,
    digest: Digest | None,
    key: int,
    taps: Iterable[Tap],
    writer: BundleWriter | None = None,
) -> ShardCoverage:
    """Read one shard: every batch goes to the bundle writer, if any, and to the taps.

    ``key`` is the store's. Raises what the reader raises: ReadingError, OSError.
    """
    taps = tuple(taps)
    for documents in reader:
        batch = Batch(documents, key)
        if writer is not None:
            writer.add(batch)
        for tap in taps:
            tap.see(batch)
    coverage = reader.coverage(digest)
    for tap in taps:
        tap.finish(coverage)
    return coverage


def bundle_recipe(located: Located, recipe: ReadingRecipe) -> str:
    """Name of all that decides a bundle's content beside the shard's bytes."""
    form = form_of(located.file, recipe.format)
    return f"{recipe.name}-{form}-{FINGERPRINTS}"


class _Stopped(Exception):  # noqa: N818
    """The ingest is being given up; ends the workers."""


@dataclass(frozen=True)
class _End:
    """How one distinct shard ended."""

    name: tuple[str, str]
    shard: Shard
    coverage: ShardCoverage
    manifest: str
    reused: bool


class _Ingest:
    """One run: its workers, and the thread that commits what they finish."""

    def __init__(self, store: Store, known: Known, recipe: ReadingRecipe, options: Options) -> None:
        self.store = store
        self.known = known
        self.recipe = recipe
        self.options = options
        self.lock = threading.Lock()
        self.stop = threading.Event()

    def name(self, shard: Shard, located: Located) -> tuple[str, str]:
        """What makes a shard distinct: its digest, and the recipe of its bundle."""
        return str(shard.digest), bundle_recipe(located, self.recipe)

    def hash_all(
        self, located: Sequence[Located]
    ) -> tuple[list[tuple[Shard, Located, Sight]], list[ShardCoverage]]:
        """Hash every file (or trust its time); returns what could be, and what could not."""
        known = self.known.sightings if self.options.trust_mtime else {}
        self.options.progress.hashing(len(located), sum(_size(one.file) for one in located))
        seen, failures = [], []
        with ThreadPoolExecutor(self._workers(len(located))) as pool:
            for one, result in zip(
                located, pool.map(lambda one: self._hash(one, known), located), strict=True
            ):
                if isinstance(result, ShardCoverage):
                    failures.append(result)
                else:
                    seen.append((result[0], one, result[1]))
        return seen, failures

    def _hash(
        self, located: Located, known: Mapping[Sight, Digest]
    ) -> tuple[Shard, Sight] | ShardCoverage:
        path = shown(located.name)
        try:
            sight = _sight(located.file)
            digest = known.get(sight) or shard_digest(located.file)
            if _sight(located.file) != sight:
                raise ReadingError("the file changed while it was being read")
        except (OSError, ReadingError) as error:
            return ShardCoverage(path, None, Status.FAILED, detail=str(error))
        with self.lock:
            self.options.progress.hashed(path, sight[1])
        return Shard(path, digest, sight[1]), sight

    def read_all(
        self, shards: Sequence[tuple[Shard, Located]]
    ) -> dict[tuple[str, str], ShardCoverage]:
        """Read every distinct shard that must be read; commits each when it is done."""
        distinct = {self.name(shard, file): (shard, file) for shard, file in reversed(shards)}
        todo = sorted(distinct.values(), key=lambda pair: pair[0].path)
        self.options.progress.reading(len(todo), sum(shard.bytes for shard, _ in todo))
        committed = {name: row.manifest for name, row in self.known.shards.items()}
        ended: queue.SimpleQueue[_End | BaseException] = queue.SimpleQueue()
        ends: dict[tuple[str, str], ShardCoverage] = {}
        pool = ThreadPoolExecutor(self._workers(len(todo)))
        try:
            for shard, file in todo:
                pool.submit(self._work, shard, file, ended)
            while len(ends) < len(todo):
                batch = [_raised(end) for end in _drain(ended)]
                fresh = [end for end in batch if committed.get(end.name) != end.manifest]
                self._commit(fresh)
                for end in batch:
                    ends[end.name] = end.coverage
                    with self.lock:
                        self.options.progress.finished(end.shard, end.coverage, end.reused)
        finally:
            self.stop.set()
            pool.shutdown(cancel_futures=True)
        return ends

    def _commit(self, ends: Sequence[_End]) -> None:
        if ends:
            event = {"kind": "shards", "shards": [_shard_row(end) for end in ends]}
            with self.store.writing() as writer:
                writer.commit([event])

    def _work(
        self, shard: Shard, located: Located, ended: queue.SimpleQueue[_End | BaseException]
    ) -> None:
        try:
            ended.put(self._end_of(shard, located))
        except BaseException as error:  # handed to the thread that waits
            ended.put(error)

    def _end_of(self, shard: Shard, located: Located) -> _End:
        name = self.name(shard, located)
        bundle = Bundle.of(self.store.root, shard.digest, name[1])
        manifest = bundle.manifest()
        taps = self.options.make_taps(shard)
        reused = manifest is not None and not taps
        try:
            if manifest is None:
                manifest = self._bundle(shard, located, bundle, taps)
            elif taps:
                self._read(shard, located, taps, None)
        except ReadingError as error:
            return self._failed(name, shard, str(error))
        except (_Stopped, ForetasteError, MemoryError):
            raise
        except OSError as error:
            if error.errno in _STORE_FAULTS:
                raise StoreError(f"the store cannot be written: {error}") from error
            return self._failed(name, shard, str(error))
        except Exception as error:  # one hostile shard must not cost the others
            detail = f"unexpected {type(error).__name__}: {error}"
            _LOG.warning("%s: %s", shard.path, shown(detail))
            _LOG.debug("%s", shard.path, exc_info=True)
            return self._failed(name, shard, detail)
        return _End(name, shard, manifest.coverage, manifest.sha256, reused=reused)

    def _failed(self, name: tuple[str, str], shard: Shard, detail: str) -> _End:
        coverage = ShardCoverage(
            shard.path, shard.digest, Status.FAILED, bytes=shard.bytes, detail=shown(detail)
        )
        return _End(name, shard, coverage, manifest="", reused=False)

    def _bundle(
        self, shard: Shard, located: Located, bundle: Bundle, taps: Sequence[Tap]
    ) -> Manifest:
        with scratch(self.store.staging) as aside:
            writer = BundleWriter(aside)
            try:
                coverage = self._read(shard, located, taps, writer)
                if coverage.status is Status.FAILED and shard_digest(located.file) != shard.digest:
                    raise ReadingError("the file cannot be read twice alike")
            except BaseException:
                writer.abandon()
                raise
            if bundle.manifest() is None:
                bundle.discard(self.store.staging)  # damaged; a whole one may be another run's
            return writer.publish(bundle, bundle_recipe(located, self.recipe), coverage)

    def _read(
        self, shard: Shard, located: Located, taps: Sequence[Tap], writer: BundleWriter | None
    ) -> ShardCoverage:
        before = _sight(located.file)
        if self.stop.is_set():
            raise _Stopped
        reader = self.options.open_reader(located, self.recipe)
        guard = _Guard(self, shard, located.file, before)
        return pass_over(reader, shard.digest, self.store.key, (guard, *taps), writer)

    def _workers(self, jobs: int) -> int:
        return max(1, min(self.options.workers, os.cpu_count() or 1, jobs))


@dataclass
class _Guard:
    """The first tap of every pass: tells progress, notices a stop and a changing file."""

    run: _Ingest
    shard: Shard
    file: Path
    before: Sight

    def see(self, batch: Batch) -> None:
        if self.run.stop.is_set():
            raise _Stopped
        with self.run.lock:
            self.run.options.progress.read(self.shard.path, batch.documents.records)

    def finish(self, _coverage: ShardCoverage) -> None:
        if _sight(self.file) != self.before:
            raise ReadingError("the file changed while it was being read")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _sight(file: Path) -> Sight:
    facts = file.stat()
    return shown(str(file.absolute())), facts.st_size, facts.st_mtime_ns


def _drain(ended: queue.SimpleQueue[Any]) -> list[Any]:
    """Wait for one, then take all there are: many small shards share a transaction."""
    ends = [ended.get()]
    while not ended.empty():
        ends.append(ended.get())
    return ends


def _raised(end: _End | BaseException) -> _End:
    if isinstance(end, BaseException):
        raise end
    return end


def _shard_row(end: _End) -> dict[str, Any]:
    coverage = end.coverage
    return {
        "digest": end.name[0],
        "recipe": end.name[1],
        "status": str(coverage.status),
        "format": coverage.format,
        "compression": coverage.compression,
        **{name: getattr(coverage, name) for name in SHARD_COUNTS},
        "detail": shown(coverage.detail),
        "manifest": end.manifest,
    }
