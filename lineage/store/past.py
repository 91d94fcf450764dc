"""The store as of an earlier moment: the index is a fold of the journal, so fold less of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lineage.errors import UsageError
from lineage.store import journal
from lineage.store.commit import apply
from lineage.store.files import scratch
from lineage.store.journal import Event
from lineage.store.schema import migrate
from lineage.store.store import Store, connect


@contextmanager
def as_of(store: Store, moment: str) -> Iterator[Store]:
    """Lend the store as it was at a moment, read only.

    ``moment`` is a date (its whole day is included), a date and time in ISO 8601 (UTC unless it
    says otherwise), or the number of a journal event. UsageError for anything else.
    """
    there = _until(moment)
    events = [e for e in journal.events_from(store.root / "journal.jsonl", 0) if there(e)]
    with scratch(store.staging) as folder:
        past = folder / store.index.name
        connection = connect(past)
        try:
            migrate(connection)
            apply(connection, events, 0, store.root)
        finally:
            connection.close()
        yield replace(store, past=past)


def _until(moment: str) -> Callable[[Event], bool]:
    """Whether an event lies at or before a moment."""
    if moment.isdecimal():
        return lambda event: int(event["number"]) <= int(moment)
    hint = "give a date like 2026-01-31, a time like 2026-01-31T12:00, or an event's number"
    time = parse_moment(moment, end=True, hint=hint)
    return lambda event: datetime.fromisoformat(event["at"]) <= time


def parse_moment(moment: str, *, end: bool, hint: str) -> datetime:
    """A date or a time in ISO 8601; UTC unless it says otherwise. UsageError for anything else.

    A date is its first moment, or with ``end`` its last.
    """
    try:
        time = datetime.fromisoformat(moment)
    except ValueError as error:
        raise UsageError(f"{moment!r} is no moment", hint=hint) from error
    if end and len(moment) == len("2026-01-31"):
        time += timedelta(days=1, microseconds=-1)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
