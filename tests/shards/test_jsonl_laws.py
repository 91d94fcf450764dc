"""Laws of the JSON-lines reader, by generated files."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lineage.model import TEXT_ROLES
from lineage.shards.batch import DocumentBatch
from lineage.shards.jsonl import JsonLines
from lineage.shards.recipe import Limits, ReadingRecipe
from lineage.shards.rows import add_fields

KEYS = st.sampled_from(
    [
        "text",
        "content",
        "Text",
        "prompt",
        "input",
        "instruction",
        "output",
        "label",
        "id",
        "meta",
        "messages",
        "conversations",
        "chosen",
        "answers",
        "role",
        "from",
        "value",
        "url",
        "x",
        "",
        "ä",
    ]
)
STRINGS = st.sampled_from(
    ["", "a", "b c", "\u2028", "é", "日本", "😀", "\x00", '"', "\\", "user"]
) | (st.text(max_size=8))
NUMBERS = st.sampled_from([0, -1, 7, 2**53, 2**63, 10**30, 1.0, 0.5, -0.0, 1e300, float("nan")])
LEAVES = STRINGS | NUMBERS | st.booleans() | st.none()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TURN = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "assistant", "system", "tool", "", None, 3]),
        "from": st.sampled_from(["human", "gpt", " System "]),
        "content": STRINGS | st.none() | st.lists(st.fixed_dictionaries({"text": STRINGS})),
        "value": STRINGS,
        "reasoning_content": STRINGS,
        "name": STRINGS,
        "n": st.integers(0, 3),
    },
)
CHAT = st.dictionaries(
    st.sampled_from(["messages", "conversations", "chosen", "prompt"]),
    st.lists(TURN, max_size=4),
    max_size=2,
)
RECORDS = st.dictionaries(KEYS, VALUES, max_size=5) | CHAT
# Records of one shape, as real shards have, so that Arrow's parser gets its chance.
UNIFORM = st.lists(KEYS, min_size=1, max_size=4, unique=True).flatmap(
    lambda keys: st.lists(
        st.fixed_dictionaries({}, optional={key: STRINGS | st.none() for key in keys}),
        min_size=1,
        max_size=12,
    )
)
TYPED = st.fixed_dictionaries(
    {},
    optional={
        "text": STRINGS,
        "label": st.sampled_from([0, 1, 2.0, 0.1, 1e16, 2**60]) | st.none(),
        "tags": st.lists(STRINGS | st.none(), max_size=3),
        "scores": st.lists(st.floats(), max_size=2),
        "meta": st.fixed_dictionaries(
            {}, optional={"url": STRINGS, "n": st.integers(), "b": STRINGS}
        ),
        "output": st.lists(st.fixed_dictionaries({"text": STRINGS, "type": STRINGS}), max_size=2),
        "ok": st.booleans(),
    },
)
LINES = st.one_of(
    RECORDS.map(json.dumps),
    RECORDS.map(lambda record: json.dumps(record, ensure_ascii=False)),
    st.sampled_from(
        [
            '{"text":"a","text":"b"}',
            '{"text":"a","te\\u0078t":"b"}',
            '{"text":"\\ud800"}',
            "",
            " ",
            '{"x":{"y":"1","y":"2"}}',
            '{"text":"a"}{"text":"b"}',
            '{"text":"a"',
            '"s"',
            "[1]",
            "7",
            '{"text":"a"}\r',
            "\ufeff{}",
            "\ufeff",
            '{"text":\x00"a"}',
            "{}",
            "[" * 600,
            "nul",
            "}{",
            '{"text":"a"}\r{"text":"b"}',
            '{"label":Infinity}',
            '{"label":Inf}',
            '{"a":{"b":1}',
            "{,}",
        ]
    ),
)
RECIPE = ReadingRecipe(limits=Limits(depth=50))
quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


class Memory:
    """A stream over bytes."""

    def __init__(self, data: bytes) -> None:
        self.damage = ""
        self._stream = io.BytesIO(data)

    def readinto(self, buffer: memoryview) -> int:
        return self._stream.readinto(buffer)

    def close(self) -> None:
        pass


def batches(data: bytes, **options: Any) -> list[DocumentBatch]:
    return list(JsonLines(Memory(data), RECIPE, **options).batches())


def plain(parts: list[DocumentBatch]) -> tuple[Any, ...]:
    """All that batches say, however they are cut."""
    rows = [
        (int(b.record[i]), int(b.offset[i]), int(b.reading[i]), b.text[i].as_py(),
         b.leaves[i].as_py(), {r: c[i].as_py() for r, c in b.roles.items() if c[i].is_valid})
        for b in parts if b.offset is not None
        for i in range(len(b))
    ]  # fmt: skip
    fields: dict[tuple[str, str], int] = {}
    for batch in parts:
        add_fields(fields, batch.fields)
    return (
        rows,
        [remark for b in parts for remark in b.remarks],
        sum(b.records for b in parts),
        fields,
    )


def same_both_ways(lines: list[str], end: str) -> None:
    data = ("\n".join(lines) + end).encode(errors="surrogatepass")
    strict = batches(data, fast=False)
    assert plain(batches(data, smallest=24)) == plain(strict)
    assert plain(batches(data, smallest=200)) == plain(strict)


@quick
@given(st.lists(LINES, max_size=12), st.sampled_from(["", "\n"]))
@example(['{"a":{"x":1,"b":""}}', '{"a":{"x":1}', '{"b":2}}'], "\n")
def test_fast_and_strict_readings_are_identical(lines: list[str], end: str) -> None:
    same_both_ways(lines, end)


@quick
@given(UNIFORM | st.lists(TYPED, max_size=12) | st.lists(CHAT, max_size=12), st.booleans())
def test_fast_and_strict_readings_are_identical_for_uniform_records(
    records: list[dict[str, Any]], ascii_only: bool
) -> None:
    same_both_ways([json.dumps(record, ensure_ascii=ascii_only) for record in records], "\n")


@quick
@given(UNIFORM, LINES, st.integers(0, 11))
def test_one_odd_line_costs_no_other(records: list[dict[str, Any]], odd: str, at: int) -> None:
    lines = [json.dumps(record) for record in records]
    same_both_ways([*lines[:at], odd, *lines[at:]], "\n")


def test_the_fast_path_is_taken() -> None:
    data = b"".join(b'{"text":"t%d","n":%d,"tags":["a"]}\n' % (i, i) for i in range(100))
    reader = JsonLines(Memory(data), RECIPE, smallest=64)
    assert sum(batch.records for batch in reader.batches()) == 100
    assert reader.parsed_fast > 90


@quick
@given(st.lists(LINES.filter(lambda line: "\ufeff" not in line), max_size=10), st.data())
def test_splitting_at_line_boundaries_changes_no_document(lines: list[str], data: Any) -> None:
    cut = data.draw(st.integers(0, len(lines)))
    encoded = [(line + "\n").encode() for line in lines]
    whole = plain(batches(b"".join(encoded), smallest=32))[0]
    parts = [b"".join(encoded[:cut]), b"".join(encoded[cut:])]
    halves = [row for part in parts for row in plain(batches(part, smallest=32))[0]]
    assert [row[2:] for row in whole] == [row[2:] for row in halves]


def strings_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in items for text in strings_of(item)]


@quick
@given(st.lists(RECORDS.map(json.dumps), max_size=8))
def test_documents_hold_exactly_what_json_reads(lines: list[str]) -> None:
    rows = plain(batches(("\n".join(lines)).encode(), smallest=32))[0]
    assert len(rows) == len(lines)
    for line, (*_, text, leaves, roles) in zip(lines, rows, strict=True):
        record = json.loads(line)
        assert text == "\n".join(roles[role] for role in TEXT_ROLES if role in roles)
        for part in strings_of(record):
            assert part in f"{text}\n{leaves}"
        if isinstance(record.get("text"), str) and record["text"] and len(roles) == 1:
            assert text == record["text"]


@quick
@given(st.binary(max_size=300) | st.lists(st.binary(max_size=40), max_size=8).map(b"\n".join))
def test_any_bytes_are_read(data: bytes) -> None:
    rows, remarks, records, _ = plain(batches(data, smallest=16))
    assert records == len({row[0] for row in rows})
    assert sum(row[2] == 0 for row in rows) + sum(r.quarantined for r in remarks) == records


def mutated(data: bytes, edits: list[tuple[int, int]]) -> bytes:
    array = bytearray(data)
    for at, byte in edits:
        array[at % len(array)] = byte
    return bytes(array)


@quick
@given(UNIFORM, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4))
def test_mutated_files_are_read_the_same_both_ways(
    records: list[dict[str, Any]], edits: list[tuple[int, int]]
) -> None:
    data = mutated("\n".join(json.dumps(r, ensure_ascii=False) for r in records).encode(), edits)
    assert plain(batches(data, smallest=32)) == plain(batches(data, fast=False))


NULLS: st.SearchStrategy[Any] = st.recursive(
    st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({"a": inner}),
    max_leaves=5,
)


@quick
@given(NULLS, st.integers(1, 60))
@example([None, None], 3000)
@example([[None], [None, None]], 3000)
def test_lists_of_nulls_are_read_alike(value: Any, count: int) -> None:
    same_both_ways([json.dumps({"text": f"t{i}", "tags": value}) for i in range(count)], "\n")


def test_an_arrow_error_costs_speed_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any) -> None:
        raise pa.ArrowInvalid("Length spanned by list offsets")

    data = b"".join(b'{"text":"t%d"}\n' % i for i in range(100))
    expected = plain(batches(data))
    monkeypatch.setattr("lineage.shards.jsonl.flatten", refuse)
    assert plain(batches(data, smallest=64)) == expected
