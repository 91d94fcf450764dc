"""Whether a job's inputs were scanned: byte for byte, record by record, or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from foretaste.cli import main
from lineage.errors import UsageError
from lineage.fingerprint.digest import shard_digest
from lineage.ingest import ingest
from lineage.queries.manifest import Entry, read_manifest
from lineage.queries.verify import State, verify_manifest
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import StoredFinding, save_scan
from lineage.store.snapshots import Destination
from lineage.store.store import Store, open_store

TEXTS = [f"text number {n}" for n in range(30)]
HEX = "ab" * 32


def write(file: Path, texts: list[str]) -> Path:
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return file


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Give a store with a scanned shard, one that the scan did not read, and one only ingested."""
    home = tmp_path_factory.mktemp("verify")
    store = open_store(home / "store")
    files = [write(home / "scanned.jsonl", TEXTS[:20]), write(home / "failed.jsonl", TEXTS[18:24])]
    snapshot, _ = ingest(store, locate([*map(str, files)]), Destination("d", "1"), ReadingRecipe())
    digests = [str(shard_digest(file)) for file in files]
    covered = [
        {"path": file.name, "digest": digest, "status": status}
        for file, digest, status in zip(files, digests, ("scanned", "failed"), strict=True)
    ]
    facts = {"dataset": "d", "snapshot": "1", "coverage": covered, "failed": {}}
    member = hashlib.sha256(b"\4text" + (13).to_bytes(8, "little") + b"text number 3").hexdigest()
    bad = StoredFinding("HID001-1", "HID001", "high", "t", "r", 1, {"members": [member[:32]]})
    save_scan(store, snapshot.root, ["r"], [bad], facts)
    only = write(home / "ingested.jsonl", TEXTS[24:27])
    ingest(store, locate([str(only)]), Destination("e", "1"), ReadingRecipe())
    write(home / "again.jsonl", list(reversed(TEXTS[:20])))
    write(home / "part.jsonl", [TEXTS[0], TEXTS[25], "nobody knows this"])
    write(home / "mixed.jsonl", [TEXTS[22], TEXTS[26]])
    write(home / "new.jsonl", ["nor this"])
    (home / "broken.jsonl").write_text(json.dumps({"text": TEXTS[1]}) + "\n{broken\n")
    return store


def test_each_input_is_what_it_is(store: Store) -> None:
    home = store.root.parent
    listed = [
        "scanned.jsonl", "again.jsonl", "part.jsonl", "ingested.jsonl", "failed.jsonl",
        "mixed.jsonl", "new.jsonl", "broken.jsonl", "gone.jsonl",
    ]  # fmt: skip
    manifest = home / "list.txt"
    manifest.write_text("\n".join(listed) + "\n")
    answer = verify_manifest(store, manifest)
    states = {one.path: one.state for one in answer.inputs}
    assert states == {
        "scanned.jsonl": State.BYTES,
        "again.jsonl": State.RECORDS,
        "part.jsonl": State.PART,
        "ingested.jsonl": State.INGESTED,
        "failed.jsonl": State.PART,
        "mixed.jsonl": State.INGESTED,
        "new.jsonl": State.UNKNOWN,
        "broken.jsonl": State.PART,
        "gone.jsonl": State.UNREADABLE,
    }
    by_path = {one.path: one for one in answer.inputs}
    counts = by_path["part.jsonl"]
    assert (counts.documents, counts.scanned, counts.ingested) == (3, 1, 1)
    assert by_path["broken.jsonl"].opaque + by_path["broken.jsonl"].documents == 2
    assert [by_path[name].flagged for name in ("scanned.jsonl", "again.jsonl")] == [1, 1]
    (scan,) = by_path["again.jsonl"].scans
    assert (scan.unread, scan.high) == (1, 1)
    assert not answer.descends
    missing = [r for r in answer.rows().to_pylist() if r["path"] == "part.jsonl"]
    assert [(row["record"], row["known"]) for row in missing] == [(1, "ingested"), (2, "unknown")]
    assert answer.table().num_rows == len(listed)


def test_a_digest_alone_is_enough_where_it_was_scanned(store: Store) -> None:
    home = store.root.parent
    digests = [shard_digest(home / name).hex for name in ("scanned.jsonl", "ingested.jsonl")]
    manifest = home / "sums"
    manifest.write_text(f"{digests[0]}  elsewhere/a\n{digests[1]}  b\n{HEX}  c\n")
    states = [one.state for one in verify_manifest(store, manifest).inputs]
    assert states == [State.BYTES, State.INGESTED, State.UNREADABLE]
    manifest.write_text(f"{HEX}  scanned.jsonl\n")
    assert verify_manifest(store, manifest).inputs[0].state is State.CHANGED


def test_exit_codes(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    home = store.root.parent

    def run(name: str, *more: str) -> int:
        (home / "one.txt").write_text(name + "\n")
        arguments = ["verify", "--manifest", str(home / "one.txt"), "--store", str(store.root)]
        return main([*arguments, *more])

    assert run("again.jsonl") == 0
    assert "1 of 1 inputs descend" in capsys.readouterr().out
    assert run("again.jsonl", "--strict") == 1
    assert run("part.jsonl", "--format", "json") == 1


def as_parquet(file: Path, rows: list[dict[str, str]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows), file)


FORMS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "gnu": ("m", lambda f: f.write_text(f"{HEX}  a b\n{HEX} *c\n")),
    "escaped": ("m", lambda f: f.write_text(f"\\{HEX}  a b\n{HEX}  c\n")),
    "bsd": ("m", lambda f: f.write_text(f"SHA256 (a b) = {HEX}\nSHA256 (c) = {HEX.upper()}\n")),
    "json": ("m", lambda f: f.write_text(json.dumps([{"path": p, "sha256": HEX} for p in NAMES]))),
    "subject": (
        "m",
        lambda f: f.write_text(
            json.dumps({"subject": [{"name": p, "digest": {"sha256": HEX}} for p in NAMES]})
        ),
    ),
    "files": ("m", lambda f: f.write_text(json.dumps({"files": dict.fromkeys(NAMES, HEX)}))),
    "jsonl": (
        "m.jsonl",
        lambda f: f.write_text(
            "\n".join(json.dumps({"path": p, "digest": f"sha256:{HEX}"}) for p in NAMES)
        ),
    ),
    "parquet": (
        "m.parquet",
        lambda f: as_parquet(f, [{"path": p, "sha256": HEX} for p in NAMES]),
    ),
}
NAMES = ("a b", "c")


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_a_manifest_say_the_same(form: str, tmp_path: Path) -> None:
    name, make = FORMS[form]
    make(tmp_path / name)
    entries = read_manifest(tmp_path / name)
    assert [(one.path, one.digest and one.digest.hex) for one in entries] == [
        (path, HEX) for path in NAMES
    ]


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "[]", "{}", "[3]", '[{"path": "a", "sha256": "12"}]', "[1", "\udcff"],
)
def test_what_is_no_manifest_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "m"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError):
        read_manifest(file)


def test_plain_paths_are_paths(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("# inputs\na b.jsonl\n\nc\n")
    assert read_manifest(tmp_path / "m") == [Entry("a b.jsonl", None), Entry("c", None)]
