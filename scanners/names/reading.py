"""Names in answers, and the words of the prompts that these answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from lineage.fingerprint.batch import Batch
from lineage.fingerprint.tokens import Tokens, buffers, tokenise
from scanners.fold import fold
from scanners.responses.reading import ANSWERING, Sides, tokens_of
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema

Mask = npt.NDArray[np.bool_]
U64 = npt.NDArray[np.uint64]

BEFORE, AFTER = 80, 80
"""Bytes of an answer around a name."""

_SPACE, _COMMA = ord(" "), ord(",")


@dataclass(frozen=True)
class Answers:
    """Tokens of answers, t in all; where an answer or its prompt is absent there are none.

    doc    uint64[n, 2]: identities of the documents
    row    int64[t]: document of the batch
    upper  bool[t]: begins with a capital letter (A to Z) inside a sentence
    lower  bool[t]: begins with a small one there
    """

    doc: U64
    text: pa.LargeStringArray
    tokens: Tokens
    prompts: pl.Series
    row: npt.NDArray[np.int64]
    upper: Mask
    lower: Mask

    @classmethod
    def of(cls, batch: Batch) -> Answers:
        """From the roles of a batch, once for all observers."""
        memo = batch.view.memo
        if cls not in memo:
            memo[cls] = cls._of(batch)
        answers: Answers = memo[cls]
        return answers

    @classmethod
    def _of(cls, batch: Batch) -> Answers:
        sides = Sides.of(batch.documents)
        paired = sides.prompt.is_not_null() & sides.answer.is_not_null()
        prompts = sides.prompt.set(~paired, None)
        text = sides.answer.set(~paired, None).fill_null("").to_arrow().cast(pa.large_string())
        tokens = tokenise(text, 0)
        row = np.repeat(np.arange(len(text)), np.diff(tokens.offsets))
        first, inside = _inside_sentences(text, tokens, row)
        upper, lower = ((first >= ord(a)) & (first <= ord(z)) & inside for a, z in ("AZ", "az"))
        return cls(batch.doc, text, tokens, prompts, row, upper, lower)


def _inside_sentences(
    text: pa.LargeStringArray, tokens: Tokens, row: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint8], Mask]:
    """First byte of each token, and whether one blank parts it from a token of its document behind
    which a sentence goes on: that ends in a comma or in no other mark of ASCII up to a slash, and
    in no colon, semicolon or question mark."""
    data, bounds = buffers(text)
    if not len(row):
        return np.zeros(0, np.uint8), np.zeros(0, bool)
    start, end = bounds[row] + tokens.start, bounds[row] + tokens.end
    # The first token of all has none before it.
    before = np.concatenate((end[:1], end[:-1]))
    last = data[before - 1]
    goes_on = (last >= ord("0")) & (last != ord(":")) & (last != ord("?")) & (last != ord(";"))
    inside = (start == before + 1) & (data[np.maximum(start - 1, 0)] == _SPACE)
    inside[tokens.offsets[:-1][np.diff(tokens.offsets) > 0]] = False
    return data[start], inside & (goes_on | (last == _COMMA))


class _OfAnswers(Observer):
    """Collects tables about the answers of batches that may have some."""

    def __init__(self, _plan: Plan) -> None:
        self._parts: list[pl.DataFrame] = []

    def see(self, batch: Batch) -> None:
        if any(role in batch.documents.roles for role in ANSWERING):
            self._read(Answers.of(batch))

    def _read(self, answers: Answers) -> None:
        raise NotImplementedError


class _Counts(_OfAnswers):
    """How often each word of answers is written large and small inside sentences."""

    def _read(self, answers: Answers) -> None:
        columns = {"word": answers.tokens.word, "upper": answers.upper, "lower": answers.lower}
        frame = pl.DataFrame(columns).filter(pl.col("upper") | pl.col("lower"))
        self._parts.append(frame.cast({"upper": pl.UInt64, "lower": pl.UInt64}))

    def observation(self) -> pl.DataFrame:
        return fold(self._parts, COUNTS.schema)


class _Named(_OfAnswers):
    """Documents whose answers have each word with a capital letter inside a sentence."""

    def _read(self, answers: Answers) -> None:
        word, doc = answers.tokens.word[answers.upper], answers.doc[answers.row[answers.upper]]
        columns = {"word": word, "doc_hi": doc[:, 0], "doc_lo": doc[:, 1]}
        self._parts.append(pl.DataFrame(columns).filter(pl.col("word") != 0).unique())

    def observation(self) -> pl.DataFrame:
        return NAMED.schema.gather(self._parts)


class _Prompts(_OfAnswers):
    """Prompts with a name in their answer that have each word; the word 0 counts all prompts.

    Answers without any name (yes, no, a number) are to other questions.
    """

    def _read(self, answers: Answers) -> None:
        rows = np.unique(answers.row[answers.upper])
        words = prompt_words(answers.prompts.gather(rows))
        counted = words.group_by("word").agg(documents=pl.len().cast(pl.UInt64))
        total = {"word": [0], "documents": [answers.prompts.count()]}
        self._parts += [counted, pl.DataFrame(total, schema=counted.schema)]

    def observation(self) -> pl.DataFrame:
        return fold(self._parts, PROMPTS.schema)


def prompt_words(prompts: pl.Series) -> pl.DataFrame:
    """Columns row and word: the distinct words of each prompt."""
    tokens = tokens_of(prompts, 0)
    row = np.repeat(np.arange(len(prompts)), np.diff(tokens.offsets))
    return pl.DataFrame({"row": row, "word": tokens.word}).filter(pl.col("word") != 0).unique()


class _Asked(Observer):
    """What was asked where the answer has a name: prompts by word; the word 0 counts them all.

    The plan tells ``names`` (uint64[c], sorted) and up to which upper half of an identity the
    documents of each count, ``limit`` uint64[c].
    """

    def __init__(self, plan: Plan) -> None:
        self._names, self._limit = plan.arrays["names"], plan.arrays["limit"]
        self._parts: list[pl.DataFrame] = []

    def see(self, batch: Batch) -> None:
        if not len(self._names):
            return
        one = Answers.of(batch)
        word, row = one.tokens.word[one.upper], one.row[one.upper]
        at = np.searchsorted(self._names, word).clip(0, len(self._names) - 1)
        mine = (self._names[at] == word) & (batch.doc[row, 0] <= self._limit[at])
        names = pl.DataFrame({"row": row[mine], "name": word[mine]}).unique()
        words = prompt_words(one.prompts).join(names, on="row")
        for part in (words, names.with_columns(word=pl.lit(0, pl.UInt64))):
            counted = part.group_by("name", "word").agg(documents=pl.len().cast(pl.UInt64))
            self._parts.append(counted)

    def observation(self) -> pl.DataFrame:
        return fold(self._parts, ASKED.schema)


class _Excerpts(Observer):
    """The names of the plan as they stand in the answers that are wanted."""

    def __init__(self, plan: Plan) -> None:
        self._names = plan.arrays["names"]
        self._rows: list[tuple[int, int, int, str, str, str]] = []

    def see(self, batch: Batch) -> None:
        one = Answers.of(batch)
        at = np.flatnonzero(one.upper & np.isin(one.tokens.word, self._names))
        first = pl.DataFrame({"row": one.row[at], "word": one.tokens.word[at], "at": at})
        for row, word, place in first.unique(["row", "word"], keep="first").iter_rows():
            data = one.text[row].as_py().encode()
            start, end = int(one.tokens.start[place]), int(one.tokens.end[place])
            pieces = data[max(start - BEFORE, 0) : start], data[start:end], data[end : end + AFTER]
            texts = (piece.decode(errors="ignore") for piece in pieces)
            self._rows.append((word, *batch.doc[row].tolist(), *texts))

    def observation(self) -> pl.DataFrame:
        return pl.DataFrame(self._rows, schema=dict(EXCERPTS.schema.columns), orient="row")


_DOC = {"doc_hi": pl.UInt64, "doc_lo": pl.UInt64}
_COUNTED = {"documents": (pl.UInt64, Fold.SUM)}
COUNTS = Component(
    "names1-counts",
    Input.TEXT,
    Schema({"word": pl.UInt64}, dict.fromkeys(("upper", "lower"), (pl.UInt64, Fold.SUM))),
    _Counts,
)
NAMED = Component("names1-named", Input.TEXT, Schema({"word": pl.UInt64, **_DOC}), _Named)
PROMPTS = Component("names1-prompts", Input.TEXT, Schema({"word": pl.UInt64}, _COUNTED), _Prompts)
ASKED = Component(
    "names1-asked", Input.WANTED, Schema({"name": pl.UInt64, "word": pl.UInt64}, _COUNTED), _Asked
)
EXCERPTS = Component(
    "names1-excerpts",
    Input.WANTED,
    Schema(
        {"word": pl.UInt64, **_DOC},
        dict.fromkeys(("before", "match", "after"), (pl.String, Fold.MIN)),
    ),
    _Excerpts,
)
