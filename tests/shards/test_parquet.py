"""Parquet: column types, equal names, damage."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.errors import ReadingError
from lineage.model import Reason, Remark, Role, Status
from lineage.shards import Limits, ReadingRecipe
from lineage.shards.batch import Reading
from lineage.shards.columns import flatten
from lineage.shards.roles import Roles
from lineage.shards.widest import DECODED_BYTES, bounded_rows


def parquet(table: pa.Table | dict[str, Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    table = pa.table(table) if isinstance(table, dict) else table
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def test_rows_are_documents(read) -> None:
    outcome = read(parquet({"text": ["a", None, "c"], "label": [1, 2, None]}), "a.parquet")
    assert outcome.documents == ["a", "", "c"]
    assert [row.roles.get(Role.LABEL) for row in outcome.rows] == ["1", "2", None]
    assert outcome.reasons == [(1, Reason.NO_TEXT, False)]
    assert {row.offset for row in outcome.rows} == {-1}


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (pa.array(["x"]).dictionary_encode(), "x"),
        (pa.array(["x"], pa.large_string()), "x"),
        (pa.array([b"x"]), "x"),
        (pa.array([["x", None, "y"]]), "x\ny"),
        (pa.array([["x", "y"]], pa.list_(pa.string(), 2)), "x\ny"),
        (pa.array([{"a": "x", "b": "y"}]), "x\ny"),
        (pa.array([[("k", "x")]], pa.map_(pa.string(), pa.string())), "k\nx"),
        (pa.array([7], pa.int8()), "7"),
        (pa.array([2.5]), "2.5"),
        (pa.array([3.0]), "3"),
        (pa.array([True]), "true"),
        (pa.array([dt.date(2024, 5, 6)]), "2024-05-06"),
        (pa.array([dt.datetime(2024, 5, 6, 7, 8)], pa.timestamp("ms")), "2024-05-06 07:08:00.000"),
        (pa.array([decimal.Decimal("1.50")]), "1.50"),
    ],
)
def test_columns_of_any_type(read, array: pa.Array, text: str) -> None:
    assert read(parquet({"text": array}), "a.parquet").documents == [text]


def test_bytes_that_are_no_text_are_not_read(read) -> None:
    outcome = read(parquet({"text": ["a", "b"], "image": [b"\x89\xff", b"\xfe"]}), "a.parquet")
    assert outcome.documents == ["a", "b"]
    assert ("image", "unread", 3) in outcome.coverage.fields


def test_chats_are_read_as_from_json(read) -> None:
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    records = [{"messages": turns, "source": "s"}, {"messages": turns[:1], "source": None}]
    lines = "\n".join(json.dumps(record) for record in records).encode()
    table = pa.Table.from_pylist(records)
    from_json, from_parquet = read(lines), read(parquet(table), "a.parquet")
    for one, other in zip(from_json.rows, from_parquet.rows, strict=True):
        assert (one.text, one.leaves, one.roles) == (other.text, other.leaves, other.roles)
    assert from_json.coverage.fields == from_parquet.coverage.fields


def test_equal_column_names_give_both_readings(read) -> None:
    columns = [pa.array(["clean", "same"]), pa.array(["POISON", "same"]), pa.array(["u", "v"])]
    table = pa.Table.from_arrays(columns, names=["text", "text", "url"])
    outcome = read(parquet(table), "a.parquet")
    assert outcome.documents == ["POISON", "same"]
    assert [(r.record, r.reading, r.text) for r in outcome.rows][1] == (0, Reading.OTHER, "clean")
    assert [row.roles[Role.URL] for row in outcome.rows] == ["u", "u", "v"]
    assert outcome.reasons == [(0, Reason.DUPLICATE_KEY, False)]
    (last, first) = outcome.remarks[0].readings
    assert "POISON" in last[1] and "clean" in first[1]


def in_folder(read, tmp_path: Path, folder: str, columns: dict[str, Any]) -> list[Remark]:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "a.parquet").write_bytes(parquet(columns))
    outcome = read(tmp_path / folder / "a.parquet", "a.parquet")
    assert len(outcome.documents) == len(next(iter(columns.values())))
    return list(outcome.remarks)


def test_a_folder_that_replaces_documents_is_remarked_with_both_readings(read, tmp_path) -> None:
    [remark] = in_folder(read, tmp_path, "text=POISON", {"text": ["poison", "clean", "x"]})
    assert (remark.record, remark.quarantined) == (1, False)
    assert remark.readings == (("column", "clean"), ("folder", "POISON"))
    chat = {"messages": [[{"role": "user", "content": "hi"}]]}
    [remark] = in_folder(read, tmp_path, "messages=x", chat)
    assert "hi" in remark.readings[0][1]


@pytest.mark.parametrize(
    ("folder", "columns"),
    [
        ("date=2024-01-01", {"text": ["a", "b"]}),
        ("date=2024-01-01", {"text": ["a"], "date": [dt.date(2024, 1, 1)]}),
        ("label=1/source=A%20B", {"text": ["a"], "label": [1.0], "source": ["a b"]}),
        ("label=True", {"text": ["a"], "label": [True]}),
        ("url=__HIVE_DEFAULT_PARTITION__", {"text": ["a"], "url": pa.array([None], pa.string())}),
        ("text=", {"text": pa.array([], pa.string())}),
    ],
)
def test_folders_that_say_what_the_column_says_are_no_remark(
    read, tmp_path: Path, folder: str, columns: dict[str, Any]
) -> None:
    assert in_folder(read, tmp_path, folder, columns) == []


@pytest.mark.parametrize(
    ("folder", "columns"),
    [
        ("date=2024-01-02", {"text": ["a"], "date": [dt.date(2024, 1, 1)]}),
        ("other=1", {"text": ["a"], "other": [2]}),
        ("other=1", {"text": ["a"], "other": [[1]]}),
        ("url=x", {"text": ["a", "b"], "url": ["x", None]}),
    ],
)
def test_folders_that_replace_metadata_are_remarked_without_readings(
    read, tmp_path: Path, folder: str, columns: dict[str, Any]
) -> None:
    [remark] = in_folder(read, tmp_path, folder, columns)
    assert (remark.reason, remark.readings) == (Reason.DUPLICATE_KEY, ())
    assert f"folder {folder}" in remark.detail


def test_quarantine_hides_no_reading(read, tmp_path: Path) -> None:
    bad = pa.array([b"clean", b"clean \xff", b"same"]).view(pa.string())
    columns = [bad, pa.array(["POISON", "POISON", "same"])]
    folder = tmp_path / "text=folder"
    folder.mkdir()
    table = pa.Table.from_arrays(columns, names=["text", "text"])
    (folder / "a.parquet").write_bytes(parquet(table))
    outcome = read(folder / "a.parquet", "a.parquet")
    assert outcome.documents == ["POISON", "same"]
    others = [(row.record, row.text) for row in outcome.rows if row.reading is Reading.OTHER]
    assert others == [(0, "clean"), (1, "clean \ufffd")]
    told = [r.readings for r in outcome.remarks if r.reason is Reason.DUPLICATE_KEY]
    assert {readings[1] for readings in told} == {("first wins", "clean"), ("folder", "folder")}


@pytest.mark.parametrize("nested", [False, True])
def test_strings_that_are_not_utf8_cost_no_other(read, nested: bool) -> None:
    strings = pa.array([b"good", b"a\xff", None, b"good"]).view(pa.string())
    column = pa.StructArray.from_arrays([strings], ["inner"]) if nested else strings
    outcome = read(parquet({"text": column, "id": [1, 2, 3, 4]}), "a.parquet")
    assert outcome.documents == ["good", "", "good"]
    assert (1, Reason.INVALID_UTF8, True) in outcome.reasons
    assert (outcome.rows[1].text, outcome.rows[1].roles[Role.ID]) == ("a\ufffd", "2")


def test_oversized_rows_are_quarantined(read) -> None:
    recipe = ReadingRecipe(limits=Limits(record_bytes=100))
    outcome = read(parquet({"text": ["a", "b" * 200, "c"]}), "a.parquet", recipe)
    assert outcome.documents == ["a", "c"] and outcome.reasons == [(1, Reason.TOO_LARGE, True)]


def test_row_groups_and_batches_keep_the_order(read) -> None:
    texts = [f"{i} " * 300 for i in range(20_000)]
    outcome = read(parquet({"text": texts}, row_group_size=777), "a.parquet")
    assert outcome.documents == texts


def test_an_empty_table_has_no_records(read) -> None:
    assert read(parquet({"text": pa.array([], pa.string())}), "a.parquet").coverage.records == 0


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"text"])
def test_what_is_no_parquet_file_is_refused(read, data: bytes) -> None:
    with pytest.raises(ReadingError, match="parquet"):
        read(data, "bad.parquet")


def test_damage_in_the_middle_keeps_what_came_before(read) -> None:
    texts = [f"text {i} " * 50 for i in range(4000)]
    data = bytearray(parquet({"text": texts}, row_group_size=500, compression="zstd"))
    middle = len(data) // 2
    data[middle : middle + 2000] = b"\xff" * 2000
    outcome = read(bytes(data), "damaged.parquet")
    assert outcome.coverage.status is Status.FAILED
    kept = outcome.documents
    assert kept == texts[: len(kept)] and len(kept) >= 500


VALID = parquet(
    {"text": ["a", "b", None] * 20, "n": [1, 2, 3] * 20, "l": [["x"], [], None] * 20},
    row_group_size=20,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=5))
def test_mutated_files_are_no_surprise(read, edits: list[tuple[int, int]]) -> None:
    data = bytearray(VALID)
    for at, byte in edits:
        data[at % len(data)] = byte
    try:
        outcome = read(bytes(data), "mutated.parquet")
    except ReadingError as error:
        assert "parquet" in str(error)
    else:
        assert outcome.coverage.status in (Status.SCANNED, Status.FAILED)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "text": st.text(max_size=5) | st.none(),
                "x": st.lists(st.text(max_size=3), max_size=2),
            },
        ),
        min_size=1,
        max_size=6,
    )
)
def test_parquet_and_json_give_the_same_documents(read, records: list[dict[str, Any]]) -> None:
    schema = pa.schema([("text", pa.string()), ("x", pa.list_(pa.string()))])
    lines = "\n".join(json.dumps(record) for record in records).encode()
    table = pa.Table.from_pylist(records, schema=schema)
    one, other = read(lines, "same.jsonl"), read(parquet(table), "same.parquet")
    assert [(r.text, r.leaves, r.roles) for r in one.rows] == [
        (r.text, r.leaves, r.roles) for r in other.rows
    ]


def test_one_bad_value_hides_no_other_bytes(read) -> None:
    notes = [b"trigger", b"\xff\xfe", None, b"more"]
    outcome = read(parquet({"text": list("abcd"), "note": notes}), "a.parquet")
    assert outcome.documents == list("abcd")
    assert [row.leaves for row in outcome.rows] == ["trigger", "", "", "more"]
    assert ("note", "unread", 2) in outcome.coverage.fields


@pytest.mark.parametrize("with_bad_string", [False, True])
def test_text_as_bytes_is_judged_value_by_value(read, with_bad_string: bool) -> None:
    columns = {"text": pa.array([b"good", b"a\xff", b"fine"]), "image": [b"\x89\xff"] * 3}
    if with_bad_string:
        columns["x"] = pa.array([b"", b"\xff", b""]).view(pa.string())
    outcome = read(parquet(columns), "a.parquet")
    assert outcome.documents == ["good", "fine"]
    assert [reason for reason in outcome.reasons if reason[2]] == [(1, Reason.INVALID_UTF8, True)]
    assert outcome.rows[1].text == "a\ufffd"
    assert ("image", "unread", 6) in outcome.coverage.fields


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"a", b"\xff", b"", "é".encode(), None]),
            st.sampled_from([b"b", b"\xc3", None]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 8),
)
def test_cutting_a_shard_of_bytes_changes_no_row(read, rows: list[Any], at: int) -> None:
    def told(part: list[Any]) -> list[Any]:
        if not part:
            return []
        columns = dict(zip(("text", "x"), map(list, zip(*part, strict=True)), strict=True))
        table = pa.table({name: pa.array(column, pa.binary()) for name, column in columns.items()})
        found = read(parquet(table), "cut.parquet").rows
        return [(row.reading, row.text, row.leaves, row.roles) for row in found]

    assert told(rows) == told(rows[:at]) + told(rows[at:])


KINDS = [pa.list_, pa.large_list, pa.list_view, pa.large_list_view, lambda t: pa.list_(t, 2)]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(KINDS),
    st.sampled_from([pa.null(), pa.string(), pa.struct([("a", pa.null()), ("b", pa.string())])]),
    st.lists(st.booleans(), min_size=1, max_size=6),
    st.integers(0, 5),
)
def test_lists_of_any_kind_flatten(
    make: Any, inner: pa.DataType, there: list[bool], start: int
) -> None:
    array = pa.array([[None, None] if full else None for full in there], make(inner))
    flat = flatten(["text", "x"], [array[start:], array[start:]], Roles({}))
    columns = [*(c.strings for c in flat.claimed), *(strings for _, strings in flat.others)]
    assert {len(column) for column in columns} <= {len(there[start:])}
    assert not any(column.drop_null() for column in columns)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("encoding", [None, "DELTA_BYTE_ARRAY"])
def test_a_dictionary_bomb_is_decoded_a_little_at_a_time(
    tmp_path: Path, nested: bool, encoding: str | None
) -> None:
    texts = pa.array(["x" * 120_000] * 3000)
    column = pa.StructArray.from_arrays([texts], ["inner"]) if nested else texts
    if encoding and nested:
        encoding = None
    options: dict[str, Any] = {"column_encoding": {"text": encoding}} if encoding else {}
    file = tmp_path / "bomb.parquet"
    file.write_bytes(parquet({"text": column}, use_dictionary=not encoding, **options))
    metadata = pq.ParquetFile(file).metadata
    assert bounded_rows(file, metadata, 0, 3000) * 120_000 <= DECODED_BYTES


def test_short_values_are_read_many_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "plain.parquet"
    file.write_bytes(parquet({"text": [f"text {i}" for i in range(20_000)]}))
    assert bounded_rows(file, pq.ParquetFile(file).metadata, 0, 16_384) == 16_384


def test_what_arrow_cannot_flatten_is_read_row_by_row(read, monkeypatch) -> None:
    def refuse(*_arguments: Any) -> None:
        raise pa.ArrowInvalid("Length spanned by list offsets")

    monkeypatch.setattr("lineage.shards.parquet.flatten", refuse)
    outcome = read(parquet({"text": ["a", "b"]}), "a.parquet")
    assert outcome.documents == ["a", "b"]
