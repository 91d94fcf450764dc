"""Which store a function of the API means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, environ
from pathlib import Path

from lineage.store.past import as_of as as_of_moment
from lineage.store.store import Store
from lineage.store.store import open_store as open_store_at

Where = str | PathLike[str] | Store | None
"""A store: its folder, itself, or None for ``FORETASTE_STORE`` or ``.foretaste``."""
DEFAULT_STORE = ".foretaste"


def open_store(
    path: str | PathLike[str] | None = None, *, create: bool = True, hash_key: str | None = None
) -> Store:
    """Open a store; by default ``FORETASTE_STORE`` or ``.foretaste``. StoreError if not there."""
    where = path or environ.get("FORETASTE_STORE") or DEFAULT_STORE
    return open_store_at(Path(where), create=create, hash_key=hash_key)


def opened(store: Where, *, create: bool = False) -> Store:
    """A store to ask: open already, or one that is there; StoreError if it is not."""
    return store if isinstance(store, Store) else open_store(store, create=create)


@contextmanager
def opened_as_of(store: Where, moment: str | None) -> Iterator[Store]:
    """A store to ask, as it was at a moment. UsageError for a moment that is none."""
    there = opened(store)
    if moment is None:
        yield there
        return
    with as_of_moment(there, moment) as past:
        yield past
