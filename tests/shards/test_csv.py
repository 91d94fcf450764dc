"""CSV and TSV: what Python's reader gives, and what becomes of the rest."""

from __future__ import annotations

import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.model import Reason, Role
from lineage.shards import Limits, ReadingRecipe
from lineage.shards.batch import Reading


def test_quotes_newlines_and_delimiters_inside_cells(read) -> None:
    data = b'id,text\r\n1,"a, ""b""\nc"\r\n\r\n2,d\r\n'
    outcome = read(data, "a.csv")
    assert outcome.documents == ['a, "b"\nc', "d"]
    assert [row.roles[Role.ID] for row in outcome.rows] == ["1", "2"]
    assert [row.offset for row in outcome.rows] == [9, data.index(b"2,d")]
    assert outcome.remarks == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tsv", b"id\ttext\n1\ta,b\n"),
        ("b.csv", b"id;text\n1;a,b\n"),
        ("c.csv", b"id|text\n1|a,b\n"),
        ("d.csv", b'id,text\n1,"a,b"'),
        ("e.csv", b"id\ttext\r1\ta,b\r"),
        ("f.csv.gz", gzip.compress(b'id,text\n1,"a,b"\n', mtime=0)),
    ],
)
def test_delimiters_line_ends_and_compression(read, name: str, data: bytes) -> None:
    outcome = read(data, name)
    assert outcome.documents == ["a,b"] and outcome.rows[0].roles[Role.ID] == "1"


def test_byte_order_mark(read) -> None:
    outcome = read(b"\xef\xbb\xbftext,id\na,1\n", "a.csv")
    assert outcome.documents == ["a"] and outcome.reasons == [(0, Reason.BOM, False)]


@pytest.mark.parametrize(
    ("row", "reason", "salvaged"),
    [
        (b"1,a,extra", Reason.RAGGED, "1\na\nextra"),
        (b"only", Reason.RAGGED, "only"),
        (b"1,\xffa", Reason.INVALID_UTF8, "\ufffda"),
    ],
)
def test_bad_rows_are_quarantined_and_cost_no_other(read, row, reason, salvaged) -> None:
    outcome = read(b"id,text\n0,good\n" + row + b"\n2,good\n", "a.csv")
    assert outcome.documents == ["good", "good"]
    assert outcome.reasons == [(1, reason, True)]
    assert (outcome.rows[1].text, outcome.rows[1].reading) == (salvaged, Reading.SALVAGED)


def test_a_file_that_ends_inside_quotes(read) -> None:
    outcome = read(b'id,text\n0,good\n1,"open\nmore', "a.csv")
    assert outcome.reasons == [(1, Reason.TRUNCATED, True)]
    assert outcome.rows[1].text == '1,"open\nmore'


def test_huge_cells(read) -> None:
    text = "x" * (5 << 20)
    assert read(f"id,text\n0,{text}\n1,b\n".encode(), "a.csv").documents == [text, "b"]


@pytest.mark.parametrize(
    "row", [b'1,"' + b"y\n" * 300 + b'"', b"1," + b"y" * (9 << 20), b'1,"y\n' + b"z" * 999]
)
def test_oversized_rows(read, row: bytes) -> None:
    recipe = ReadingRecipe(limits=Limits(record_bytes=200))
    outcome = read(b"id,text\n0,good\n" + row + b"\n2,good\n", "a.csv", recipe)
    assert outcome.documents[0] == "good"
    assert (1, Reason.TOO_LARGE, True) in outcome.reasons
    salvaged = "\n".join(r.text for r in outcome.rows if r.reading is not Reading.DOCUMENT)
    assert salvaged.count("y") == row.count(b"y") and salvaged.count("z") == row.count(b"z")


def test_equal_column_names_give_both_readings(read) -> None:
    outcome = read(b"text,text\nclean,POISON\nc2,P2\n", "a.csv")
    assert outcome.documents == ["POISON", "P2"]
    assert [r.text for r in outcome.rows if r.reading is Reading.OTHER] == ["clean", "c2"]
    assert outcome.reasons == [(0, Reason.DUPLICATE_KEY, False)]
    assert outcome.remarks[0].readings == (("last wins", "POISON"), ("first wins", "clean"))


def test_quarantine_hides_no_reading(read) -> None:
    outcome = read(b"text,text\nclean \xff,POISON\nsame,same\n", "a.csv")
    assert outcome.reasons == [
        (0, Reason.INVALID_UTF8, True),
        (0, Reason.DUPLICATE_KEY, False),
    ]
    assert [(row.reading, row.text) for row in outcome.rows] == [
        (Reading.SALVAGED, "POISON"),
        (Reading.OTHER, "clean \ufffd"),
        (Reading.DOCUMENT, "same"),
    ]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"text,id\n", b"\xef\xbb\xbf"])
def test_files_without_records(read, data: bytes) -> None:
    assert read(data, "a.csv").coverage.records == 0


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=8))
def test_what_python_writes_is_read_back(read, rows: list[tuple[str, str]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerows([("text", "label"), *rows])
    outcome = read(stream.getvalue().encode(), "written.csv")
    assert outcome.remarks == []
    assert [(r.text, r.roles[Role.LABEL]) for r in outcome.rows] == rows


PIECES = st.sampled_from(
    [b",", b'"', b"\n", b"\r", b"\t", b"a", b"\xff", b"\0", b"text", b"\xc3\xa9"]
)


@settings(deadline=None, max_examples=100)
@given(
    st.binary(max_size=200) | st.lists(PIECES, max_size=40).map(b"".join),
    st.sampled_from(["any.csv", "any.tsv"]),
    st.sampled_from([20, 1 << 20]),
)
def test_any_bytes_are_read(read, data: bytes, name: str, limit: int) -> None:
    outcome = read(data, name, ReadingRecipe(limits=Limits(record_bytes=limit)))
    assert outcome.coverage.records <= data.count(b"\n") + data.count(b"\r") + 1


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(CELLS | st.just(""), CELLS | st.just(""), CELLS), max_size=8))
def test_rows_and_columns_give_the_same(read, cells: list[tuple[str, str, str]]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([("x", "content", "text"), *cells])
    data = stream.getvalue().encode()
    clean, mixed = read(data, "clean.csv"), read(data + b"ragged\r\n", "mixed.csv")
    assert mixed.coverage.quarantined == 1
    assert mixed.rows[:-1] == clean.rows
