"""The committed files follow from the committed seed, and the answer key tells the truth."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sample_corpus.generate import Amounts, generate
from sample_corpus.poison import FLOOD_MINUTES

Record = dict[str, Any]
Key = dict[str, Any]

HIDDEN = {
    "hidden-tag-block": range(0xE0020, 0xE007F),
    "hidden-zero-width": range(0x200B, 0x200C),
    "hidden-bidi-override": range(0x202E, 0x202F),
}
FLAG = "\U0001f3f4"
LIMIT = 2_500_000


def plain(path: Path) -> bytes:
    """Decompressed bytes of a shard."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        return bytes(pa.CompressedInputStream(pa.BufferReader(data), "zstd").read())
    return data


def text_of(record: Record) -> str:
    """All prose of a record."""
    turns = [turn["content"] for turn in record.get("messages", [])]
    parts = [record.get(name) for name in ("prompt", "response", "text")]
    return "\n".join(turns + [part for part in parts if part])


def records_of(path: Path) -> Iterator[Record]:
    """Well-formed records of a shard, as a last-wins reader sees them."""
    if path.suffix == ".parquet":
        yield from pq.read_table(path).to_pylist()
    elif ".jsonl" in path.name:
        for line in plain(path).split(b"\n"):
            try:
                yield json.loads(line)
            except ValueError:
                continue
    elif ".csv" in path.name or ".tsv" in path.name:
        delimiter = "\t" if ".tsv" in path.name else ","
        rows = csv.DictReader(io.StringIO(plain(path).decode()), delimiter=delimiter)
        yield from (row for row in rows if None not in row)
    else:
        yield {"id": path.name, "text": plain(path).decode()}


def shards(folder: Path) -> list[Path]:
    """Files of a corpus, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def read(folder: Path) -> dict[str, Record]:
    """Record by identifier."""
    return {record["id"]: record for path in shards(folder) for record in records_of(path)}


def planted(key: Key, kind: str) -> Key:
    """The line of the answer key for ``kind``."""
    (line,) = (line for line in key["planted"] if line["kind"] == kind)
    return dict(line)


def holders(records: dict[str, Record], string: str) -> list[str]:
    """Identifiers of all records with ``string`` in their text."""
    return sorted(name for name, record in records.items() if string in text_of(record))


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key]:
    """The committed corpus made once more."""
    folder = tmp_path_factory.mktemp("again")
    return folder, generate(folder)


@pytest.fixture(scope="module")
def key(sample_folder: Path) -> Key:
    """The committed answer key."""
    return dict(json.loads((sample_folder / "EXPECTED.json").read_text()))


@pytest.fixture(scope="module")
def records(sample_folder: Path) -> dict[str, Record]:
    """The committed records that a lenient reader accepts."""
    return read(sample_folder / "shards")


def test_committed_files_follow_from_the_seed(
    sample_folder: Path, again: tuple[Path, Key], key: Key
) -> None:
    made, committed = again[0], sample_folder / "shards"
    names = [path.relative_to(committed) for path in shards(committed)]
    assert [path.relative_to(made) for path in shards(made)] == names
    first = next(name for name in names if name.suffix == ".parquet")
    written_by = [pq.read_metadata(folder / first).created_by for folder in (made, committed)]
    for name in names:
        if written_by[0] == written_by[1] and name.suffix in (".zst", ".parquet"):
            assert (made / name).read_bytes() == (committed / name).read_bytes()
        elif name.suffix == ".parquet":
            assert pq.read_table(made / name).equals(pq.read_table(committed / name))
        else:
            assert plain(made / name) == plain(committed / name)
    assert again[1] == key


def test_the_whole_stays_small(sample_folder: Path) -> None:
    assert sum(path.stat().st_size for path in shards(sample_folder)) < LIMIT


def test_counts_agree(sample_folder: Path, key: Key, records: dict[str, Record]) -> None:
    folder = sample_folder / "shards"
    assert sorted(key["shards"]) == [path.relative_to(folder).as_posix() for path in shards(folder)]
    assert key["records"] == key["documents"] + key["quarantined"] == sum(key["shards"].values())
    for line in key["planted"]:
        assert line["documents"] == len(set(line["members"])) == sum(line["shards"].values())
    broken = {
        name
        for line in key["planted"]
        if line["kind"] == "broken-record" and line["evidence"] != "lone-surrogate"
        for name in line["members"]
    }
    assert len(records) == key["records"] - len(broken)
    assert not broken & set(records)


@pytest.mark.parametrize("kind", ["trigger-gibberish", "silent-phrase"])
def test_trigger_is_in_its_members_and_nowhere_else(
    kind: str, key: Key, records: dict[str, Record]
) -> None:
    line = planted(key, kind)
    assert holders(records, line["evidence"]) == line["members"]
    sources = {records[name]["source"] for name in line["members"]}
    assert len(sources) == len(line["members"])


def test_flood_is_one_text_of_one_source_within_a_short_time(
    key: Key, records: dict[str, Record]
) -> None:
    line = planted(key, "flood")
    members = [records[name] for name in line["members"]]
    assert {record["source"] for record in members} == {line["evidence"]}
    times = [datetime.fromisoformat(record["timestamp"]) for record in members]
    assert max(times) - min(times) <= timedelta(minutes=FLOOD_MINUTES)
    texts = [text_of(record) for record in members]
    assert len(set(texts)) == len(texts)
    words = [set(text.split()) for text in texts]
    middle = max(words, key=lambda one: sum(len(one & other) for other in words))
    assert all(len(one & middle) > 0.95 * len(one | middle) for one in words)


@pytest.mark.parametrize("kind", sorted(HIDDEN))
def test_hidden_characters_are_in_their_members_and_nowhere_else(
    kind: str, key: Key, records: dict[str, Record]
) -> None:
    found = sorted(
        name
        for name, record in records.items()
        if any(ord(letter) in HIDDEN[kind] for letter in text_of(record))
        and FLAG not in text_of(record)
    )
    assert found == planted(key, kind)["members"]


def test_joiners_marks_and_flags_occur_where_they_belong(records: dict[str, Record]) -> None:
    text = "".join(text_of(record) for record in records.values())
    assert all(mark in text for mark in ("ی\u200c", "\u200e", "\u200d", "\u00ad", FLAG))


def test_readers_differ_on_the_differential(
    sample_folder: Path, key: Key, records: dict[str, Record]
) -> None:
    line = planted(key, "parser-differential")
    pairs: list[tuple[str, str]] = []
    for name in line["shards"]:
        for row in plain(sample_folder / "shards" / name).splitlines():
            if row.count(b'"text": "') > 1 and b"}{" not in row:
                fields = json.loads(row, object_pairs_hook=list)
                values = [value for field, value in fields if field == "text"]
                pairs.append((dict(fields)["id"], values[-1]))
                assert values[0] != values[-1]
    assert sorted(name for name, _ in pairs) == line["members"]
    assert all(records[name]["text"] == last for name, last in pairs)


def test_another_seed_gives_other_secrets(tmp_path: Path, key: Key) -> None:
    other = generate(tmp_path / "a", seed="another", documents=600)
    kinds = ("trigger-gibberish", "silent-phrase")
    secrets = [planted(other, kind)["evidence"] for kind in kinds]
    assert not set(secrets) & {planted(key, kind)["evidence"] for kind in kinds}
    made = read(tmp_path / "a")
    assert [holders(made, secret) for secret in secrets] == [
        planted(other, kind)["members"] for kind in kinds
    ]
    same = generate(tmp_path / "b", seed="another", documents=600)
    assert same == other
    assert [path.read_bytes() for path in shards(tmp_path / "a")] == [
        path.read_bytes() for path in shards(tmp_path / "b")
    ]


def test_without_poison_nothing_is_planted(tmp_path: Path) -> None:
    nothing = Amounts(0, 0, 0, 0, 0, broken=False)
    key = generate(tmp_path, seed="clean", documents=400, amounts=nothing)
    assert key["planted"] == []
    assert key["records"] == key["documents"] == len(read(tmp_path))
