"""Which documents echo their own beginning, and what stands at the borders of the echo."""

from __future__ import annotations

import re
from itertools import groupby

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch
from lineage.fingerprint.tokens import I64
from scanners.markers.runs import key_of
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema

LONG = 20
"""Tokens that make an echo wherever it begins."""
MOST_OF = 0.6
"""Share of all that stands before it that makes a shorter stretch an echo."""
NEAR = 4
"""Tokens at either end of an echo that may belong to what stands around it."""
MOST_SYMBOLS = 24
"""Code points of a border that are looked at."""
RUN, TOKEN, TOTAL = 0, 1, 2
"""Kinds of rows: a run of one code point, a token, and the count of documents."""
FIRST = "stretch"

_TAIL = re.compile(r"[^\w\s]+$")
_INSIDE = re.compile(r"[^\w\s]+")

SCHEMA = Schema(
    keys={
        "kind": pl.UInt8,
        "key": pl.UInt64,
        "doc_hi": pl.UInt64,
        "doc_lo": pl.UInt64,
        FIRST: pl.UInt64,
        "source": pl.UInt64,
    },
    values={"documents": (pl.UInt64, Fold.SUM), "text": (pl.String, Fold.MIN)},
)
Row = tuple[int, int, int, int, int, int, int, str]


def stretches(batch: Batch) -> I64:
    """int64[n, 3]: begin, begin again, and length of the longest stretch that comes again."""
    from scanners.markers import kernels  # noqa: PLC0415  (loads compiled code)

    found: I64 = kernels.echoes(batch.tokens.folded, batch.tokens.offsets)
    return found


def _long(found: I64) -> npt.NDArray[np.bool_]:
    _, echo, length = found.T
    out: npt.NDArray[np.bool_] = (length >= LONG) | ((length > 0) & (length >= MOST_OF * echo))
    return out


def echoing(batch: Batch) -> npt.NDArray[np.bool_]:
    """bool[n]: which documents repeat their beginning."""
    return _long(stretches(batch))


class EchoObserver(Observer):
    """Rows of documents that echo, one a marker at a border of the echo."""

    def __init__(self, _plan: Plan) -> None:
        self._rows: list[Row] = []
        self._documents = 0

    def see(self, batch: Batch) -> None:
        """Take one batch."""
        self._documents += len(batch)
        found = stretches(batch)
        for row in np.flatnonzero(_long(found)).tolist():
            self._look(batch, row, *found[row].tolist())

    def _look(self, batch: Batch, row: int, begin: int, echo: int, length: int) -> None:
        tokens = batch.tokens
        base, end = int(tokens.offsets[row]), int(tokens.offsets[row + 1])
        text: bytes = batch.documents.text[row].as_py().encode()
        high, low = (int(part) for part in batch.doc[row])
        stretch = int(tokens.word[base + begin]) ^ int(tokens.word[base + begin + length - 1])
        whose = (high, low, stretch, int(batch.groups[row, 0]), 1)

        def piece(first: int, last: int) -> str:
            """Text from one token to the begin of another; up to the end behind the last."""
            stop = int(tokens.start[base + last]) if base + last < end else len(text)
            return text[int(tokens.start[base + first]) : stop].decode(errors="ignore")

        def behind(at: int) -> str:
            return _behind(piece(at, at + 1))

        def ahead(at: int) -> str:
            return _ahead(piece(at - 1, at) if at else "", piece(at, at + 1))

        borders = set()
        for step in range(min(NEAR, length)):
            borders |= {ahead(echo + step)} - {ahead(begin + step)}
            last = length - 1 - step
            borders |= {behind(begin + last)} ^ {behind(echo + last)}
        for key in sorted({key for border in borders for key in _runs(border)}):
            self._rows.append((RUN, key, *whose, ""))
        near = {begin + length, echo - 1, echo + length}
        words = {int(tokens.raw[base + at]): at for at in near if 0 <= at < end - base}
        for key, at in sorted(words.items()):
            span = slice(int(tokens.start[base + at]), int(tokens.end[base + at]))
            shown = text[span].decode(errors="ignore")[:MOST_SYMBOLS]
            self._rows.append((TOKEN, key, *whose, shown))

    def observation(self) -> pl.DataFrame:
        """Rows of ``SCHEMA``; one row without document counts them all."""
        rows = [*self._rows, (TOTAL, 0, 0, 0, 0, 0, self._documents, "")]
        return pl.DataFrame(rows, schema=SCHEMA.columns, orient="row")


def _behind(token: str) -> str:
    """Symbols behind the word of a token."""
    word = re.search(r"\w(?=[^\w]*$)", token)
    return token[word.end() :][:MOST_SYMBOLS] if word else token[:MOST_SYMBOLS]


def _ahead(before: str, first: str) -> str:
    """Symbols right before the word of a token."""
    word = re.search(r"\w", first)
    joined = before + (first[: word.start()] if word else first)
    tail = _TAIL.search(joined)
    return tail[0][-MOST_SYMBOLS:] if tail else ""


def _runs(border: str) -> list[int]:
    """Keys of the runs of symbols of a border: all symbols that stand together."""
    return [
        key_of(char, sum(1 for _ in group))
        for part in _INSIDE.findall(border)
        for char, group in groupby(part)
    ]


ECHOES = Component(f"echoes1-l{LONG}", Input.TEXT, SCHEMA, EchoObserver)
