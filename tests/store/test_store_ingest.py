"""What an ingest promises: every shard once, nothing lost, one root, any order."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lineage.errors import ReadingError, StoreError, UsageError
from lineage.fingerprint.batch import Batch
from lineage.fingerprint.digest import shard_digest
from lineage.ingest import Options, Progress, bundle_recipe, ingest, pass_over
from lineage.model import Digest, Shard, ShardCoverage, Status
from lineage.shards import open_shard
from lineage.shards.locate import Located, locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import (
    Bundle,
    Destination,
    Store,
    canonical_dump,
    committed_shards,
    find_snapshot,
    info,
    open_store,
    rebuild,
    snapshot_names,
    verify,
)
from lineage.store.snapshots import snapshot_root
from lineage.wanted import is_in, read_wanted


def bundles(store: Store) -> list[Path]:
    return sorted((store.root / "bundles").glob("*/*"))


def test_records_are_documents_plus_quarantined(store: Store, corpus: Path, run: Any) -> None:
    snapshot, coverage = run(corpus)
    assert coverage.complete and len(coverage.shards) == len(snapshot.shards) == 4
    assert coverage.total("records") == 204
    assert coverage.total("documents") == 200
    assert coverage.total("quarantined") == 4
    told = info(store)
    assert (told.records, told.documents, told.quarantined) == (204, 200, 4)
    for (_, recipe), shard in committed_shards(store).items():
        bundle = Bundle.of(store.root, shard.digest, recipe)
        readings = bundle.records()["reading"]
        remarks = bundle.remarks()
        assert int((readings == 0).sum()) == shard.documents
        assert remarks.filter(remarks["quarantined"])["record"].n_unique() == shard.quarantined
        assert shard.records == shard.documents + shard.quarantined


def test_ingesting_again_opens_nothing_and_writes_nothing(
    store: Store, corpus: Path, run: Any, openings: Any
) -> None:
    first = run(corpus, label="one")
    assert len(openings.names) == 4
    journal = (store.root / "journal.jsonl").read_bytes()
    assert run(corpus, label="one") == first
    assert len(openings.names) == 4
    assert (store.root / "journal.jsonl").read_bytes() == journal


def test_a_shard_under_two_paths_has_one_bundle(
    store: Store, corpus: Path, run: Any, openings: Any
) -> None:
    shutil.copy(corpus / "shard-0.jsonl", corpus / "copy.jsonl")
    snapshot, coverage = run(corpus)
    assert len(snapshot.shards) == len(coverage.shards) == 5
    assert Path(coverage.shards[0].path).name == "copy.jsonl"
    assert len(bundles(store)) == len(openings.names) == 4


def test_a_new_shard_is_all_that_is_read(corpus: Path, run: Any, openings: Any) -> None:
    run(corpus)
    text = (corpus / "shard-0.jsonl").read_text()
    (corpus / "new.jsonl").write_text(text.replace("river", "stream"))
    snapshot, _ = run(corpus)
    assert openings.names[4:] == ["new.jsonl"]
    assert len(snapshot.shards) == 5


def test_the_root_does_not_depend_on_order(corpus: Path, tmp_path: Path) -> None:
    located = locate([str(corpus)], None)
    dumps, roots = [], []
    for name, order in (("a", located), ("b", located[::-1])):
        store = open_store(tmp_path / name)
        snapshot, _ = ingest(store, order, Destination("d"), ReadingRecipe(), Options(workers=1))
        roots.append(snapshot.root)
        dumps.append(list(canonical_dump(store)))
    assert roots[0] == roots[1] == snapshot_root(snapshot.shards[::-1])
    assert dumps[0] == dumps[1]


def test_a_snapshot_never_changes(store: Store, corpus: Path, run: Any) -> None:
    before, _ = run(corpus, label="v1")
    (corpus / "shard-0.jsonl").unlink()
    with pytest.raises(UsageError, match="holds other shards"):
        run(corpus, label="v1")
    after, _ = run(corpus, label="v2")
    assert find_snapshot(store, "d@v1") == before
    assert find_snapshot(store, "d") == after
    assert find_snapshot(store, after.root.hex[:8]) == after
    assert len(snapshot_names(store)) == 2
    with pytest.raises(UsageError, match="no snapshot"):
        find_snapshot(store, "other")


def test_trusted_times_save_the_hashing(
    corpus: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lineage.ingest as module  # noqa: PLC0415

    hashed: list[str] = []

    def counted(path: Path) -> Digest:
        hashed.append(path.name)
        return shard_digest(path)

    monkeypatch.setattr(module, "shard_digest", counted)
    before = run(corpus)
    assert len(hashed) == 4
    assert run(corpus, trust_mtime=True) == before
    assert len(hashed) == 4
    file = corpus / "shard-2.jsonl"
    os.utime(file, ns=(1, 1))
    assert run(corpus, trust_mtime=True) == before
    assert hashed[4:] == ["shard-2.jsonl"]
    run(corpus)
    assert len(hashed) == 9


def test_failing_shards_cost_no_others(store: Store, corpus: Path, run: Any) -> None:
    def fail_one(located: Located, recipe: ReadingRecipe) -> Any:
        if located.file.name == "shard-1.jsonl":
            raise ReadingError("cannot be opened")
        if located.file.name == "shard-2.jsonl":
            raise ZeroDivisionError("a bug in a reader")
        return open_shard(located, recipe)

    snapshot, coverage = run(corpus, open_reader=fail_one)
    ends = {Path(shard.path).name: shard for shard in coverage.shards}
    assert not coverage.complete
    assert ends["shard-1.jsonl"].status is Status.FAILED
    assert ends["shard-1.jsonl"].detail == "cannot be opened"
    assert "ZeroDivisionError" in ends["shard-2.jsonl"].detail
    assert len(snapshot.shards) == 4
    assert len(bundles(store)) == 2
    assert verify(store) == []
    again, healed = run(corpus)
    assert again == snapshot
    assert healed.complete
    assert [row.status for row in committed_shards(store).values()] == ["scanned"] * 4


def test_a_full_disk_is_the_stores_fault(corpus: Path, run: Any) -> None:
    def full(_shard: Shard) -> Sequence[Counter]:
        class Writing(Counter):
            def finish(self, _coverage: ShardCoverage) -> None:
                raise OSError(errno.ENOSPC, "no space left")

        return (Writing(),)

    with pytest.raises(StoreError, match="cannot be written"):
        run(corpus, make_taps=full)


def test_a_missing_or_unknown_file_is_reported(store: Store, corpus: Path, tmp_path: Path) -> None:
    (corpus / "notes.xyz").write_text("not a shard")
    gone = Located(tmp_path / "gone.jsonl", "gone.jsonl")
    located = [*locate([str(corpus)], None), gone]
    snapshot, coverage = ingest(store, located, Destination("d"), ReadingRecipe())
    ends = {Path(shard.path).name: shard.status for shard in coverage.shards}
    assert ends["gone.jsonl"] is Status.FAILED
    assert ends["notes.xyz"] is Status.SKIPPED
    assert len(snapshot.shards) == 4


def test_a_file_that_changes_while_it_is_read_fails(corpus: Path, run: Any) -> None:
    def change(located: Located, recipe: ReadingRecipe) -> Any:
        if located.file.name == "shard-1.jsonl":
            with located.file.open("a") as file:
                file.write('{"text": "late"}\n')
        return open_shard(located, recipe)

    _, coverage = run(corpus, open_reader=change)
    (failed,) = [shard for shard in coverage.shards if shard.status is Status.FAILED]
    assert "changed" in failed.detail


class Counter:
    """A tap that counts."""

    def __init__(self, fail: bool = False) -> None:
        self.rows = 0
        self.end: ShardCoverage | None = None
        self.fail = fail

    def see(self, batch: Batch) -> None:
        self.rows += len(batch)

    def finish(self, coverage: ShardCoverage) -> None:
        self.end = coverage
        if self.fail:
            raise ValueError("tap")


def test_taps_ride_along_and_read_again_without_rewriting(
    store: Store, corpus: Path, run: Any, openings: Any
) -> None:
    taps: dict[str, Counter] = {}

    def make(shard: Shard) -> Sequence[Counter]:
        taps[Path(shard.path).name] = Counter()
        return (taps[Path(shard.path).name],)

    run(corpus, make_taps=make)
    written = {path: path.stat().st_mtime_ns for path in bundles(store)}
    first = {name: (tap.rows, tap.end) for name, tap in taps.items()}
    assert all(tap.end is not None and tap.rows >= 50 for tap in taps.values())
    run(corpus, make_taps=make)
    assert {name: (tap.rows, tap.end) for name, tap in taps.items()} == first
    assert len(openings.names) == 8
    assert {path: path.stat().st_mtime_ns for path in bundles(store)} == written
    run(corpus, make_taps=lambda _shard: ())
    assert len(openings.names) == 8


def test_a_failing_tap_leaves_no_bundle(store: Store, corpus: Path, run: Any) -> None:
    _, coverage = run(corpus, make_taps=lambda _shard: (Counter(fail=True),))
    assert not coverage.complete
    assert bundles(store) == []


def test_pass_over_without_a_store(corpus: Path) -> None:
    located = locate([str(corpus)], None)[0]
    tap = Counter()
    coverage = pass_over(open_shard(located, ReadingRecipe()), None, 1, [tap])
    assert coverage.documents == 50 and tap.end == coverage


def test_progress_hears_of_every_shard(corpus: Path, run: Any) -> None:
    heard: list[tuple[str, bool]] = []

    class Listener(Progress):
        def finished(self, shard: Shard, coverage: ShardCoverage, reused: bool) -> None:
            heard.append((Path(shard.path).name, reused))
            assert coverage.status is Status.SCANNED

    run(corpus, progress=Listener())
    assert sorted(heard) == [(f"shard-{k}.jsonl", False) for k in range(4)]
    run(corpus, progress=Listener())
    assert sorted(heard[4:]) == [(f"shard-{k}.jsonl", True) for k in range(4)]


def test_an_interrupt_stops_the_run_and_keeps_what_was_committed(
    store: Store, corpus: Path, run: Any, openings: Any
) -> None:
    class Impatient(Progress):
        def finished(self, *_: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(corpus, progress=Impatient(), workers=1)
    assert 1 <= len(committed_shards(store)) < 4 or len(openings.names) == 4
    assert list((store.root / "staging").iterdir()) == []
    done = len(committed_shards(store))
    before = len(openings.names)
    _, coverage = run(corpus)
    assert coverage.complete
    assert len(openings.names) - before <= 4 - done


def test_verify_finds_a_flipped_byte_and_ingest_heals(
    store: Store, corpus: Path, run: Any, openings: Any
) -> None:
    run(corpus)
    clean = list(canonical_dump(store))
    assert verify(store) == []
    for name in ("records.parquet", "remarks.parquet", "coverage.json"):
        bundle = bundles(store)[1]
        data = bytearray((bundle / name).read_bytes())
        data[len(data) // 2] ^= 4
        (bundle / name).write_bytes(data)
        (damage,) = verify(store)
        assert damage.what == str(bundle)
        assert str(bundle) in damage.remedy
        shutil.rmtree(bundle)
        assert "missing" in verify(store)[0].why
        before = len(openings.names)
        run(corpus)
        assert len(openings.names) == before + 1
        assert verify(store) == []
        assert list(canonical_dump(store)) == clean


def test_a_rebuilt_index_says_the_same(store: Store, corpus: Path, run: Any) -> None:
    run(corpus, label="one")
    (corpus / "shard-3.jsonl").unlink()
    run(corpus, label="two")
    before = list(canonical_dump(store))
    store.index.write_bytes(b"rubbish")
    rebuild(store)
    assert list(canonical_dump(store)) == before
    store.index.unlink()
    rebuild(store)
    assert list(canonical_dump(store)) == before


def test_sources_are_declared_once(store: Store, corpus: Path) -> None:
    located = locate([str(corpus)], None)
    there = Destination("d", "one", "forum", {"licence": "CC0"})
    for destination in (there, there, replace(there, facts={"publisher": "we"})):
        ingest(store, located, destination, ReadingRecipe())
    (line,) = [line for line in canonical_dump(store) if '"table":"entity"' in line]
    assert "CC0" in line and "publisher" in line
    assert snapshot_names(store)[0].source == "forum"
    assert len(snapshot_names(store)) == 1


def test_wanted_documents_are_read_again(store: Store, corpus: Path, run: Any) -> None:
    run(corpus)
    located = locate([str(corpus)], None)[0]
    recipe = ReadingRecipe()
    digest = find_snapshot(store, "d").shards[0].digest
    records = Bundle.of(store.root, digest, bundle_recipe(located, recipe)).records()
    rows = records.filter(records["reading"] == 0)[[5, 49, 0]]
    wanted = np.unique(rows[["doc_hi", "doc_lo"]].to_numpy(), axis=0)
    batches = list(read_wanted(store, located, digest, recipe, wanted))
    found = np.concatenate([batch.documents.record for batch in batches])
    assert sorted(found) == sorted(rows["record"])
    assert all(len(batch) == len(batch.documents.leaves) for batch in batches)
    nothing = np.zeros((0, 2), np.uint64)
    assert list(read_wanted(store, located, digest, recipe, nothing)) == []
    located.file.write_text('{"text": "something else"}\n')
    with pytest.raises(ReadingError, match="no longer"):
        list(read_wanted(store, located, digest, recipe, wanted))


def test_membership_agrees_with_sets() -> None:
    draw = np.random.default_rng(3)
    doc = draw.integers(0, 4, (500, 2), dtype=np.uint64)
    wanted = np.unique(draw.integers(0, 4, (7, 2), dtype=np.uint64), axis=0)
    expected = [tuple(row) in set(map(tuple, wanted.tolist())) for row in doc.tolist()]
    assert is_in(doc, wanted).tolist() == expected
