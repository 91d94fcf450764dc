"""Answers of SQL as a table for people, as JSON, or as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any, TextIO

import pyarrow as pa
from rich.cells import cell_len

from foretaste.report.safe import safe
from foretaste.report.values import dumps
from lineage.errors import UsageError

WIDEST = 60
"""Characters of a cell that a table shows."""


def write_table(answer: pa.Table, stream: TextIO) -> None:
    """Aligned columns; numbers to the right."""
    rows = [[safe(_plain(value), WIDEST) for value in row] for row in _rows(answer)]
    names = [safe(name, WIDEST) for name in answer.column_names]
    widths = [max(map(cell_len, column)) for column in zip(names, *rows, strict=True)]
    right = [pa.types.is_integer(t) or pa.types.is_floating(t) for t in answer.schema.types]
    for row in [names, *rows]:
        cells = [
            " " * (width - cell_len(cell)) + cell
            if aside
            else cell + " " * (width - cell_len(cell))
            for cell, width, aside in zip(row, widths, right, strict=True)
        ]
        stream.write("  ".join(cells).rstrip() + "\n")


def write_json(answer: pa.Table, stream: TextIO) -> None:
    """One array of objects, printable ASCII. UsageError for columns of the same name."""
    names = answer.column_names
    for name in names:
        if names.count(name) > 1:
            hint = "give one of them an alias: SELECT ... AS another_name"
            raise UsageError(f"two columns of the answer are called {name!r}", hint=hint)
    rows = [
        {name: _json(value) for name, value in zip(names, row, strict=True)}
        for row in _rows(answer)
    ]
    stream.write(dumps(rows, indent=1) + "\n")


def write_csv(answer: pa.Table, stream: TextIO) -> None:
    """CSV; text is made safe, and cannot start a formula in a spreadsheet."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_guarded(name) for name in answer.column_names])
    for row in _rows(answer):
        writer.writerow([_guarded(v) if isinstance(v, str) else _plain(v) for v in row])


TABLES: dict[str, Callable[[pa.Table, TextIO], None]] = {
    "table": write_table,
    "json": write_json,
    "csv": write_csv,
}
"""Format -> function of (answer, stream)."""


def _rows(answer: pa.Table) -> list[tuple[Any, ...]]:
    columns = [column.to_pylist() for column in answer.columns]
    return list(zip(*columns, strict=True))


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _json(value: Any) -> Any:
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _guarded(text: str) -> str:
    shown = safe(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown
