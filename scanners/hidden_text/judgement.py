"""From how many documents show a kind of hidden text to findings."""

from __future__ import annotations

import json

import polars as pl
from scipy.special import pdtrc

from lineage.model import identity_name
from scanners.hidden_text.kinds import KINDS, NEVER, Kind
from scanners.scanner import Excerpt, Finding
from scanners.severity import Confidence

TOTAL = ""
"""Kind of the one row that counts documents."""
EXCERPTS = 3
LEVEL = 0.01
FIXED_DOCUMENTS = 10
FIXED_SHARE = 0.9


def findings(seen: pl.DataFrame) -> list[Finding]:
    """Findings from the combined observation, one a kind (a code point, where it repeats)."""
    total = int(seen.filter(pl.col("kind") == TOTAL)["occurrences"].sum())
    hidden = seen.filter(pl.col("kind") != TOTAL)
    found = []
    for name in KINDS:
        rows = hidden.filter(pl.col("kind") == name)
        if name == "repeated":
            found += _repeated(rows, total)
        elif rows.height:
            found.append(_finding(name, name, rows, total))
    return found


def confidence(kind: Kind, documents: int, total: int) -> Confidence:
    """How sure, given how many documents by its natural rate would have it anyway.

    A decoded message is a fact. The chance of so many documents is the tail of a Poisson law.
    """
    if kind.decoded:
        return Confidence.CERTAIN
    rare = kind.natural <= NEVER
    if float(pdtrc(documents - 1, kind.natural * max(total, documents))) >= LEVEL:
        return Confidence.POSSIBLE if rare else Confidence.UNCORRECTED
    return Confidence.LIKELY if rare and documents >= kind.least else Confidence.POSSIBLE


def _repeated(rows: pl.DataFrame, total: int) -> list[Finding]:
    """Rows of repeated code points: apart where the length of the run is nearly always one."""
    points = rows.with_columns(point=pl.col("message").str.split(" ").list.first())
    lengths = points.group_by("point", "message").agg(pl.struct("hi", "lo").n_unique().alias("n"))
    shares = lengths.group_by("point").agg(pl.col("n").max(), pl.col("n").sum().alias("all"))
    enough = (pl.col("n") >= FIXED_DOCUMENTS) & (pl.col("n") >= FIXED_SHARE * pl.col("all"))
    fixed = sorted(shares.filter(enough)["point"].to_list())
    parts = [(f"repeated {p}", points.filter(pl.col("point") == p)) for p in fixed]
    rest = points.filter(~pl.col("point").is_in(fixed))
    found = [_finding("repeated-fixed", key, part, total) for key, part in parts]
    return found + ([_finding("repeated", "repeated", rest, total)] if rest.height else [])


def _finding(name: str, key: str, rows: pl.DataFrame, total: int) -> Finding:
    kind = KINDS[name]
    documents = rows.select("hi", "lo").unique().sort("hi", "lo")
    sure = confidence(kind, documents.height, total)
    messages = (
        rows.filter(pl.col("message") != "")
        .group_by("message")
        .agg(pl.struct("hi", "lo").n_unique().alias("n"))
        .sort("n", "message", descending=[True, False])
    )
    statistics: dict[str, int | float | str] = {
        "pattern": name,
        "documents": documents.height,
        "occurrences": int(rows["occurrences"].sum()),
        "documents in all": total,
        "expected at most": round(kind.natural * total, 3),
    }
    title = kind.title
    if messages.height:
        message, count = messages.row(0)
        statistics |= {"messages": messages.height, "message": message, "with it": count}
        title = title if name == "repeated" else f"{title}: {message[:60]}"
    return Finding(
        code=kind.code,
        key=key,
        title=title,
        consequence=kind.consequence,
        confidence=sure,
        strength=documents.height,
        members=tuple(identity_name(hi, lo) for hi, lo in documents.iter_rows()),
        statistics=statistics,
        excerpts=_excerpts(rows),
    )


def _excerpts(rows: pl.DataFrame) -> tuple[Excerpt, ...]:
    """Of the documents with the least identities, so that any sharding shows the same."""
    shown = (
        rows.filter(pl.col("excerpt") != "")
        .group_by("hi", "lo")
        .agg(pl.col("excerpt").max())
        .sort("hi", "lo")
        .head(EXCERPTS)
    )
    return tuple(
        Excerpt(identity_name(hi, lo), *json.loads(excerpt))
        for hi, lo, excerpt in shown.iter_rows()
    )
