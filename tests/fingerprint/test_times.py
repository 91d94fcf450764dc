"""Timestamps as hours."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.times import hours

HOUR = 474_000  # 2024-01-28T00:00Z


def parsed(*texts: str | None) -> list[int | None]:
    frame = pl.DataFrame({"timestamp": pl.Series(texts, dtype=pl.String)})
    return frame.select(hours("timestamp")).to_series().to_list()


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-28T00:59:59Z",
        "2024-01-28 00:10",
        "2024/01/28",
        "20240128",
        "20240128000159",
        "1706400000",
        " 1706400000.5 ",
        "1706400000000",
        "1706400000000000",
        "1706400000000000000",
        "Sun, 28 Jan 2024 00:16:00 GMT",
        "28 January 2024",
        "28-Jan-2024 00:01",
        "Sun Jan 28 00:19:52 +0000 2024",
    ],
)
def test_known_spellings(text: str) -> None:
    assert parsed(text) == [HOUR]


def test_what_is_no_time_is_null() -> None:
    assert (
        parsed(None, "", "yesterday", "12", "2024-13-45", "1969-12-31", "99 Foo 2024") == [None] * 7
    )


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(10**8, 4 * 10**9), min_size=1, max_size=20))
def test_unix_and_iso_agree(seconds: list[int]) -> None:
    iso = [datetime.fromtimestamp(one, UTC).isoformat() for one in seconds]
    assert parsed(*map(str, seconds)) == parsed(*iso) == [one // 3600 for one in seconds]
