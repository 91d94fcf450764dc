"""Combining observations: rows of equal key fold into one. Any order gives the same rows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from scanners.scanner import Fold, Schema

_FOLDS = {Fold.SUM: pl.Expr.sum, Fold.MIN: pl.Expr.min, Fold.MAX: pl.Expr.max}
_REDUCE = {Fold.SUM: np.add, Fold.MIN: np.minimum, Fold.MAX: np.maximum}
_SLACK_ROWS = 1 << 20


def fold(frames: Iterable[pl.DataFrame], schema: Schema) -> pl.DataFrame:
    """Fold rows of equal key, sorted by key. Laws: associative, commutative, idempotent on sets.

    Columns are selected and cast to the schema's types, so frames may come in any layout.
    """
    rows = schema.gather(frames)
    keys = list(schema.keys)
    if len(keys) == 1 and rows.height and all(kind.is_integer() for kind in rows.dtypes):
        return _fold_integers(rows, schema)
    if not schema.values:
        return rows.unique().sort(keys)
    folds = [_FOLDS[how](pl.col(name)) for name, (_, how) in schema.values.items()]
    if not keys:
        return schema.gather([rows.select(folds)])
    return schema.gather([rows.group_by(keys).agg(folds).sort(keys)])


def _fold_integers(rows: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Fold by sorting: about twice as fast as hashing where most keys are distinct."""
    (name,) = schema.keys
    keys = rows[name].to_numpy()
    order = np.argsort(keys)
    keys = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    columns = {name: keys[starts]}
    for value, (_, how) in schema.values.items():
        columns[value] = _REDUCE[how].reduceat(rows[value].to_numpy()[order], starts)
    return schema.gather([pl.DataFrame(columns)])


class Combiner:
    """Folds observations as they arrive; holds at most about three times the combined rows."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._parts: list[pl.DataFrame] = []
        self._pending = 0
        self._settled = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Take one shard's observation."""
        self._parts.append(frame)
        self._pending += frame.height
        if self._pending > 2 * self._settled + _SLACK_ROWS:
            self._settle()

    def combined(self) -> pl.DataFrame:
        """All rows so far, folded and sorted by key."""
        self._settle()
        return self._parts[0]

    def _settle(self) -> None:
        self._parts = [fold(self._parts, self._schema)]
        self._pending = 0
        self._settled = self._parts[0].height
