"""The store's folder, its key, and short connections to its index.

::

    .foretaste/
      key                 64-bit secret of the counting hashes, mode 0600
      journal.jsonl       what was committed, in order
      lineage.duckdb      the index: a fold of the journal
      bundles/<shard digest>/<recipe>/   records passages remarks .parquet, coverage.json
      segments/<content>/ sorted arrays for look-ups, made from the bundles
      readings/<name>.json   options of reading behind a recipe's name
      observations/<shard digest>/<component recipe>/<plan digest>-<content>.parquet
      scans/<scan>.json   findings of a scan
      takedown.key        secret of the tombstones, mode 0600
      takedowns/<id>/     tombstones, rows and receipts of a takedown
      staging/            scratch folders of running writers

DuckDB lets one process write or many read, so connections are opened late and closed early,
and an open that meets another process is tried again for a bounded time.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from lineage.errors import StoreBusyError, StoreError, UsageError
from lineage.store import journal
from lineage.store.commit import apply
from lineage.store.files import flush_folder, scratch
from lineage.store.schema import VERSION, meta, migrate, version_of

STORAGE_VERSION = "v1.5.0"
"""Oldest DuckDB that must be able to read the index."""

_HOLDER = re.compile(r"Conflicting lock is held in (.+?) \(PID (\d+)\)")
_KEY = re.compile(r"[0-9a-fA-F]{1,16}")
_OPENING = threading.RLock()
"""One connection at a time in this process: DuckDB refuses mixed modes on one file."""


@dataclass(frozen=True)
class Writer:
    """An open index with the right to write; commits are journalled first."""

    connection: duckdb.DuckDBPyConnection
    root: Path

    def commit(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Commit events of kinds ``shards source graph snapshot scan takedown returned`` as one."""
        last = "SELECT coalesce(max(number), 0) FROM event"
        ((number,),) = self.connection.execute(last).fetchall()
        at = datetime.now(UTC).isoformat(timespec="seconds")
        numbered = [{**event, "number": number + k, "at": at} for k, event in enumerate(events, 1)]
        path, before = self.root / "journal.jsonl", meta(self.connection, "journal")
        try:
            end = journal.append(path, numbered)
            apply(self.connection, numbered, end, self.root)
        except Exception:
            # Events that cannot be applied would fail every open. Where the index cannot say
            # that it is without them, they stay, and the next writer catches up.
            with suppress(duckdb.Error):
                if meta(self.connection, "journal") == before:
                    journal.cut_back(path, before)
            raise

    def catch_up(self) -> None:
        """Apply what the journal holds beyond the index's mark."""
        path = self.root / "journal.jsonl"
        end = journal.cut_torn_line(path)
        mark = meta(self.connection, "journal")
        if mark > end:
            raise StoreError(
                f"the journal {path} is shorter than its index remembers",
                hint="restore journal.jsonl from a copy, or run `foretaste store rebuild`",
            )
        if mark < end:
            apply(self.connection, list(journal.events_from(path, mark)), end, self.root)


@dataclass(frozen=True)
class Store:
    """A lineage store. ``key`` is the 64-bit secret of the counting hashes.

    ``patience`` is how long (seconds) an open waits for another process. ``past`` is the index
    of an earlier moment, where the store is looked at as of then; it cannot be written to.
    """

    root: Path
    key: int
    patience: float = field(default=15.0, compare=False)
    past: Path | None = None

    @property
    def index(self) -> Path:
        """The DuckDB file."""
        return self.past or self.root / "lineage.duckdb"

    @property
    def staging(self) -> Path:
        """Scratch folders of running writers."""
        return self.root / "staging"

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a read-only connection; StoreBusyError if a writer keeps the index too long."""
        with _OPENING:
            connection = self._connect(read_only=True)
            if version_of(connection) != VERSION:
                connection.close()
                with self.writing():
                    pass
                connection = self._connect(read_only=True)
            try:
                yield connection
            finally:
                connection.close()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Lend the right to write; the index is migrated and has caught up with the journal."""
        if self.past is not None:
            raise StoreError("the past cannot be written to", hint="leave out --as-of")
        with _OPENING:
            connection = self._connect(read_only=False)
            try:
                migrate(connection)
                writer = Writer(connection, self.root)
                writer.catch_up()
                yield writer
            finally:
                connection.close()

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        if not self.index.exists():
            raise StoreError(
                f"the store {self.root} has no index",
                hint="run `foretaste store rebuild` to make it from the journal",
            )
        deadline = time.monotonic() + self.patience
        pause = 0.01
        while True:
            try:
                return connect(self.index, read_only=read_only)
            except duckdb.IOException as error:
                holder = _HOLDER.search(str(error))
                if holder is None:
                    raise _unreadable(self.index, error) from error
                if time.monotonic() >= deadline:
                    raise _busy(self.root, holder[1], holder[2]) from error
            except duckdb.Error as error:
                raise _unreadable(self.index, error) from error
            time.sleep(pause)
            pause = min(pause * 2, 0.25)


def connect(index: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file the way every part of the store does."""
    config: dict[str, str | bool | int | float | list[str]] = {"threads": 2}
    if not read_only:
        config["storage_compatibility_version"] = STORAGE_VERSION
    return duckdb.connect(str(index), read_only=read_only, config=config)


def open_store(path: str | Path, *, create: bool = True, hash_key: str | None = None) -> Store:
    """Open the store at ``path``, made first if need be.

    ``hash_key`` makes the counting hashes of a new store follow from a phrase instead of
    chance; for an existing store it must be the phrase that made it. StoreError if there is no
    store and ``create`` is false, or if the key of an existing one is missing or damaged.
    """
    root = Path(path).absolute()
    key_file = root / "key"
    if not key_file.exists():
        _refuse_keyless(root)
        if not create:
            raise StoreError(
                f"there is no store at {path}",
                hint="name one with --store or FORETASTE_STORE, or run `foretaste ingest` first",
            )
        _make(root, hash_key)
    key = _read_key(key_file)
    if hash_key is not None and key != _derived(hash_key):
        raise UsageError(
            f"the store {path} was made with another hash key",
            hint="leave out --hash-key, or use a new store",
        )
    store = Store(root, key)
    if not store.index.exists() and not (root / "journal.jsonl").exists():
        make_index(store)
    return store


def make_index(store: Store, *, replace: bool = False) -> None:
    """Make the index from the journal aside, and put it in place (of the old one, if asked)."""
    with scratch(store.staging) as folder:
        fresh = folder / store.index.name
        connection = connect(fresh)
        try:
            migrate(connection)
            Writer(connection, store.root).catch_up()
        finally:
            connection.close()
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        if replace:
            store.index.with_name(store.index.name + ".wal").unlink(missing_ok=True)
            fresh.replace(store.index)
        else:
            # A link, unlike a rename, never replaces the work of somebody who was first.
            with suppress(FileExistsError):
                store.index.hardlink_to(fresh)
    flush_folder(store.root)


def _make(root: Path, hash_key: str | None) -> None:
    with scratch(root / "staging") as folder:
        file = folder / "key"
        secret = secrets.randbits(64) if hash_key is None else _derived(hash_key)
        file.touch(mode=0o600)
        file.write_text(f"{secret:016x}\n", encoding="ascii")
        with suppress(FileExistsError):
            (root / "key").hardlink_to(file)
    flush_folder(root)


def _refuse_keyless(root: Path) -> None:
    """A new key would make all that was counted with the lost one wrong, and nobody would know."""
    left = [name for name in ("journal.jsonl", "bundles", "observations") if (root / name).exists()]
    # A process that makes this very store writes its key first: look once more.
    if left and not (root / "key").exists():
        raise StoreError(
            f"the store {root} has lost its key, but still holds {', '.join(left)}",
            hint="restore the file `key` from a copy, or use a new store",
        )


def _derived(phrase: str) -> int:
    return int.from_bytes(hashlib.sha256(phrase.encode()).digest()[:8], "big")


def _read_key(file: Path) -> int:
    try:
        text = file.read_text(encoding="ascii").strip()
        if not _KEY.fullmatch(text):
            raise ValueError("it is not a number of 64 bits, in hexadecimal digits")
        return int(text, 16)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"the key of the store cannot be read: {error}",
            hint="restore the file `key` from a copy; without it cached counts cannot be used",
        ) from error


def _busy(root: Path, program: str, pid: str) -> StoreBusyError:
    return StoreBusyError(
        f"the store {root} is in use by process {pid} ({Path(program).name})",
        hint=f"wait until process {pid} has ended, or use another store",
    )


def _unreadable(index: Path, error: duckdb.Error) -> StoreError:
    return StoreError(
        f"the index {index} cannot be opened: {str(error).splitlines()[0]}",
        hint="run `foretaste store rebuild` to make it again from the journal",
    )
