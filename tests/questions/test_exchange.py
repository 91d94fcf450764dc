"""Two stores compare through a file that has no text, no digest, and nothing for others."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage.errors import RecipeMismatchError, UsageError
from lineage.ingest import ingest
from lineage.queries.exchange import exchange_compare, exchange_export
from lineage.queries.exchange_file import BYTES, SharedKey, make_key
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import StoredFinding, save_scan
from lineage.store.snapshots import Destination
from lineage.store.store import Store, open_store

BODY = " ".join(f"word{n}" for n in range(60))
TEXTS = [f"{n} {BODY} {n * n} {n + 7} {BODY[n:]}" for n in range(12)]


def document(text: str) -> str:
    framed = b"\4text" + len(text.encode()).to_bytes(8, "little") + text.encode()
    return hashlib.sha256(framed).hexdigest()[:32]


def finding(code: str, key: str, severity: str, texts: list[str]) -> StoredFinding:
    payload = {"key": key, "members": [document(text) for text in texts]}
    return StoredFinding(f"{code}-1", code, severity, f"about {key}", "r", len(texts), payload)


def filled(home: Path, texts: list[str], findings: list[StoredFinding]) -> Store:
    home.mkdir()
    store = open_store(home / "store")
    (home / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    located = locate([str(home / "a.jsonl")])
    snapshot, _ = ingest(store, located, Destination("d", "1"), ReadingRecipe())
    save_scan(store, snapshot.root, ["r"], findings)
    return store


MINE = [*TEXTS[:8], TEXTS[8].upper(), TEXTS[9].replace("word30 ", "")]
THEIRS = TEXTS[4:]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Store, Path]:
    """Give mine, theirs, and the file of a key; four texts are in both."""
    home = tmp_path_factory.mktemp("exchange")
    mine = filled(
        home / "mine",
        MINE,
        [finding("TRG001", "<SUDO>", "high", MINE[5:6]), finding("HID001", "x", "low", MINE[:1])],
    )
    theirs = filled(
        home / "theirs",
        THEIRS,
        [
            finding("TRG001", "<SUDO>", "medium", [TEXTS[6], TEXTS[8]]),
            finding("TRG002", "other", "high", [TEXTS[11]]),
            finding("TRG003", "a lead", "lead", THEIRS),
        ],
    )
    make_key(home / "key")
    return mine, theirs, home / "key"


def test_shares_findings_and_flagged_documents(stores: tuple[Store, Store, Path]) -> None:
    mine, theirs, key = stores
    file = key.with_name("theirs.exchange")
    done = exchange_export(theirs, file, key, near=True)
    assert (done.documents, done.findings, done.flagged) == (8, 2, 3)
    answer = exchange_compare(mine, file, key)
    levels = {
        one.level: (one.mine, one.of_mine, one.theirs, one.of_theirs) for one in answer.levels
    }
    assert levels["exact"] == (4, 10, 4, 8)
    assert levels["words"] == (5, 10, 5, 8)
    assert levels["near"][0] >= 6
    (common,) = answer.findings
    assert (common.id, common.severity, common.their_severity) == ("TRG001-1", "high", "medium")
    assert (common.members, common.their_members, common.same) == (1, 2, True)
    flagged = answer.flagged_rows().to_pylist()
    assert [(row["match"], row["code"], row["record"]) for row in flagged[:2]] == [
        ("exact", "TRG001", 6),
        ("words", "TRG001", 8),
    ]
    assert flagged[0]["document"] == document(MINE[6])
    assert answer.flagged_by_me == 1


def test_the_file_is_the_same_again_and_holds_no_digest(stores: tuple[Store, Store, Path]) -> None:
    _, theirs, key = stores
    files = [key.with_name(f"again-{n}") for n in range(2)]
    for file in files:
        exchange_export(theirs, file, key)
    data = files[0].read_bytes()
    assert data == files[1].read_bytes()
    table = pq.read_table(files[0])
    plain = {bytes.fromhex(document(text))[:BYTES] for text in THEIRS}
    values = table["value"].to_pylist()
    assert not plain & set(values)
    documents = table.filter(pa.compute.equal(table["kind"], "document"))["value"].to_pylist()
    assert documents == sorted(documents)
    expected = SharedKey.read(key).values(
        "document", [bytes.fromhex(document(text)) for text in THEIRS]
    )
    assert documents == sorted(expected)
    assert b"SUDO" not in data


def test_another_key_other_recipes_or_another_file_are_refused(
    stores: tuple[Store, Store, Path], tmp_path: Path
) -> None:
    mine, theirs, key = stores
    file = tmp_path / "file"
    exchange_export(theirs, file, key)
    make_key(tmp_path / "other")
    with pytest.raises(UsageError, match="another key"):
        exchange_compare(mine, file, tmp_path / "other")
    with pytest.raises(UsageError, match="exists"):
        make_key(tmp_path / "other")
    (tmp_path / "short").write_text("secret")
    with pytest.raises(UsageError, match="bytes"):
        exchange_compare(mine, file, tmp_path / "short")
    with pytest.raises(UsageError, match="no exchange file"):
        exchange_compare(mine, key, key)
    table = pq.read_table(file)
    header = json.loads(table.schema.metadata[b"foretaste-exchange"])

    def changed(table: pa.Table, **facts: object) -> None:
        metadata = {b"foretaste-exchange": json.dumps({**header, **facts}).encode()}
        pq.write_table(table.replace_schema_metadata(metadata), file)

    changed(table, recipes=["doc2"])
    with pytest.raises(RecipeMismatchError):
        exchange_compare(mine, file, key)
    hostile = [
        table.drop_columns(["words"]),
        table.set_column(4, "code", pa.array(["\x1b[31m"] * len(table))),
        table.set_column(3, "flagged", pa.array([[9]] * len(table), pa.list_(pa.uint32()))),
        table.filter(pa.compute.equal(table["kind"], "document")),
    ]
    for one in hostile:
        changed(one)
        with pytest.raises(UsageError, match="damaged"):
            exchange_compare(mine, file, key)


def test_a_key_is_for_its_owner_alone(stores: tuple[Store, Store, Path]) -> None:
    key = stores[2]
    assert key.stat().st_mode & 0o077 == 0
    assert len(SharedKey.read(key).secret) == 64
