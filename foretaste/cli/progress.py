"""How far a run is, on stderr: bars on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from foretaste.cli.talk import say
from lineage.model import Shard, ShardCoverage
from scanners.corpus import Watch

PAUSE = 5.0
"""Seconds between plain lines."""


@contextmanager
def watching(quiet: bool) -> Iterator[Watch]:
    """The watcher for this stderr."""
    if quiet or sys.stderr is None:
        yield Watch()
    elif sys.stderr.isatty():
        with Bars() as bars:
            yield bars
    else:
        yield Lines()


class Meter(Watch):
    """Follows phases: what is being done, how much of it is done, of how much."""

    def __init__(self) -> None:
        self.what = ""
        self.done = self.total = self.records = 0
        self.started = time.monotonic()

    def hashing(self, shards: int, size: int) -> None:
        """Begin to hash."""
        self._begin(f"hashing {shards:,} files", size)

    def hashed(self, path: str, size: int) -> None:
        """Count one file."""
        del path
        self._reach(self.done + size)

    def reading(self, shards: int, size: int) -> None:
        """Begin to read."""
        self._begin(f"reading {shards:,} shards", size)

    def read(self, path: str, records: int) -> None:
        """Count records; only finished shards move the bar."""
        del path
        self.records += records
        self._reach(self.done)

    def finished(self, shard: Shard, coverage: ShardCoverage, reused: bool) -> None:
        """Count one shard."""
        del coverage, reused
        self._reach(self.done + shard.bytes)

    def scanning(self, what: str, done: int, total: int) -> None:
        """Follow the rounds."""
        if self.what != f"scanning, {what}":
            self._begin(f"scanning, {what}", total)
        self._reach(done)

    def _begin(self, what: str, total: int) -> None:
        self.what, self.done, self.total = what, 0, total
        self.started = time.monotonic()

    def _reach(self, done: int) -> None:
        self.done = done


class Lines(Meter):
    """A line every few seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._last = time.monotonic()

    def _reach(self, done: int) -> None:
        super()._reach(done)
        now = time.monotonic()
        if now - self._last >= PAUSE:
            self._last = now
            say(self.line(now))

    def line(self, now: float) -> str:
        """For instance ``reading 8 shards: 50 %, 1,000 records, about 12 s left``."""
        share = self.done / self.total if self.total else 1.0
        parts = [f"{100 * share:.0f} %"]
        if self.records and self.what.startswith("reading"):
            parts.append(f"{self.records:,} records")
        if 0 < share < 1:
            parts.append(f"about {(now - self.started) * (1 - share) / share:.0f} s left")
        return f"{self.what}: {', '.join(parts)}"


class Bars(Meter):
    """A bar a phase, which go when the run ends."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import (  # noqa: PLC0415
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[records]}", markup=False),
            TimeRemainingColumn(),
            console=Console(stderr=True, markup=False, emoji=False, highlight=False),
            transient=True,
        )
        self._task = self._bars.add_task("starting", total=None, records="")

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def _begin(self, what: str, total: int) -> None:
        super()._begin(what, total)
        self._bars.reset(self._task, total=total, description=what, records="")

    def _reach(self, done: int) -> None:
        super()._reach(done)
        records = f"{self.records:,} records" if self.what.startswith("reading") else ""
        self._bars.update(self._task, completed=done, records=records)
