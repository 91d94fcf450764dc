"""Changed documents side by side, and what is conspicuous about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from scanners.drift.effects import Effect, foreign, noise, novelty_keys
from scanners.drift.keys import Pairs, both_sides
from scanners.drift.kinds import Changes, changes
from scanners.drift.links import Hunks, Stream, hunks
from scanners.drift.places import Places
from scanners.drift.strings import Inserted, inserted
from scanners.drift.texts import BYTES, I64, INSERTED, KNOWN, ORIGINS, TEXTS, WHOLE, costs_of
from scanners.drift.units import U64, known_keys
from scanners.duplicates.identities import positions
from scanners.scanner import Observed, Plan

SHOWN = 3
"""Documents of a finding that are quoted."""


@dataclass(frozen=True)
class Compared:
    """The changed documents of ``pairs``, n of them, in their order.

    ``wanted`` uint64[m, 2] are all that were read again; ``old_at`` and ``new_at`` int64[n] say
    which row is whose.
    """

    pairs: Pairs
    wanted: U64
    old_at: I64
    new_at: I64
    parts: Hunks
    changes: Changes
    places: Places


@dataclass(frozen=True)
class Found:
    """What will be reported, before its excerpts are read."""

    strings: list[Inserted]
    effects: list[Effect]

    @property
    def all(self) -> list[Inserted | Effect]:
        """Strings first."""
        return [*self.strings, *self.effects]


def compare(pairs: Pairs, observed: Observed) -> Compared:
    """Put the texts of both sides beside each other."""
    wanted = both_sides(pairs)
    old_at, new_at = positions(wanted, pairs.old), positions(wanted, pairs.new)
    older = _stream(observed.pop(TEXTS.of_reference.name), old_at, len(wanted))
    newer = _stream(observed.pop(TEXTS.name), new_at, len(wanted))
    origins = _in_order(observed[ORIGINS.name], new_at)
    return Compared(
        pairs=pairs,
        wanted=wanted,
        old_at=old_at,
        new_at=new_at,
        parts=hunks(older, newer),
        changes=changes(older, newer),
        places=Places.of(origins),
    )


def _in_order(rows: pl.DataFrame, at: I64) -> pl.DataFrame:
    """Rows of a table by ordinal, one for each of ``at``; nulls where it has none."""
    ordinals = pl.DataFrame({"ordinal": at.astype(np.uint32)})
    return ordinals.join(rows, on="ordinal", how="left", maintain_order="left")


def _stream(texts: pl.DataFrame, at: I64, count: int) -> Stream:
    by_ordinal = dict(texts.iter_rows())
    del count
    return Stream.of([by_ordinal.get(int(one), b"") for one in at])


def plan_known(compared: Compared | None, observed: Observed) -> Plan:
    """Ask the older snapshot for what was inserted, and measure how strange it is."""
    if compared is None:
        return plan_of(np.zeros((0, 2), np.uint64), np.empty(0, np.uint64))
    parts = compared.parts
    keys = [known_keys(parts), novelty_keys(parts, compared.changes)]
    plan = plan_of(compared.wanted, np.unique(np.concatenate(keys)))
    costs = costs_of(observed.pop(BYTES.of_reference.name))
    base = parts.newer.offsets[parts.owner] + 1  # edges are no tokens of the text
    order = np.argsort(compared.new_at[parts.owner], kind="stable")
    counts = np.bincount(compared.new_at[parts.owner], minlength=len(compared.wanted))
    spans = {"first": (parts.first - base)[order], "last": (parts.last - base)[order]}
    pieces = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Plan(arrays={**plan.arrays, "costs": costs, "pieces": pieces, **spans},
                wanted=plan.wanted)  # fmt: skip


def plan_of(wanted: U64, keys: U64) -> Plan:
    """The plan without spans."""
    return Plan(arrays={"keys": keys}, wanted=wanted)


def find(compared: Compared, observed: Observed) -> Found:
    """Strings and effects."""
    parts, places = compared.parts, compared.places
    table = observed.pop(KNOWN.of_reference.name)
    known, df = table["key"].to_numpy(), table["df"].to_numpy().astype(np.int64)
    put_in = _bits(observed[INSERTED.name], compared.new_at)
    whole = _bits(observed[WHOLE.of_reference.name], compared.old_at)
    effects = [
        noise(parts, places, put_in, whole),
        foreign(parts, compared.changes, places, known, df),
    ]
    return Found(
        inserted(parts, places, known, df), [effect for effect in effects if effect is not None]
    )


def _bits(rows: pl.DataFrame, at: I64) -> I64:
    found = _in_order(rows, at)["bits"].fill_null(0)
    return found.to_numpy().astype(np.int64)


def plan_excerpts(compared: Compared | None, found: Found) -> Plan:
    """Quote the first documents of everything found."""
    ordinal, first, last = [], [], []
    if compared is not None:
        newer = compared.parts.newer
        for one in found.all:
            for low, high in zip(one.first[:SHOWN], one.last[:SHOWN], strict=True):
                owner = newer.owner[low]
                base = newer.offsets[owner] + 1
                ordinal.append(compared.new_at[owner])
                first.append(low - base)
                last.append(high - base)
    spans = {"ordinal": ordinal, "first": first, "last": last}
    arrays = {name: np.array(values, np.int64) for name, values in spans.items()}
    quoted = np.unique(arrays["ordinal"])
    wanted = np.zeros((0, 2), np.uint64) if compared is None else compared.wanted[quoted]
    # Ordinals of the plan are rows of what it wants.
    arrays["ordinal"] = np.searchsorted(quoted, arrays["ordinal"])
    return Plan(arrays=arrays, wanted=wanted)
