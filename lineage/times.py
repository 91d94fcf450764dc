"""Timestamps of many spellings as whole hours."""

from __future__ import annotations

import polars as pl

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBER = r"^(\d{9,19})(?:\.\d*)?$"
_ISO = r"^(?P<year>\d{4})[-/](?P<month>\d{2})[-/](?P<day>\d{2})(?:[T ](?P<hour>\d{2}))?"
_COMPACT = r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?:(?P<hour>\d{2})\d{4})?$"
_MAIL = (
    r"(?P<day>\d{1,2})[ -](?P<month>[A-Za-z]{3})[a-z]*[ -](?P<year>\d{4})(?:[ T:](?P<hour>\d{2}))?"
)
_CTIME = r"^\w{3} (?P<month>[A-Za-z]{3}) +(?P<day>\d{1,2}) (?P<hour>\d{2}):.* (?P<year>\d{4})$"


def hours(column: str) -> pl.Expr:
    """Hours since 1970-01-01 (Int64) of a string column; null where no time is understood.

    Understood: Unix time in seconds, milliseconds, microseconds or nanoseconds (told apart by
    magnitude), ISO 8601, ``YYYYMMDD[hhmmss]``, mail and ctime dates. Zone offsets are ignored,
    which moves a time by less than a day. Times before 1970 are null.
    """
    text = pl.col(column).str.strip_chars()
    spelled = [_calendar(text, pattern) for pattern in (_ISO, _COMPACT, _MAIL, _CTIME)]
    value = pl.coalesce(*spelled, _epoch(text))
    return pl.when(value >= 0).then(value)


def _epoch(text: pl.Expr) -> pl.Expr:
    number = text.str.extract(_NUMBER, 1).cast(pl.Int64, strict=False)
    unit = (
        pl.when(number < 10**11)
        .then(1)
        .when(number < 10**14)
        .then(10**3)
        .when(number < 10**17)
        .then(10**6)
        .otherwise(10**9)
    )
    return number // (unit.cast(pl.Int64) * 3600)


def _calendar(text: pl.Expr, pattern: str) -> pl.Expr:
    parts = text.str.extract_groups(pattern).struct
    month = parts.field("month").str.to_lowercase()
    names = {name: f"{number:02}" for number, name in enumerate(_MONTHS, start=1)}
    date = pl.concat_str(
        parts.field("year"),
        month.replace(names),
        parts.field("day").str.zfill(2),
        separator="-",
    ).str.to_date("%Y-%m-%d", strict=False)
    days = date.cast(pl.Int32).cast(pl.Int64)
    hour = parts.field("hour").cast(pl.Int64, strict=False).fill_null(0)
    return days * 24 + hour.clip(0, 23)
