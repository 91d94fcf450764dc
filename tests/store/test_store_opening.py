"""Opening a store: its key, other processes, the journal, versions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lineage.errors import StoreBusyError, StoreError, UsageError
from lineage.ingest import ingest
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import (
    Destination,
    Store,
    canonical_dump,
    find_snapshot,
    open_store,
    snapshot_names,
    verify,
)
from lineage.store.schema import VERSION, migrate

HOLD = """
import sys, duckdb
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(store: Store) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the index open for writing until its stdin closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store.index)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_held_store_names_its_holder(store: Store, holder: subprocess.Popen[str]) -> None:
    impatient = replace(store, patience=0.05)
    with pytest.raises(StoreBusyError, match=str(holder.pid)), impatient.reading():
        pass
    with pytest.raises(StoreBusyError, match=str(holder.pid)), impatient.writing():
        pass
    assert holder.stdin is not None
    holder.stdin.close()
    with replace(store, patience=30).reading() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_the_key_is_secret_random_and_stays(tmp_path: Path) -> None:
    first, second = open_store(tmp_path / "a"), open_store(tmp_path / "b")
    assert first.key != second.key
    assert open_store(tmp_path / "a").key == first.key
    assert ((tmp_path / "a" / "key").stat().st_mode & 0o777) == 0o600


def test_a_hash_key_is_shared_by_those_who_know_it(tmp_path: Path) -> None:
    first = open_store(tmp_path / "a", hash_key="phrase")
    assert open_store(tmp_path / "b", hash_key="phrase").key == first.key
    assert open_store(tmp_path / "a", hash_key="phrase") == first
    with pytest.raises(UsageError, match="another hash key"):
        open_store(tmp_path / "a", hash_key="other")


def test_an_absent_store_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        open_store(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_the_index_can_be_read_by_the_oldest_duckdb_we_support(store: Store) -> None:
    connection = duckdb.connect(str(store.index), read_only=True)
    rows = connection.execute("SELECT tags FROM duckdb_databases() WHERE path IS NOT NULL")
    assert rows.fetchall()[0][0]["storage_version"].startswith("v1.5.0")
    connection.close()


def test_a_newer_schema_is_refused(store: Store) -> None:
    connection = duckdb.connect(str(store.index))
    connection.execute("UPDATE meta SET value = ? WHERE name = 'schema'", [VERSION + 1])
    with pytest.raises(StoreError, match="schema"):
        migrate(connection)
    connection.close()


def test_the_index_catches_up_with_the_journal(store: Store, corpus: Path, run: Any) -> None:
    behind = store.index.read_bytes()
    run(corpus)
    expected = list(canonical_dump(store))
    store.index.write_bytes(behind)
    with (store.root / "journal.jsonl").open("a") as journal:
        journal.write('{"kind":"shards","torn')
    run(corpus)
    assert list(canonical_dump(store)) == expected
    assert len(snapshot_names(store)) == 1
    assert verify(store) == []


def test_a_shortened_journal_is_noticed(store: Store, corpus: Path, run: Any) -> None:
    run(corpus)
    journal = store.root / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    assert [damage.what for damage in verify(store)] == [str(journal)]
    with pytest.raises(StoreError, match="shorter"), store.writing():
        pass


def test_a_damaged_index_says_how_to_rebuild(store: Store) -> None:
    store.index.write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreError) as caught, store.reading():
        pass
    assert "rebuild" in caught.value.hint


@pytest.mark.parametrize("left", ["journal.jsonl", "bundles", "observations"])
@pytest.mark.parametrize("create", [True, False])
def test_a_lost_key_is_not_replaced(tmp_path: Path, left: str, create: bool) -> None:
    (tmp_path / left).mkdir()
    with pytest.raises(StoreError, match="lost its key") as caught:
        open_store(tmp_path, create=create)
    assert "restore" in caught.value.hint
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("key", ["", "-5", "1" * 17, "0x12", "1_0", "+1", "no"])
def test_a_key_that_is_no_64_bits_is_refused(store: Store, key: str) -> None:
    (store.root / "key").write_text(key + "\n")
    with pytest.raises(StoreError, match="key of the store"):
        open_store(store.root)


def test_names_that_are_not_utf8_are_written_out(store: Store, corpus: Path) -> None:
    odd = "d\udcff"
    found = locate([str(corpus)], None)
    destination = Destination(odd, odd, odd, {odd: odd})
    snapshot, _ = ingest(store, found, destination, ReadingRecipe())
    assert (snapshot.dataset, snapshot.label) == ("d\\udcff", "d\\udcff")
    assert find_snapshot(store, f"{odd}@{odd}") == snapshot
    [name] = snapshot_names(open_store(store.root))
    assert name.source == "d\\udcff"


def test_a_commit_that_cannot_be_applied_leaves_no_trace(
    store: Store, corpus: Path, run: Any
) -> None:
    run(corpus)
    journal = store.root / "journal.jsonl"
    before = journal.read_bytes()
    with pytest.raises(duckdb.Error), store.writing() as writer:
        writer.commit([{"kind": "source", "name": "\udcff", "facts": {}}])
    assert journal.read_bytes() == before
    with pytest.raises(KeyError), store.writing() as writer:
        writer.commit([{"kind": "unheard of"}])
    assert journal.read_bytes() == before
    with store.writing() as writer:
        writer.commit([{"kind": "source", "name": "s", "facts": {}}])
    assert verify(store) == []
