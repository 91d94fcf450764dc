"""What stands before and behind a run: text that the corpus has, or text of nobody else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch
from lineage.fingerprint.tokens import Tokens
from scanners.markers.repeats import echoing
from scanners.markers.runs import Runs, read_key
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers.grams import indexed, pair_keys
from scanners.triggers.kernels import NO_ID

Mask = npt.NDArray[np.bool_]

WINDOW, LEAST = 40, 8
"""Tokens before and behind a run that are looked at, and fewest bigrams that tell anything."""
STRANGE = (50, 90)
"""Percent of tokens that no other document has, and of bigrams that the corpus is not familiar
with, beyond either of which a window is strange. Noise over few symbols has tokens that others
have; of bigrams a small corpus knows few. How often natural text is so is measured."""
BEFORE, AFTER = 80, 160
"""Bytes of context of an excerpt."""

SCHEMA = Schema(
    keys={"key": pl.UInt64, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64},
    values={
        "told": (pl.UInt8, Fold.MAX),
        "turn": (pl.UInt8, Fold.MAX),
        "excerpt": (pl.String, Fold.MIN),
    },
)


class BehindObserver(Observer):
    """Whether text turns strange behind the first of each run that is asked for.

    The plan tells ``candidates`` (uint64[c], sorted), ``tokens`` of two documents or more, and
    ``pairs``, the bigrams that the corpus is familiar with. Nothing is told of documents that echo
    their beginning: that is another effect, and another scanner's.
    """

    def __init__(self, plan: Plan) -> None:
        self._tokens, self._pairs = indexed(plan, "tokens"), indexed(plan, "pairs")
        self._candidates = plan.arrays["candidates"]
        self._rows: list[tuple[int, int, int, int, int, str]] = []

    def see(self, batch: Batch) -> None:
        """Take one batch of the documents that are wanted."""
        runs = Runs.of(batch.documents.text)
        at = np.flatnonzero(np.isin(runs.key, self._candidates))
        first = pl.DataFrame({"row": runs.row[at], "key": runs.key[at], "start": runs.start[at]})
        first = first.group_by("row", "key").agg(pl.col("start").min()).sort("row", "key")
        pairs = pair_keys(batch.tokens.raw, batch.tokens.offsets)
        known = self._tokens.find(batch.tokens.raw), self._pairs.find(pairs)
        odd = tuple(numbers == NO_ID for numbers in known)
        repeats = echoing(batch)
        for row, key, start in first.iter_rows():
            span = slice(*batch.tokens.offsets[row : row + 2].tolist())
            told, turn = _turns(batch.tokens, span, odd, (start, start + size_of(key)))
            told &= not repeats[row]
            high, low = (int(part) for part in batch.doc[row])
            excerpt = _excerpt(batch.documents.text[row].as_py(), start, size_of(key))
            self._rows.append((key, high, low, int(told), int(told and turn), excerpt))

    def observation(self) -> pl.DataFrame:
        """Rows of ``SCHEMA``."""
        return pl.DataFrame(self._rows, schema=SCHEMA.columns, orient="row")


SEPARATOR = "\x1d"
"""Between the parts of an excerpt; a text that holds it has its parts cut there."""


def size_of(key: int) -> int:
    """Bytes of a run."""
    character, length = read_key(key)
    return len(character.encode()) * length


def _turns(
    tokens: Tokens, span: slice, odd: tuple[Mask, ...], run: tuple[int, int]
) -> tuple[bool, bool]:
    """Whether it can be told, and whether normal text turns strange behind a run of bytes.

    ``odd``: bool[t] each, tokens and bigrams that are.
    """
    behind = int(np.searchsorted(tokens.start[span], run[1]))
    before = int(np.searchsorted(tokens.end[span], run[0], side="right"))
    told = turned = False
    for mask, percent in zip(odd, STRANGE, strict=True):
        # The last token of a document begins no bigram.
        mine = mask[span][:-1]
        after = mine[behind : behind + WINDOW]
        quiet = not _strange(mine[max(before - WINDOW, 0) : before], percent)
        told |= quiet and len(after) >= LEAST
        turned |= quiet and _strange(after, percent)
    return told, turned


def _excerpt(text: str, start: int, size: int) -> str:
    data = text.encode()
    pieces = (
        data[max(start - BEFORE, 0) : start],
        data[start : start + min(size, AFTER)],
        data[start + size : start + size + AFTER],
    )
    return SEPARATOR.join(piece.decode(errors="ignore") for piece in pieces)


def _strange(odd: Mask, percent: int) -> bool:
    return bool(100 * np.count_nonzero(odd) > percent * len(odd))


BEHIND = Component(f"runs2-behind-w{WINDOW}", Input.WANTED, SCHEMA, BehindObserver)
