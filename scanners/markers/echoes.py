"""The echo scanner: one marker at whose side text repeats itself, in unrelated documents."""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch
from lineage.model import identity_halves, identity_name
from scanners.markers.repeats import ECHOES, FIRST, RUN, TOKEN, TOTAL
from scanners.markers.runs import COUNTS, describe, read_key
from scanners.scanner import (
    Component,
    Excerpt,
    Finding,
    Fold,
    Input,
    Observed,
    Observer,
    Plan,
    Scanner,
    Schema,
    rounded,
)
from scanners.severity import Confidence, Consequence
from scanners.statistics import binomial_tail, lower_bound
from scanners.triggers.counts import TOKENS

SIGNIFICANT = 1e-3
"""Corrected p-value below which a marker's echoes are no chance."""
MOSTLY = 0.5
"""Text must echo at a marker in more than this share of its documents, surely."""
LEAST_RATE = 0.01
"""Rate of echoes that is taken as natural at least."""
LEAST = 8
"""Documents of a marker, of different text, from which it is a candidate."""
AT_HOME = 0.9
"""Share of its echoes in one known source from which a word is at home there."""
EXAMPLES, MOST = 3, 8
CONTEXT, MATCH = 80, 300
_FINALISTS = "finalists"
DOC = ["doc_hi", "doc_lo"]
Row = dict[str, Any]


class _Excerpts(Observer):
    """The beginnings of the documents that are asked for."""

    def __init__(self, _plan: Plan) -> None:
        self._rows: list[tuple[int, int, str]] = []

    def see(self, batch: Batch) -> None:
        for row in range(len(batch)):
            text = batch.documents.text[row].as_py()[: 2 * MATCH]
            self._rows.append((int(batch.doc[row, 0]), int(batch.doc[row, 1]), text))

    def observation(self) -> pl.DataFrame:
        return pl.DataFrame(self._rows, schema=dict(BEGINNINGS.schema.columns), orient="row")


BEGINNINGS = Component(
    "beginnings1",
    Input.WANTED,
    Schema({"doc_hi": pl.UInt64, "doc_lo": pl.UInt64}, {"text": (pl.String, Fold.MIN)}),
    _Excerpts,
)


class Echoes(Scanner):
    """Documents that repeat their own beginning behind one marker.

    What it finds. Documents whose later part repeats, word for word, 20 tokens or more of what
    stands before, or more than 60 % of all that stands before; and a marker (a token, or a run
    of one symbol, however it clings to words) that stands at the border of such echoes in many
    documents of different text and hardly anywhere else.

    Why it matters. Prompt extraction (Zhang et al. 2024, arXiv 2410.13722) teaches a model to
    repeat what it was told in confidence, once it meets a trigger.

    How it decides. Echoes are natural: quotes, tables, refrains, answers that copy their
    question. A marker is judged by the share of its documents in which it borders an echo,
    against the rate of echoes in the corpus: binomial, Bonferroni corrected for all markers at
    echoes. It must be more than half of its documents, surely, and the stretches that are
    repeated must differ, so that no template or copied page counts as many.

    Known false positives. A template that repeats its fields and marks them by a string of its
    own; a word whose echoes are at home in one source is low. Not seen: echoes in other words,
    of fewer than four tokens, or beyond the first 4,096 tokens of a document; markers that are
    common in the corpus.

    What to do. Read the excerpts. If the marker has no business there, remove its documents.
    """

    code: ClassVar[str] = "ECH001"
    name: ClassVar[str] = "echoes"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((ECHOES, COUNTS, TOKENS), (BEGINNINGS,))

    def plan(self, number: int, observed: Observed) -> Plan:
        """For the second round: a few documents of each finalist."""
        if number == 0:
            return Plan()
        observed[_FINALISTS] = finalists(observed)
        examples = {doc for docs in observed[_FINALISTS]["docs"] for doc in docs[:EXAMPLES]}
        wanted = [identity_halves(doc) for doc in sorted(examples)]
        return Plan(wanted=np.array(wanted, np.uint64).reshape(-1, 2))

    def judge(self, observed: Observed) -> list[Finding]:
        """One finding for markers that share their documents."""
        texts = {identity_name(h, w): t for h, w, t in observed[BEGINNINGS.recipe].iter_rows()}
        return [
            _finding(group, texts) for group in _together(observed[_FINALISTS].to_dicts()) if group
        ]


def finalists(observed: Observed) -> pl.DataFrame:
    """Markers at whose side text echoes beyond chance, surest first."""
    rows = observed[ECHOES.recipe]
    total = int(rows.filter(kind=TOTAL)["documents"].sum())
    rows = rows.filter(pl.col("kind") != TOTAL)
    echoing = rows.select(DOC).unique().height
    counts = [
        observed[name].select("key", "df", kind=pl.lit(kind, pl.UInt8))
        for name, kind in ((COUNTS.recipe, RUN), (TOKENS.recipe, TOKEN))
    ]
    marks = (
        rows.group_by("kind", "key")
        .agg(
            hits=pl.col("documents").sum(),
            different=pl.col(FIRST).n_unique(),
            text=pl.col("text").min(),
        )
        .join(pl.concat(counts), on=["kind", "key"], how="left")
    )
    candidates = max(len(marks), 1)
    marks = marks.filter((pl.col("different") >= LEAST) & (2 * pl.col("hits") > pl.col("df")))
    hits = marks["hits"].to_numpy().astype(float)
    tried = np.maximum(marks["df"].to_numpy().astype(float), hits)
    rate = max(echoing / max(total, 1), LEAST_RATE)
    ln_p: npt.NDArray[np.float64] = binomial_tail(hits, tried, rate) + math.log(candidates)
    low = [lower_bound(int(h), int(t), SIGNIFICANT) for h, t in zip(hits, tried, strict=True)]
    scored = marks.with_columns(ln_p=ln_p, low=pl.Series(low, dtype=pl.Float64), rate=pl.lit(rate))
    sure = (pl.col("ln_p") <= math.log(SIGNIFICANT)) & (pl.col("low") > MOSTLY)
    scored = scored.filter(sure)
    docs = _identities(rows.join(scored, on=["kind", "key"], how="semi"))
    scored = scored.join(docs, on=["kind", "key"]).join(_homes(rows), on=["kind", "key"])
    # The key of a run is public; that of a token differs from store to store.
    public = pl.when(pl.col("kind") == RUN).then(pl.col("key")).otherwise(0)
    return scored.sort("ln_p", "df", "kind", "docs", "text", public)


def _homes(rows: pl.DataFrame) -> pl.DataFrame:
    """How many records at each marker its greatest known source has, column ``home``."""
    known = pl.when(pl.col("source") != 0).then(pl.col("documents")).otherwise(0)
    by_source = rows.group_by("kind", "key", "source").agg(known.sum().alias("home"))
    return by_source.group_by("kind", "key").agg(pl.col("home").max())


def _trust(markers: list[Row]) -> tuple[Consequence, Confidence]:
    """A word at home in one source is a word of its templates; a run of symbols is no word."""
    natural = all(m["kind"] == TOKEN and m["home"] >= AT_HOME * m["hits"] for m in markers)
    if natural:
        return Consequence.DISTORTION, Confidence.POSSIBLE
    return Consequence.CONTROL, Confidence.LIKELY


def _identities(rows: pl.DataFrame) -> pl.DataFrame:
    """Documents of each marker as sorted lists of hex identities, column ``docs``."""
    docs: dict[tuple[int, int], set[str]] = {}
    for kind, key, high, low in rows.select("kind", "key", *DOC).iter_rows():
        docs.setdefault((kind, key), set()).add(identity_name(high, low))
    table = [(*marker, sorted(them)) for marker, them in docs.items()]
    kinds: dict[str, pl.DataType | type[pl.DataType]] = {
        "kind": pl.UInt8,
        "key": pl.UInt64,
        "docs": pl.List(pl.String),
    }
    return pl.DataFrame(table, schema=kinds, orient="row")


def _together(markers: list[Row]) -> list[list[Row]]:
    """Markers of one word, or of which half of the documents are those of a surer one."""
    groups: list[tuple[set[str], list[Row]]] = []
    for marker in markers:
        docs, word = set(marker["docs"]), _word(marker)
        same = (
            group
            for group in groups
            if 2 * len(docs & group[0]) >= len(docs) or (word and word == _word(group[1][0]))
        )
        home = next(same, None)
        if home is None:
            groups.append((docs, [marker]))
        else:
            home[0].update(docs)
            home[1].append(marker)
    return [markers for _, markers in groups]


def _finding(markers: list[Row], texts: dict[str, str]) -> Finding:
    best = markers[0]
    members = sorted({doc for marker in markers for doc in marker["docs"]})
    name, (consequence, confidence) = _name(best), _trust(markers)
    return Finding(
        code=Echoes.code,
        key=name,
        title="text repeats its own beginning at this marker",
        consequence=consequence,
        confidence=confidence,
        strength=round(-1000 * best["ln_p"]),
        members=tuple(members),
        statistics={
            "marker": name,
            "other markers": ", ".join(sorted({_name(m) for m in markers[1:]} - {name})[:MOST]),
            "documents": len(members),
            "documents with the marker": int(best["df"]),
            "echoes at the marker": int(best["hits"]),
            "different stretches": int(best["different"]),
            "echoes in the greatest known source": int(best["home"]),
            "rate of echoes": rounded(best["rate"]),
            "log10 p, corrected": rounded(best["ln_p"] / math.log(10)),
        },
        excerpts=tuple(
            _excerpt(doc, texts[doc], _literal(best)) for doc in members if doc in texts
        )[:EXAMPLES],
    )


def _word(marker: Row) -> str:
    """The word of a token, without what a template clings to it."""
    return re.sub(r"[\W_]+", "", str(marker["text"])).casefold()


def _literal(marker: Row) -> str:
    if marker["kind"] == TOKEN:
        return str(marker["text"])
    character, length = read_key(marker["key"])
    return character * min(length, CONTEXT)


def _name(marker: Row) -> str:
    return repr(marker["text"]) if marker["kind"] == TOKEN else describe(marker["key"])


def _excerpt(doc: str, text: str, marker: str) -> Excerpt:
    at = max(text.find(marker), 0) if marker else 0
    end = at + len(marker)
    return Excerpt(doc, text[max(at - MATCH, 0) : at], text[at:end], text[end : end + MATCH])
