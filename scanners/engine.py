"""Runs rounds: plan, observe every shard, combine, plan again ... judge.

All components of a round that read the same thing share one pass over it, and what was
observed before under the same plan is loaded instead of observed.
"""

from __future__ import annotations

import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.errors import StoreError
from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.model import Digest, ShardCoverage
from scanners.fold import Combiner
from scanners.scanner import Component, Finding, Input, Observed, Observer, Plan, Scanner
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


class Cache(Protocol):
    """Where observations are kept, under (shard digest, component recipe, plan digest)."""

    def load(self, digest: Digest, recipe: str, plan: str) -> pl.DataFrame | None:
        """The observation, or None."""

    def save(self, digest: Digest, recipe: str, plan: str, frame: pl.DataFrame) -> None:
        """Keep an observation."""

    def has(self, digest: Digest, recipe: str, plan: str) -> bool:
        """Whether an observation is kept."""


class MemoryCache:
    """Keeps observations for the life of one engine."""

    def __init__(self) -> None:
        self._frames: dict[tuple[str, str, str], pl.DataFrame] = {}

    def load(self, digest: Digest, recipe: str, plan: str) -> pl.DataFrame | None:
        """The observation, or None."""
        return self._frames.get((digest.hex, recipe, plan))

    def save(self, digest: Digest, recipe: str, plan: str, frame: pl.DataFrame) -> None:
        """Keep an observation."""
        self._frames[digest.hex, recipe, plan] = frame

    def has(self, digest: Digest, recipe: str, plan: str) -> bool:
        """Whether an observation is kept."""
        return (digest.hex, recipe, plan) in self._frames


Watcher = Callable[[str, int, int], None]
"""Told (what is being done, shards done, shards in all)."""

Name = tuple[str, str]


def _unwatched(_what: str, _done: int, _total: int) -> None:
    """Watch nothing."""


@dataclass(frozen=True)
class Job:
    """One component under one plan, wanted by one or more scanners."""

    component: Component
    plan: Plan

    @property
    def name(self) -> Name:
        """What makes two jobs the same."""
        return self.component.recipe, self.plan.digest


@dataclass(frozen=True)
class FirstPass:
    """Observers of first rounds, and the spill, riding along one pass over a shard's text."""

    digest: Digest
    jobs: Sequence[Job]
    observers: Sequence[Observer]
    spill: SpillWriter | None
    cache: Cache

    def see(self, batch: Batch) -> None:
        """Show the batch to everyone."""
        for observer in self.observers:
            observer.see(batch)
        if self.spill is not None:
            self.spill.see(batch)

    def finish(self, coverage: ShardCoverage) -> None:
        """Keep what was observed of a shard that was read as far as it goes."""
        del coverage
        if self.spill is not None:
            self.spill.close()
        for job, observer in zip(self.jobs, self.observers, strict=True):
            self.cache.save(self.digest, *job.name, observer.observation())


class Engine:
    """Runs scanners over shards. One engine serves one scan; use it as a context."""

    def __init__(
        self,
        scanners: Sequence[Scanner],
        *,
        cache: Cache | None = None,
        scratch: Path | None = None,
        workers: int = 2,
        watch: Watcher = _unwatched,
    ) -> None:
        self._scanners = scanners
        self._cache: Cache = MemoryCache() if cache is None else cache
        self._folder = tempfile.TemporaryDirectory(prefix="foretaste-", dir=scratch)
        self._workers = workers
        self._watch = watch
        later = [c for s in scanners for components in s.rounds[1:] for c in components]
        self._spills = any(component.input is Input.TOKENS for component in later)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def wants_text(self, digest: Digest) -> bool:
        """Whether first rounds have yet to see this shard's text."""
        return bool(self._unseen(digest))

    def first_pass(self, digest: Digest) -> FirstPass:
        """What a reader of this shard's text can feed, so that text is decoded once."""
        jobs = self._unseen(digest)
        observers = [job.component.observe(job.plan) for job in jobs]
        spill = SpillWriter(self._spill(digest)) if self._spills else None
        return FirstPass(digest, jobs, observers, spill, self._cache)

    def _unseen(self, digest: Digest) -> list[Job]:
        plans = [scanner.plan(0, {}) for scanner in self._scanners]
        return [
            job
            for job in _jobs(self._scanners, 0, plans)
            if job.component.input is Input.TEXT and not self._cache.has(digest, *job.name)
        ]

    def run(self, shards: Sequence[ShardView]) -> list[Finding]:
        """All rounds over all shards; findings in the one global rank, worst first."""
        observed: list[dict[str, pl.DataFrame]] = [{} for _ in self._scanners]
        rounds = max((len(scanner.rounds) for scanner in self._scanners), default=0)
        for number in range(rounds):
            running = [k for k, s in enumerate(self._scanners) if number < len(s.rounds)]
            plans = [self._scanners[k].plan(number, observed[k]) for k in running]
            jobs = _jobs([self._scanners[k] for k in running], number, plans)
            combined = self._observe(jobs, shards, f"round {number + 1} of {rounds}")
            for k, plan in zip(running, plans, strict=True):
                for component in self._scanners[k].rounds[number]:
                    observed[k][component.recipe] = combined[Job(component, plan).name]
        return self._judge(observed)

    def _judge(self, observed: Sequence[Observed]) -> list[Finding]:
        findings = [
            finding
            for scanner, seen in zip(self._scanners, observed, strict=True)
            for finding in scanner.judge(seen)
        ]
        return sorted(findings, key=lambda finding: finding.order)

    def _observe(
        self, jobs: Sequence[Job], shards: Sequence[ShardView], what: str
    ) -> dict[Name, pl.DataFrame]:
        combiners = {job.name: Combiner(job.component.schema) for job in jobs}
        unique = list({shard.digest: shard for shard in shards}.values())
        copies = Counter(shard.digest for shard in shards)

        def observe(shard: ShardView) -> list[pl.DataFrame]:
            for kind in Input:
                self._feed(shard, [job for job in jobs if job.component.input is kind], kind)
            return [self._kept(shard, job) for job in jobs]

        with ThreadPoolExecutor(self._workers) as pool:
            ahead = in_order(pool, observe, unique, self._workers + 1)
            for done, frames in enumerate(ahead, start=1):
                for job, frame in zip(jobs, frames, strict=True):
                    # A shard that lies there twice is observed once and counts twice, as its
                    # records would if they lay in one file.
                    for _ in range(copies[unique[done - 1].digest]):
                        combiners[job.name].add(frame)
                self._watch(what, done, len(unique))
        return {name: combiner.combined() for name, combiner in combiners.items()}

    def _kept(self, shard: ShardView, job: Job) -> pl.DataFrame:
        frame = self._cache.load(shard.digest, *job.name)
        if frame is None:
            raise StoreError(
                f"an observation of {job.component.recipe} was kept but cannot be read back",
                hint="run `foretaste store verify`",
            )
        return frame

    def _feed(self, shard: ShardView, jobs: Sequence[Job], kind: Input) -> None:
        missing = [job for job in jobs if not self._cache.has(shard.digest, *job.name)]
        if not missing:
            return
        if kind is Input.TEXT:
            self._read_text(shard)
            return
        observers = [job.component.observe(job.plan) for job in missing]
        if kind is Input.RECORDS:
            records = shard.records()
            for observer in observers:
                observer.see_records(records)
        elif kind is Input.TOKENS:
            for tokens in self._tokens(shard):
                for observer in observers:
                    observer.see_tokens(tokens)
        else:
            _feed_wanted(shard, missing, observers)
        for job, observer in zip(missing, observers, strict=True):
            self._cache.save(shard.digest, *job.name, observer.observation())

    def _read_text(self, shard: ShardView) -> None:
        shard.read(self.first_pass(shard.digest))

    def _tokens(self, shard: ShardView) -> Iterator[TokenBatch]:
        path = self._spill(shard.digest)
        if not path.exists():
            self._read_text(shard)
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


def _jobs(scanners: Sequence[Scanner], number: int, plans: Sequence[Plan]) -> list[Job]:
    pairs = zip(scanners, plans, strict=True)
    jobs = [Job(component, plan) for scanner, plan in pairs for component in scanner.rounds[number]]
    return list({job.name: job for job in jobs}.values())


def _feed_wanted(shard: ShardView, jobs: Sequence[Job], observers: Sequence[Observer]) -> None:
    """Read wanted documents, once for all jobs of one plan."""
    by_plan: dict[str, tuple[Plan, list[Observer]]] = {}
    for job, observer in zip(jobs, observers, strict=True):
        by_plan.setdefault(job.plan.digest, (job.plan, []))[1].append(observer)
    for plan, together in by_plan.values():
        if plan.wanted is not None and len(plan.wanted):
            for batch in shard.wanted(plan.wanted):
                for observer in together:
                    observer.see(batch)
