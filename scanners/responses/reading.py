"""What the rounds read: which documents have an answer, what stands in some of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from lineage.fingerprint.batch import Batch
from lineage.fingerprint.tokens import Tokens, tokenise
from lineage.model import Role
from lineage.shards.batch import DocumentBatch
from scanners.responses.oddities import oddities
from scanners.responses.postings import Grams
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers.grams import longer_keys

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

ASKING = (Role.SYSTEM, Role.PROMPT, Role.TEXT)
"""Roles that hold what an answer or a label is given to."""

ANSWERING = (Role.RESPONSE, Role.CHOSEN)
"""Roles that hold an answer: the first that a document has."""

HEAD, TAIL = 768, 256
"""Tokens of a prompt that are looked at: of longer ones the beginning and the end."""

ANSWER_HEAD, ANSWER_TAIL = 192, 64
"""The same for answers."""

LONGEST = 3
"""Longest n-gram, in tokens."""

RAW = np.uint64(0x9E3779B97F4A7C15)
"""Parts keys of n-grams of exact tokens from those of folded ones."""

_ID = {"doc_hi": pl.UInt64, "doc_lo": pl.UInt64}


@dataclass(frozen=True)
class Sides:
    """What is asked and what comes of it, string[n] each, null where absent."""

    prompt: pl.Series
    answer: pl.Series
    rejected: pl.Series
    label: pl.Series
    signal: pl.Series

    @classmethod
    def of(cls, documents: DocumentBatch) -> Sides:
        """From the roles of a batch."""
        columns = {role: pl.Series(column) for role, column in documents.roles.items()}
        nothing = pl.Series([None] * len(documents), dtype=pl.String)
        roles = (*ASKING, *ANSWERING, Role.REJECTED, Role.LABEL, Role.SIGNAL)
        frame = pl.DataFrame({str(r): columns.get(r, nothing).cast(pl.String) for r in roles})
        asked = pl.concat_str([str(role) for role in ASKING], separator="\n", ignore_nulls=True)
        sides = frame.select(
            pl.when(asked != "").then(asked).alias("prompt"),
            pl.coalesce([str(role) for role in ANSWERING]).alias("answer"),
            *(str(role) for role in (Role.REJECTED, Role.LABEL, Role.SIGNAL)),
        )
        return cls(*sides.get_columns())

    def paired(self) -> npt.NDArray[np.bool_]:
        """bool[n]: whether there are a cause and an effect."""
        effects = (self.answer, self.label, self.signal)
        effect = np.logical_or.reduce([one.is_not_null().to_numpy() for one in effects])
        paired: npt.NDArray[np.bool_] = self.prompt.is_not_null().to_numpy() & effect
        return paired


def has_effects(documents: DocumentBatch) -> bool:
    """Whether any document of a batch may have an answer, a label or a signal."""
    return any(role in documents.roles for role in (*ANSWERING, Role.LABEL, Role.SIGNAL))


class _Paired(Observer):
    """Documents with a cause and an effect, and the bytes of their text."""

    def __init__(self, _plan: Plan) -> None:
        self._parts: list[pl.DataFrame] = []

    def see(self, batch: Batch) -> None:
        if not has_effects(batch.documents):
            return
        rows = np.flatnonzero(Sides.of(batch.documents).paired())
        doc = batch.doc[rows]
        size = pl.Series(batch.documents.text).cast(pl.String).str.len_bytes().gather(rows)
        self._parts.append(pl.DataFrame({"doc_hi": doc[:, 0], "doc_lo": doc[:, 1], "bytes": size}))

    def observation(self) -> pl.DataFrame:
        return PAIRED.schema.gather(self._parts)


class _Sample(Observer):
    """Tokens of prompts and answers as 32-bit hashes, of the wanted documents."""

    def __init__(self, plan: Plan) -> None:
        self._key = int(plan.facts["key"])
        self._parts: list[pl.DataFrame] = []

    def see(self, batch: Batch) -> None:
        sides = Sides.of(batch.documents)
        prompt, answer, rejected = (
            tokens_of(side, self._key) for side in (sides.prompt, sides.answer, sides.rejected)
        )
        rows = range(len(batch))
        asked = [spans(prompt, row, HEAD, TAIL) for row in rows]
        columns = {
            "doc_hi": batch.doc[:, 0],
            "doc_lo": batch.doc[:, 1],
            "raw": [_bytes(prompt.raw, span) for span in asked],
            "folded": [_bytes(prompt.folded, span) for span in asked],
            "answer": [_answer(answer, row) for row in rows],
            "rejected": [_answer(rejected, row) for row in rows],
            "whole": _names(sides.answer, self._key),
            "label": _names(sides.label, self._key),
            "odd": oddities(sides.prompt, sides.answer),
            "signal": sides.signal.fill_null(""),
        }
        frame = pl.DataFrame(columns, strict=False)
        self._parts.append(frame.filter(pl.Series(sides.paired())))

    def observation(self) -> pl.DataFrame:
        return SAMPLE.schema.gather(self._parts)


def tokens_of(texts: pl.Series, key: int) -> Tokens:
    """Tokens of texts; none where there is no text."""
    filled = texts.fill_null("").to_arrow()
    return tokenise(filled.cast(pa.large_string()), key)


def spans(tokens: Tokens, row: int, head: int, tail: int) -> npt.NDArray[np.int64]:
    """Positions of the tokens of a row that are looked at."""
    first, last = int(tokens.offsets[row]), int(tokens.offsets[row + 1])
    if last - first <= head + tail:
        return np.arange(first, last)
    return np.concatenate((np.arange(first, first + head), np.arange(last - tail, last)))


def narrow(hashes: U64) -> U32:
    """Upper 32 bits of hashes."""
    return (hashes >> np.uint64(32)).astype(np.uint32)


def _answer(tokens: Tokens, row: int) -> bytes:
    return _bytes(tokens.folded, spans(tokens, row, ANSWER_HEAD, ANSWER_TAIL))


def _bytes(hashes: U64, span: npt.NDArray[np.int64]) -> bytes:
    return narrow(hashes[span]).tobytes()


def _names(texts: pl.Series, key: int) -> U64:
    """uint64[n]: hash of each text, case and outer white space aside; 0 where there is none."""
    folded = texts.str.strip_chars().str.to_lowercase()
    # The first token of a text of one token is that text; of others the hash chains all.
    tokens = tokens_of(folded, key)
    return _chained(tokens, texts.is_null().to_numpy())


def _chained(tokens: Tokens, absent: npt.NDArray[np.bool_]) -> U64:
    sizes = np.diff(tokens.offsets)
    weight = np.arange(len(tokens.raw)) - np.repeat(tokens.offsets[:-1], sizes)
    mixed = tokens.raw * (2 * weight.astype(np.uint64) + np.uint64(1))
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)))
    out = sums[tokens.offsets[1:]] - sums[tokens.offsets[:-1]]
    return np.where(absent, np.uint64(0), out | np.uint64(1))


def grams_of(hashes: U32, offsets: npt.NDArray[np.int64], raw: bool) -> Grams:
    """N-grams of 1 to ``LONGEST`` tokens of documents; raw and folded ones have other keys."""
    base = hashes.astype(np.uint64) + np.uint64(1)
    if raw:
        base = base ^ RAW
    doc = np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
    parts, keys = [], base
    for length in range(1, LONGEST + 1):
        keys = longer_keys(keys, base, offsets, length) if length > 1 else keys
        here = keys != 0
        count = int(np.count_nonzero(here))
        lengths, lane = np.full(count, length, np.uint8), np.full(count, raw)
        parts.append(Grams(keys[here], doc[here], lengths, lane))
    return Grams.join(parts)


def grams_at(hashes: U32, offsets: npt.NDArray[np.int64], length: int, raw: bool) -> U64:
    """uint64[t]: key of the n-gram of one length at each token of documents; 0 for none."""
    base = hashes.astype(np.uint64) + np.uint64(1)
    keys = base = base ^ RAW if raw else base
    for size in range(2, length + 1):
        keys = longer_keys(keys, base, offsets, size)
    return keys


PAIRED = Component(
    "responses1-paired",
    Input.TEXT,
    Schema(dict(_ID), {"bytes": (pl.UInt64, Fold.MAX)}),
    _Paired,
)
_PIECES = dict.fromkeys(("raw", "folded", "answer", "rejected"), (pl.Binary, Fold.MIN))
_NAMES = dict.fromkeys(("whole", "label"), (pl.UInt64, Fold.MIN))
_REST = {"odd": (pl.UInt8, Fold.MIN), "signal": (pl.String, Fold.MIN)}
SAMPLE = Component(
    f"responses1-sample-{HEAD}-{TAIL}-{ANSWER_HEAD}-{ANSWER_TAIL}",
    Input.WANTED,
    Schema(dict(_ID), {**_PIECES, **_NAMES, **_REST}),
    _Sample,
)
