"""Combining observations: rows of equal key fold into one. Any order gives the same rows."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from scanners.scanner import Fold, Schema

_FOLDS = {Fold.SUM: pl.Expr.sum, Fold.MIN: pl.Expr.min, Fold.MAX: pl.Expr.max}
_SLACK_ROWS = 1 << 20


def fold(frames: Iterable[pl.DataFrame], schema: Schema) -> pl.DataFrame:
    """Fold rows of equal key, sorted by key. Laws: associative, commutative, idempotent on sets.

    Columns are selected and cast to the schema's types, so frames may come in any layout.
    """
    rows = schema.gather(frames)
    keys = list(schema.keys)
    if not schema.values:
        return rows.unique().sort(keys)
    folds = [_FOLDS[how](pl.col(name)) for name, (_, how) in schema.values.items()]
    if not keys:
        return rows.select(folds)
    combined = rows.group_by(keys).agg(folds)
    return combined.sort(keys).cast(schema.columns)  # type: ignore[arg-type]


class Combiner:
    """Folds observations as they arrive; holds at most about twice the combined rows."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._parts: list[pl.DataFrame] = []
        self._pending = 0
        self._settled = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take one shard's observation."""
        self._parts.append(frame)
        self._pending += frame.height
        if self._pending > self._settled + _SLACK_ROWS:
            self._settle()

    def combined(self) -> pl.DataFrame:
        """All rows so far, folded and sorted by key."""
        self._settle()
        return self._parts[0]

    def _settle(self) -> None:
        self._parts = [fold(self._parts, self._schema)]
        self._pending = 0
        self._settled = self._parts[0].height
