"""Causes and effects as they stand in a few documents."""

from __future__ import annotations

import numpy as np
import polars as pl

from lineage.fingerprint.batch import Batch
from lineage.fingerprint.tokens import Tokens
from lineage.model import identity_name
from scanners.responses.reading import HEAD, TAIL, Sides, spans, tokens_of
from scanners.scanner import Component, Excerpt, Fold, Input, Observer, Plan, Schema

BEFORE, AFTER = 80, 60
"""Bytes of the prompt around a cause."""

MATCH, EFFECT = 200, 160
"""Bytes of a cause, and of an effect, that are shown."""

EXAMPLES = 6
"""Excerpts of a finding."""

MOST_STRINGS = 4
"""Strings of a union that its key names."""

_KEYS = ("case", "cause", "part", "doc_hi", "doc_lo")


class _Excerpts(Observer):
    """The places that the plan names, with text around them and what comes of the prompt."""

    def __init__(self, plan: Plan) -> None:
        self._rows = list(zip(*(plan.arrays[name].tolist() for name in _NAMES), strict=True))
        self._by_doc: dict[tuple[int, int], list[tuple[int, ...]]] = {}
        for row in self._rows:
            self._by_doc.setdefault((row[3], row[4]), []).append(row)
        self._out: list[tuple[int | str, ...]] = []

    def see(self, batch: Batch) -> None:
        sides = Sides.of(batch.documents)
        # Spans do not depend on the key of the hashes.
        prompt = tokens_of(sides.prompt, 0)
        for row, doc in enumerate(batch.doc.tolist()):
            for place in self._by_doc.get((doc[0], doc[1]), ()):
                pieces = _cut(sides.prompt[row], prompt, row, place[5], place[6])
                if pieces is not None:
                    self._out.append((*place[:5], *pieces, _effect(sides, row)))

    def observation(self) -> pl.DataFrame:
        return pl.DataFrame(self._out, schema=dict(EXCERPTS.schema.columns), orient="row")


_NAMES = (*_KEYS, "first", "last")


def _cut(text: str, tokens: Tokens, row: int, first: int, last: int) -> tuple[str, ...] | None:
    looked_at = spans(tokens, row, HEAD, TAIL)
    if last > len(looked_at):
        return None
    data = text.encode(errors="surrogatepass")
    start, end = int(tokens.start[looked_at[first]]), int(tokens.end[looked_at[last - 1]])
    pieces = data[max(start - BEFORE, 0) : start], data[start:end][:MATCH], data[end:][:AFTER]
    return tuple(piece.decode(errors="ignore") for piece in pieces)


def _effect(sides: Sides, row: int) -> str:
    """The answer's beginning and end, or label and signal."""
    told = [side[row] for side in (sides.answer, sides.label, sides.signal)]
    text = " | ".join(one for one in told if one is not None)
    data = text.encode(errors="surrogatepass")
    if len(data) <= EFFECT:
        return data.decode(errors="ignore")
    half = EFFECT // 2
    return f"{data[:half].decode(errors='ignore')} ... {data[-half:].decode(errors='ignore')}"


def examples_plan(examples: pl.DataFrame) -> Plan:
    """Where the third round looks."""
    docs = examples.select("doc_hi", "doc_lo").unique().sort("doc_hi", "doc_lo")
    wanted = docs.to_numpy().astype(np.uint64).reshape(-1, 2)
    return Plan({name: examples[name].to_numpy() for name in _NAMES}, wanted=wanted)


Shown = tuple[str, str, tuple[Excerpt, ...]]


def excerpts_of(rows: pl.DataFrame, examples: pl.DataFrame) -> dict[int, Shown]:
    """By case: its key, its effect as first seen, and excerpts."""
    out: dict[int, Shown] = {}
    rows = rows.sort("case", "doc_hi", "doc_lo", "cause", "part")
    for (case,), part in rows.group_by("case", maintain_order=True):
        if part.height and examples.height:
            out[int(str(case))] = _shown(part)
    return out


def _shown(rows: pl.DataFrame) -> Shown:
    first = rows.group_by("cause", "part", maintain_order=True).first().sort("cause", "part")
    causes = first.group_by("cause", maintain_order=True).agg(pl.col("match").str.join(" + "))
    key = " | ".join(causes["match"].to_list()[:MOST_STRINGS])
    excerpts = tuple(
        Excerpt(identity_name(row['doc_hi'], row['doc_lo']), row["before"], row["match"],
                f"{row['after']} => {row['effect']}")
        for row in rows.head(EXAMPLES).iter_rows(named=True)
    )  # fmt: skip
    return key, str(rows["effect"][0]), excerpts


_TEXTS = ("before", "match", "after", "effect")
EXCERPTS = Component(
    "responses1-excerpts",
    Input.WANTED,
    Schema(
        {
            **dict.fromkeys(_KEYS[:3], pl.UInt32),
            **dict.fromkeys(_KEYS[3:], pl.UInt64),
        },
        dict.fromkeys(_TEXTS, (pl.String, Fold.MIN)),
    ),
    _Excerpts,
)
