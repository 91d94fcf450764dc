"""The file of proposals: written for a person to decide on, and read back with the decisions.

JSON lines; the first tells whom it is about, each other is a record with ``"confirm": null``,
to be set to ``true`` or ``false``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.errors import UsageError
from lineage.queries.persons import Proposal
from lineage.store.where import Where

KIND = "foretaste takedown proposals 1"
Name = tuple[str, str]


@dataclass(frozen=True)
class Confirmed:
    """What somebody decided: rows by bundle, names, and how many were refused or left open."""

    names: tuple[str, ...]
    rows: dict[Name, list[int]]
    refused: int
    undecided: int


def write_proposals(
    names: Sequence[str],
    found: Iterable[Proposal],
    wheres: dict[str, list[Where]],
    unread: Sequence[str],
) -> tuple[str, Counter[str]]:
    """The file's content, the surest forms first; and how many records by form."""
    ordered = sorted(found, key=lambda p: (p.form, p.matched, p.shard, p.row))
    counts = Counter(proposal.form for proposal in ordered)
    head = {"kind": KIND, "subject": list(names), "unread": list(unread)}
    lines: list[dict[str, Any]] = [head]
    for proposal in ordered:
        places = wheres.get(proposal.shard, [])
        lines.append(
            {
                "confirm": None,
                "form": proposal.form,
                "matched": list(proposal.matched),
                "field": proposal.field,
                "excerpt": proposal.excerpt,
                "path": places[0].path if places else None,
                "record": proposal.record,
                "shard": proposal.shard,
                "bundle": proposal.bundle,
                "row": proposal.row,
            }
        )
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return text, counts


def read_confirmed(text: str) -> Confirmed:
    """Read decisions. UsageError for another file, or one in which nothing is confirmed."""
    try:
        head, *lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        if head["kind"] != KIND:
            raise ValueError("it is of another kind")
        rows: dict[Name, list[int]] = {}
        decided: Counter[bool | None] = Counter()
        for line in lines:
            confirm = line["confirm"]
            if confirm not in (True, False, None):
                raise ValueError(f"confirm is true, false or null, not {confirm!r}")
            decided[confirm] += 1
            if confirm:
                rows.setdefault((line["shard"], line["bundle"]), []).append(int(line["row"]))
        names = tuple(str(name) for name in head["subject"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"not a file of proposals: {error}", hint="edit the file that --subject wrote"
        ) from error
    if not rows:
        raise UsageError("nothing is confirmed", hint='set "confirm" to true where it is so')
    return Confirmed(names, rows, decided[False], decided[None])
