"""JSON lines: what each kind of irregular line becomes."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from lineage.errors import ReadingError
from lineage.model import Reason, Role, Status
from lineage.shards import Limits, Located, ReadingRecipe, open_shard
from lineage.shards.batch import Reading

GOOD = b'{"text":"good"}\n'
MARK = "\ufffd"

QUARANTINED = [
    (b'{"text":"\\ud800x"}', Reason.LONE_SURROGATE, MARK + "x"),
    (b'{"te\\udc00xt":"x"}', Reason.LONE_SURROGATE, "x"),
    (b'{"text":"\xff\xfex"}', Reason.INVALID_UTF8, MARK * 2 + "x"),
    (b'{"text":"\xed\xa0\x80"}', Reason.INVALID_UTF8, MARK * 3),
    (b'{"text":"cut', Reason.MALFORMED, '{"text":"cut'),
    (b'{"text":"\\u0041', Reason.MALFORMED, '{"text":"A'),
    (b'{"text":"a"}{"text":"b"}', Reason.SEVERAL_VALUES, "a\nb"),
    (b'{"text":"a"} [1, "c"]', Reason.SEVERAL_VALUES, "a\nc"),
    (b'{"text":"a"} rest', Reason.MALFORMED, '{"text":"a"} rest'),
    (b'"bare"', Reason.NOT_AN_OBJECT, "bare"),
    (b'["a", {"text": "b"}]', Reason.NOT_AN_OBJECT, "a\nb"),
    (b"17", Reason.NOT_AN_OBJECT, "17"),
    (b"null", Reason.NOT_AN_OBJECT, "null"),
    (b'{"text":"a\x00b"}', Reason.MALFORMED, '{"text":"a\0b"}'),
    (b'{"text":"a"}\r{"text":"b"}', Reason.SEVERAL_VALUES, "a\nb"),
    ('{"text":"a"}\u2028{"text":"b"}'.encode(), Reason.MALFORMED, '{"text":"a"}\u2028{"text":"b"}'),
    (b'{"text":' + b"[" * 10_000, Reason.TOO_DEEP, '{"text":' + "[" * 10_000),
    (b'{"a":' * 600 + b"1" + b"}" * 600, Reason.TOO_DEEP, '{"a":' * 600 + "1" + "}" * 600),
]


@pytest.mark.parametrize(("line", "reason", "salvaged"), QUARANTINED)
def test_a_bad_line_is_quarantined_and_salvaged(read, line, reason, salvaged) -> None:
    outcome = read(GOOD + line + b"\n" + GOOD)
    assert outcome.documents == ["good", "good"]
    assert outcome.reasons == [(1, reason, True)]
    assert outcome.remarks[0].offset == len(GOOD)
    bad = outcome.rows[1:-1]
    for row in bad:
        assert (row.record, row.offset, row.reading) == (1, len(GOOD), Reading.SALVAGED)
        assert row.roles[Role.TEXT] == row.text
    assert "\n".join(row.text for row in bad) == salvaged


BOTH_READINGS = [
    (b'{"text":"clean","text":"\\ud800 POISON"}', Reason.LONE_SURROGATE, ["clean"]),
    (b'{"text":"\\ud800 POISON","text":"clean"}', Reason.LONE_SURROGATE, [MARK + " POISON"]),
    (b'{"text":"clean","text":"\xff POISON"}', Reason.INVALID_UTF8, ["clean"]),
    (b'{"text":"a","text":"b"} {"text":"c","text":"d"}', Reason.SEVERAL_VALUES, ["a", "c"]),
    (b'{"text":"a"} {"text":"c","text":"d"}', Reason.SEVERAL_VALUES, ["c"]),
    (b'[{"text":"a","text":"b"}]', Reason.NOT_AN_OBJECT, ["a"]),
    (b'{"text":"a","text":"","n":"\xff"}', Reason.INVALID_UTF8, ["a"]),
    (b'{"text":"a \xff","text":"a \xff"}', Reason.INVALID_UTF8, []),
]


@pytest.mark.parametrize(("line", "reason", "others"), BOTH_READINGS)
def test_quarantine_hides_no_reading(read, line, reason, others) -> None:
    outcome = read(GOOD + line + b"\n" + GOOD)
    assert outcome.documents == ["good", "good"]
    assert outcome.reasons == [(1, reason, True), (1, Reason.DUPLICATE_KEY, False)]
    assert [row.text for row in outcome.rows if row.reading is Reading.OTHER] == others
    texts = {text for _, text in outcome.remarks[1].readings}
    assert len(texts) == (2 if others else 1)


def test_an_object_that_never_ends_has_no_readings(read) -> None:
    outcome = read(GOOD + b'{"x":{"text":"a","text":"b"},"text":"c')
    assert outcome.reasons == [(1, Reason.TRUNCATED, True)]
    assert '"text":"a","text":"b"' in outcome.rows[-1].text


def test_a_truncated_last_line_is_told_from_a_malformed_one(read) -> None:
    outcome = read(GOOD + b'{"text":"cut of')
    assert outcome.reasons == [(1, Reason.TRUNCATED, True)]
    assert read(GOOD + b'{"text":"whole"}').documents == ["good", "whole"]


@pytest.mark.parametrize(
    ("line", "last", "first"),
    [
        (b'{"text":"clean","text":"POISON"}', "POISON", "clean"),
        (b'{"text":"clean","te\\u0078t":"POISON"}', "POISON", "clean"),
        (b'{"text":{"a":"clean","a":"POISON"}}', "POISON", "clean"),
        (b'{"text":null,"text":"POISON"}', "POISON", ""),
        (b'{"text":["clean"],"text":"POISON","text":"x"}', "x", "clean"),
    ],
)
def test_duplicate_keys_give_both_readings(read, line, last, first) -> None:
    outcome = read(GOOD + line + b"\n" + GOOD)
    assert outcome.documents == ["good", last, "good"]
    other = outcome.rows[2]
    assert (other.record, other.reading, other.text) == (1, Reading.OTHER, first)
    remark = outcome.remarks[0]
    assert (remark.record, remark.reason, remark.quarantined) == (1, Reason.DUPLICATE_KEY, False)
    assert remark.readings == (("last wins", last), ("first wins", first))


def test_duplicate_keys_outside_the_text_show_where_readings_differ(read) -> None:
    text = "same " * 200
    line = json.dumps({"text": text})[:-1] + ',"url":"http://a","url":"http://b"}'
    outcome = read(line.encode())
    (_, last), (_, first) = outcome.remarks[0].readings
    assert "http://b" in last and "http://a" in first
    assert [row.roles[Role.URL] for row in outcome.rows] == ["http://b", "http://a"]


def test_byte_order_marks_are_skipped(read) -> None:
    outcome = read(b"\xef\xbb\xbf" + GOOD + b"\xef\xbb\xbf\n\n  \r\n\t\n" + GOOD)
    assert outcome.documents == ["good", "good"]
    assert outcome.reasons == [(0, Reason.BOM, False)]


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "9" * 400, "9" * 5000, "-" + "1" * 30, "1e999"]
)
def test_numbers_that_readers_refuse_are_read_with_a_remark(read, number) -> None:
    outcome = read(GOOD + b'{"text":"a","label":%s}\n' % number.encode())
    assert outcome.documents == ["good", "a"]
    assert outcome.reasons == [(1, Reason.NONSTANDARD_NUMBER, False)]
    assert outcome.rows[1].roles[Role.LABEL] == number


@pytest.mark.parametrize("number", ["18446744073709551615", "-9223372036854775808", "1e308", "0"])
def test_numbers_of_64_bits_are_nothing_special(read, number) -> None:
    assert read(b'{"text":"a","n":%s}\n' % number.encode()).remarks == []


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1", "1"),
        ("-0", "0"),
        ("1.0", "1"),
        ("0.10", "0.1"),
        ("1e2", "100"),
        ("true", "true"),
        ("12345678901234567890", "12345678901234567890"),
        ("1e20", "1e+20"),
        ("-2.50", "-2.5"),
    ],
)
def test_numbers_in_roles_have_one_text(read, written, text) -> None:
    line = b'{"text":"a","label":%s}\n' % written.encode()
    assert read(line).rows[0].roles[Role.LABEL] == text


def test_nul_inside_a_string_is_read_as_it_is(read) -> None:
    assert read(b'{"text":"a\\u0000b"}\n').documents == ["a\0b"]


def test_a_record_without_text_is_a_document_with_a_remark(read) -> None:
    outcome = read(b'{"n":1}\n{}\n')
    assert outcome.documents == ["", ""]
    assert outcome.reasons == [(0, Reason.NO_TEXT, False), (1, Reason.NO_TEXT, False)]


@pytest.mark.parametrize("size", [200, 5 << 20, 9 << 20])
def test_oversized_lines_are_salvaged_and_cost_no_other(read, size: int) -> None:
    huge = b'{"text":"%s"}' % (b"x" * size)
    recipe = ReadingRecipe(limits=Limits(record_bytes=100))
    outcome = read(GOOD + huge + b"\n" + GOOD + huge, recipe=recipe)
    assert outcome.documents == ["good", "good"]
    assert outcome.reasons == [(1, Reason.TOO_LARGE, True), (3, Reason.TOO_LARGE, True)]
    for record in (1, 3):
        salvaged = "".join(row.text for row in outcome.rows if row.record == record)
        assert salvaged == huge.decode()


def test_a_huge_line_is_never_held(tmp_path: Path) -> None:
    file = tmp_path / "huge.jsonl"
    with file.open("wb") as stream:
        stream.write(GOOD + b'{"text":"')
        for _ in range(150):
            stream.write(b"x" * (1 << 20))
        stream.write(b'"}\n' + GOOD)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    recipe = ReadingRecipe(limits=Limits(record_bytes=1 << 20))
    reader = open_shard(Located(file, "huge.jsonl"), recipe)
    assert sum(int((batch.reading == 0).sum()) for batch in reader) == 2
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 << 10, f"{grown} KiB more"


def test_records_longer_than_a_block_are_read_whole(read) -> None:
    texts = ["a" * (3 << 20), "b", "c" * (5 << 20), "d"]
    data = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)
    assert read(data).documents == texts


def test_keys_that_carry_data_do_not_grow_without_bound(read) -> None:
    lines = [json.dumps({"text": "t", f"key {i}": {f"{i}": "v"}}) for i in range(3000)]
    outcome = read("\n".join(lines).encode())
    assert outcome.documents == ["t"] * 3000
    assert len(outcome.coverage.fields) <= 1002
    assert sum(size for _, _, size in outcome.coverage.fields) == 2 * 3000


def test_coverage_counts_bytes_by_field(read) -> None:
    lines = b'{"text":"abc","url":"u","x":"yz","n":1}\n{"x":"\xc3\xa4","ok":true}\n'
    coverage = read(lines).coverage
    assert coverage.fields == (
        ("n", "unread", 8), ("ok", "unread", 1), ("text", "text", 3), ("url", "url", 1),
        ("x", "leaf", 2), ("x", "text", 2),
    )  # fmt: skip
    assert (coverage.status, coverage.text_bytes) == (Status.SCANNED, 5)


def test_a_json_array_is_refused_with_a_hint(read) -> None:
    with pytest.raises(ReadingError, match="one JSON array") as error:
        read(b' [\n{"text":"a"}]', "array.json")
    assert "jq" in error.value.hint


def test_an_empty_file_has_no_records(read) -> None:
    coverage = read(b"").coverage
    assert (coverage.status, coverage.records) == (Status.SCANNED, 0)


@pytest.mark.parametrize("odd", ['"\\ud800"', '{"k":"a","k":"b"}', "1", '"x"'])
@pytest.mark.parametrize("around", [('{"a":', "}"), ("[", "]")])
def test_nesting_up_to_the_limit_is_read(read, odd: str, around: tuple[str, str]) -> None:
    deep = around[0] * 510 + odd + around[1] * 510
    outcome = read(GOOD + f'{{"a":{deep}}}'.encode() + b"\n" + GOOD)
    assert outcome.coverage.records == 3
    assert Reason.TOO_DEEP not in {remark.reason for remark in outcome.remarks}
