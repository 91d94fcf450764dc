"""Plain text files."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.model import Reason, Role
from lineage.shards import Limits, ReadingRecipe
from lineage.shards.batch import Reading

LINES = ReadingRecipe(lines=True)


def test_a_file_is_a_document(read) -> None:
    outcome = read("one\n\ntwo é\0\r\n".encode(), "a.txt")
    assert outcome.documents == ["one\n\ntwo é\0\r\n"]
    assert outcome.rows[0].roles == {Role.TEXT: outcome.documents[0]}


def test_a_line_is_a_document(read) -> None:
    outcome = read(b"\xef\xbb\xbfone\n\n  \r\ntwo\r\n\xffthree\nfour", "a.txt", LINES)
    assert outcome.documents == ["one", "two", "four"]
    assert outcome.reasons == [(0, Reason.BOM, False), (2, Reason.INVALID_UTF8, True)]
    assert [row.offset for row in outcome.rows] == [0, 12, 17, 24]


def test_invalid_bytes_are_salvaged(read) -> None:
    outcome = read(b"a\xffb", "a.txt")
    assert outcome.reasons == [(0, Reason.INVALID_UTF8, True)]
    assert [row.text for row in outcome.rows] == ["a\ufffdb"]


def test_an_oversized_file_is_salvaged_whole(read) -> None:
    recipe = ReadingRecipe(limits=Limits(record_bytes=1000))
    data = b"word " * (2 << 20)
    outcome = read(data, "a.txt", recipe)
    assert outcome.reasons == [(0, Reason.TOO_LARGE, True)]
    assert all(row.reading is Reading.SALVAGED for row in outcome.rows)
    assert "".join(row.text for row in outcome.rows) == data.decode()


def test_an_empty_file_has_no_records(read) -> None:
    assert read(b"", "a.txt").coverage.records == 0
    assert read(b"\n", "a.txt", LINES).coverage.records == 0


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=100), st.booleans(), st.sampled_from([10, 1 << 20]))
def test_any_bytes_are_read(read, data: bytes, lines: bool, limit: int) -> None:
    recipe = ReadingRecipe(lines=lines, limits=Limits(record_bytes=limit))
    outcome = read(data, "any.txt", recipe)
    # Random bytes do find the magic number of zstd.
    if outcome.coverage.quarantined == 0 and not lines and not outcome.coverage.compression:
        assert "".join(outcome.documents) == data.decode().removeprefix("\ufeff")
