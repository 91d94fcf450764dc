"""A window of time over the timestamps of records, in whole hours."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from lineage.errors import UsageError
from lineage.store.past import parse_moment
from lineage.times import hours


@dataclass(frozen=True)
class Window:
    """From the hour of ``since`` to that of ``until``, both included; None is without end.

    A date means its whole day. Timestamps without a zone, and their zones too, are read as UTC.
    """

    since: str | None = None
    until: str | None = None

    def __post_init__(self) -> None:
        """UsageError for what is no moment, and for a window that ends before it begins."""
        first, last = self.hours
        if first is not None and last is not None and last < first:
            raise UsageError(f"{self.until} is before {self.since}", hint="swap them")

    @property
    def open(self) -> bool:
        """Whether it leaves nothing out."""
        return self.since is None and self.until is None

    @property
    def hours(self) -> tuple[int | None, int | None]:
        """First and last hour since 1970."""
        return _hour(self.since, last=False), _hour(self.until, last=True)

    def split(self, rows: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        """bool[n] each: rows inside, and rows whose ``timestamp`` tells no time."""
        if self.open:
            always = pl.repeat(value=True, n=len(rows), dtype=pl.Boolean, eager=True)
            return always, ~always
        first, last = self.hours
        at = rows.select(hour=hours("timestamp"))["hour"]
        inside = at.is_not_null()
        inside &= (at >= first).fill_null(value=False) if first is not None else inside
        inside &= (at <= last).fill_null(value=False) if last is not None else inside
        return inside, at.is_null()


def _hour(moment: str | None, *, last: bool) -> int | None:
    if moment is None:
        return None
    hint = "give a date like 2026-01-31, or a time like 2026-01-31T12:00"
    return int(parse_moment(moment, end=last, hint=hint).timestamp()) // 3600
