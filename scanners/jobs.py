"""One component under one plan, and an observer at work on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.model import Digest, ShardCoverage
from scanners.cache import Cache
from scanners.failures import Failures
from scanners.scanner import Component, Observer, Plan, Scanner
from scanners.spill import SpillWriter

Name = tuple[str, str]
"""Component name and plan digest."""


@dataclass(frozen=True)
class Job:
    """One component under one plan, wanted by one or more scanners."""

    component: Component
    plan: Plan

    @property
    def name(self) -> Name:
        """What makes two jobs the same."""
        return self.component.name, self.plan.digest

    @property
    def kept_as(self) -> Name:
        """Under what an observation of a shard is kept, whichever side the shard is on."""
        return self.component.recipe, self.plan.digest


def jobs_of(number: int, plans: Iterable[tuple[Scanner, Plan]]) -> list[Job]:
    """The distinct jobs of a round."""
    jobs = [Job(component, plan) for scanner, plan in plans for component in scanner.rounds[number]]
    return list({job.name: job for job in jobs}.values())


@dataclass(frozen=True)
class Work:
    """An observer at work on one shard. What goes wrong is noted under its job, and ends it."""

    job: Job
    observer: Observer
    failures: Failures

    def see(self, batch: Batch) -> None:
        """Show it a batch with text."""
        if self.failures.reason(self.job.name) is None:
            with self.failures.guard(self.job.name):
                self.observer.see(batch)

    def see_tokens(self, batch: TokenBatch) -> None:
        """Show it a batch without text."""
        if self.failures.reason(self.job.name) is None:
            with self.failures.guard(self.job.name):
                self.observer.see_tokens(batch)

    def see_records(self, records: pl.DataFrame) -> None:
        """Show it the bundle rows of the shard."""
        with self.failures.guard(self.job.name):
            self.observer.see_records(records)

    def keep(self, cache: Cache, digest: Digest) -> None:
        """Keep what it measured."""
        if self.failures.reason(self.job.name) is None:
            with self.failures.guard(self.job.name):
                cache.save(digest, *self.job.kept_as, self.observer.observation())


def start(jobs: Iterable[Job], failures: Failures) -> list[Work]:
    """Observers of these jobs, ready for one shard."""
    works = []
    for job in jobs:
        with failures.guard(job.name):
            works.append(Work(job, job.component.observe(job.plan), failures))
    return works


@dataclass(frozen=True)
class FirstPass:
    """Observers of first rounds, and the spill, riding along one pass over a shard's text."""

    digest: Digest
    works: Sequence[Work]
    spill: SpillWriter | None
    cache: Cache

    def see(self, batch: Batch) -> None:
        """Show the batch to everyone."""
        for work in self.works:
            work.see(batch)
        if self.spill is not None:
            self.spill.see(batch)

    def finish(self, coverage: ShardCoverage) -> None:
        """Keep what was observed of a shard that was read as far as it goes."""
        del coverage
        if self.spill is not None:
            self.spill.close()
        for work in self.works:
            work.keep(self.cache, self.digest)
