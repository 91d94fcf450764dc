"""Runs rounds: plan, observe every shard, combine, plan again ... judge.

All components of a round that read the same thing share one pass over it, and what was
observed before under the same plan is loaded instead of observed.
"""

from __future__ import annotations

import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.errors import StoreError
from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.model import Digest
from scanners.cache import Cache, MemoryCache
from scanners.failures import Failures
from scanners.fold import Combiner
from scanners.jobs import FirstPass, Job, Name, Work, jobs_of, start
from scanners.scanner import Finding, Input, Observed, Plan, Scanner, Side
from scanners.spill import SpillWriter, read_spill

T = TypeVar("T")
R = TypeVar("R")


class ShardView(Protocol):
    """One shard as the engine sees it."""

    @property
    def digest(self) -> Digest:
        """SHA-256 of the shard's bytes."""

    def read(self, tap: FirstPass) -> None:
        """Show all batches with text to the tap, then finish it: one full pass."""

    def wanted(self, docs: npt.NDArray[np.uint64]) -> Iterator[Batch]:
        """Batches of only those rows whose identity is in ``docs`` (uint64[m, 2], sorted)."""

    def records(self) -> pl.DataFrame:
        """Rows of the shard's bundle."""


Watcher = Callable[[str, int, int], None]
"""Told (what is being done, shards done, shards in all)."""


def _unwatched(_what: str, _done: int, _total: int) -> None:
    """Watch nothing."""


@dataclass(frozen=True)
class Means:
    """What an engine works with; none of it changes what is found."""

    cache: Cache = field(default_factory=MemoryCache)
    scratch: Path | None = None
    workers: int = 2
    watch: Watcher = _unwatched
    failures: Failures = field(default_factory=lambda: Failures(strict=True))


class Engine:
    """Runs scanners over shards. One engine serves one scan; use it as a context."""

    def __init__(self, scanners: Sequence[Scanner], means: Means | None = None) -> None:
        means = means or Means()
        self._scanners = scanners
        self._cache = means.cache
        self._folder = tempfile.TemporaryDirectory(prefix="foretaste-", dir=means.scratch)
        self._workers = means.workers
        self._watch = means.watch
        self.failures = means.failures
        later = [c for s in scanners for components in s.rounds[1:] for c in components]
        self._spills = {c.side for c in later if c.input is Input.TOKENS}
        self._folds = any(component.folds for component in later)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def wants_text(self, digest: Digest, side: Side = Side.CORPUS) -> bool:
        """Whether first rounds have yet to see this shard's text."""
        return bool(self._unseen(digest, side))

    def first_pass(self, digest: Digest, side: Side = Side.CORPUS) -> FirstPass:
        """What a reader of this shard's text can feed, so that text is decoded once."""
        works = start(self._unseen(digest, side), self.failures)
        spill = (
            SpillWriter(self._spill(digest), folded=self._folds) if side in self._spills else None
        )
        return FirstPass(digest, works, spill, self._cache)

    def _unseen(self, digest: Digest, side: Side) -> list[Job]:
        jobs = jobs_of(0, [(scanner, scanner.plan(0, {})) for scanner in self._scanners])
        return [
            job
            for job in jobs
            if job.component.side is side
            and job.component.input is Input.TEXT
            and not self._cache.has(digest, *job.kept_as)
        ]

    def run(
        self, shards: Sequence[ShardView], reference: Sequence[ShardView] = ()
    ) -> list[Finding]:
        """All rounds over all shards; findings in the one global rank, worst first.

        ``reference`` are the shards of an older snapshot, seen by components of that side alone.
        """
        sides = ((Side.CORPUS, shards), (Side.REFERENCE, reference))
        observed: dict[str, Observed] = {scanner.code: {} for scanner in self._scanners}
        rounds = max((len(scanner.rounds) for scanner in self._scanners), default=0)
        for number in range(rounds):
            plans = self._plan(number, observed)
            jobs = jobs_of(number, plans)
            combined: dict[Name, pl.DataFrame] = {}
            for side, there in sides:
                those = [job for job in jobs if job.component.side is side]
                what = f"round {number + 1} of {rounds}"
                combined |= self._observe(those, there if those else (), side, what)
            for scanner, plan in plans:
                for component in scanner.rounds[number]:
                    name = Job(component, plan).name
                    if not self.failures.pass_on(name, scanner.code):
                        observed[scanner.code][component.name] = combined[name]
        return self._judge(observed)

    def _plan(self, number: int, observed: Mapping[str, Observed]) -> list[tuple[Scanner, Plan]]:
        plans = []
        for scanner in self._scanners:
            if number < len(scanner.rounds) and self.failures.reason(scanner.code) is None:
                with self.failures.guard(scanner.code):
                    plans.append((scanner, scanner.plan(number, observed[scanner.code])))
        return plans

    def _judge(self, observed: Mapping[str, Observed]) -> list[Finding]:
        findings: list[Finding] = []
        for scanner in self._scanners:
            if self.failures.reason(scanner.code) is None:
                with self.failures.guard(scanner.code):
                    findings += scanner.judge(observed[scanner.code])
        return sorted(findings, key=lambda finding: finding.order)

    def _observe(
        self, jobs: Sequence[Job], shards: Sequence[ShardView], side: Side, what: str
    ) -> dict[Name, pl.DataFrame]:
        combiners = {job.name: Combiner(job.component.schema) for job in jobs}
        unique = list({shard.digest: shard for shard in shards}.values())
        copies = Counter(shard.digest for shard in shards)

        def observe(shard: ShardView) -> list[tuple[Job, pl.DataFrame]]:
            for kind in Input:
                self._feed(shard, side, [job for job in jobs if job.component.input is kind])
            sound = [job for job in jobs if self.failures.reason(job.name) is None]
            return [(job, self._kept(shard, job)) for job in sound]

        with ThreadPoolExecutor(self._workers) as pool:
            ahead = in_order(pool, observe, unique, self._workers + 1)
            for done, frames in enumerate(ahead, start=1):
                for job, frame in frames:
                    # A shard that lies there twice is observed once and counts twice, as its
                    # records would if they lay in one file.
                    for _ in range(copies[unique[done - 1].digest]):
                        combiners[job.name].add(frame)
                self._watch(what, done, len(unique))
        return {name: combiner.combined() for name, combiner in combiners.items()}

    def _kept(self, shard: ShardView, job: Job) -> pl.DataFrame:
        frame = self._cache.load(shard.digest, *job.kept_as)
        if frame is None:
            raise StoreError(
                f"an observation of {job.component.recipe} was kept but cannot be read back",
                hint="run `foretaste store verify`",
            )
        return frame

    def _feed(self, shard: ShardView, side: Side, jobs: Sequence[Job]) -> None:
        """Show a shard to jobs that all read the same thing of it."""
        missing = [
            job
            for job in jobs
            if self.failures.reason(job.name) is None
            and not self._cache.has(shard.digest, *job.kept_as)
        ]
        if not missing:
            return
        kind = missing[0].component.input
        if kind is Input.TEXT:
            shard.read(self.first_pass(shard.digest, side))
            return
        works = start(missing, self.failures)
        if kind is Input.RECORDS:
            records = shard.records()
            for work in works:
                work.see_records(records)
        elif kind is Input.TOKENS:
            for tokens in self._tokens(shard, side):
                for work in works:
                    work.see_tokens(tokens)
                tokens.forget()
        else:
            _feed_wanted(shard, works)
        for work in works:
            work.keep(self._cache, shard.digest)

    def _tokens(self, shard: ShardView, side: Side) -> Iterator[TokenBatch]:
        path = self._spill(shard.digest)
        if not path.exists():
            shard.read(self.first_pass(shard.digest, side))
        return read_spill(path)

    def _spill(self, digest: Digest) -> Path:
        return Path(self._folder.name) / digest.hex


def in_order(pool: Executor, work: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    """Results in the order of the items. At most ``ahead`` of them are in work or waiting.

    ``Executor.map`` would let results pile up while they are combined.
    """
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _feed_wanted(shard: ShardView, works: Sequence[Work]) -> None:
    """Read wanted documents, once for all jobs of one plan."""
    by_plan: dict[str, list[Work]] = {}
    for work in works:
        by_plan.setdefault(work.job.plan.digest, []).append(work)
    for together in by_plan.values():
        wanted = together[0].job.plan.wanted
        if wanted is not None and len(wanted):
            for batch in shard.wanted(wanted):
                for work in together:
                    work.see(batch)
