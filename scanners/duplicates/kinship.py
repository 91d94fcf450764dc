"""From near-duplicate candidates to families: pairs that differ little, aligned, and joined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.duplicates.clusters import SMALL_BUCKET, Edges, components, pairs_within
from scanners.duplicates.identities import positions
from scanners.duplicates.sketches import Sketches
from scanners.duplicates.substitution import MOST_PLACES, Substitution, context, substitution

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

LEAST = 3
"""Copies of a family: two texts that differ in one name are a rename."""
LEAST_SHINGLES = 16
"""Shingles of a text that is compared: 20 words."""
LONG = 60
"""Shingles of a long text: 64 words."""
WIDTH = 5
"""Words of a shingle: so many shingles does one changed word change."""
LEAST_SIMILAR = 0.4
"""Two places of a text of 20 words leave so much; the bands bring few pairs of less."""
WINDOW = 16
"""In large buckets, neighbours by number of shingles that are compared."""
APART = 0.2
"""Share of its shingles that a base text may have from another, and be another text."""
MOST_BASES = 16
"""Base texts that are told apart; more need not be counted."""
MOST_PAIRS = 50_000
"""Pairs that are aligned, the closest first."""


@dataclass(frozen=True)
class Kin:
    """Documents that differ from another in few shingles.

    ``wanted`` uint64[m, 2], rows sorted; pairs ``left``, ``right`` int64[p] are rows of it;
    ``group`` int64[m] names what chains; ``shingles`` int64[m]. ``groups`` counts groups of
    LEAST documents and more.
    """

    wanted: U64
    left: I64
    right: I64
    group: I64
    shingles: I64
    groups: int


@dataclass(frozen=True)
class Relation:
    """A family: rows of ``Kin.wanted``, the group they are part of, and where values stand.

    ``figures`` tells that all values are numbers and signs, as in exercises and tables.
    ``places`` are spans in the text of the first member; ``slots`` the words before places,
    over all pairs, sorted.
    """

    members: tuple[int, ...]
    base: int
    long: bool
    figures: bool
    places: tuple[tuple[int, int], ...]
    slots: tuple[str, ...]


def kin_of(identities: U64, candidates: pl.DataFrame, sets: pl.DataFrame, keep: int) -> Kin:
    """Pairs of candidates (``identities`` uint64[n, 2] sorted) that few places may tell apart."""
    at = positions(identities, candidates.select("doc_hi", "doc_lo").to_numpy())
    rows = candidates.with_columns(ordinal=pl.Series(at))
    once = rows.group_by("ordinal").agg(pl.col("shingles").max()).sort("ordinal")
    stored = once.select(pl.col("ordinal").cast(pl.UInt32)).join(
        sets, on="ordinal", how="left", maintain_order="left"
    )
    shingles = once["shingles"].cast(pl.Int64).to_numpy()
    left, right = _pairs(rows["key"].to_numpy(), at, shingles)
    sketches = Sketches.of(stored["shingles"].fill_null(b""), keep)
    left, right = _close(left, right, shingles, sketches)
    group = components(Edges(left, right), len(identities))
    sizes = np.bincount(group[group >= 0], minlength=len(identities) + 1)
    enough = sizes[group[left]] >= LEAST
    left, right = left[enough], right[enough]
    chosen = np.unique(np.concatenate([left, right]))
    return Kin(
        wanted=np.ascontiguousarray(identities[chosen]),
        left=np.searchsorted(chosen, left),
        right=np.searchsorted(chosen, right),
        group=group[chosen],
        shingles=shingles[chosen],
        groups=int(np.count_nonzero(sizes >= LEAST)),
    )


def _pairs(keys: U64, documents: I64, shingles: I64) -> tuple[I64, I64]:
    """Pairs that share a key; in large buckets, neighbours by number of shingles."""
    bucket = np.cumsum(np.append(False, keys[1:] != keys[:-1]))[: len(keys)]
    long = shingles[documents] >= LEAST_SHINGLES
    bucket, documents = bucket[long], documents[long]
    large = np.bincount(bucket)[bucket] > SMALL_BUCKET if len(bucket) else bucket.astype(bool)
    small = pairs_within(bucket[~large], documents[~large])
    order = np.lexsort((documents[large], shingles[documents[large]], bucket[large]))
    bucket, documents = bucket[large][order], documents[large][order]
    codes = [small[0] << 32 | small[1]]
    for step in range(1, WINDOW + 1):
        same = np.flatnonzero(bucket[step:] == bucket[:-step])
        one, other = documents[same], documents[same + step]
        codes.append(np.unique(np.minimum(one, other) << 32 | np.maximum(one, other)))
    distinct = np.unique(np.concatenate(codes))
    return distinct >> 32, distinct & 0xFFFFFFFF


def _close(left: I64, right: I64, shingles: I64, sketches: Sketches) -> tuple[I64, I64]:
    """Pairs that differ in no more shingles than MOST_PLACES places change, closest first."""
    even = np.abs(shingles[left] - shingles[right]) <= WIDTH * MOST_PLACES
    left, right = left[even], right[even]
    similar = sketches.similarity(left, right)
    total = shingles[left] + shingles[right]
    apart = np.round(total * (1 - similar) / (1 + similar))
    good = (similar >= LEAST_SIMILAR) & (apart <= 2 * WIDTH * MOST_PLACES)
    left, right, apart = left[good], right[good], apart[good]
    order = np.lexsort((right, left, apart))[:MOST_PAIRS]
    return left[order], right[order]


def related(kin: Kin, texts: dict[int, str]) -> list[Relation]:
    """Families among the kin, in order of their first member."""
    found: dict[tuple[int, int], Substitution] = {}
    for one, other in zip(kin.left.tolist(), kin.right.tolist(), strict=True):
        if one in texts and other in texts:
            difference = substitution(texts[one], texts[other])
            if difference is not None:
                found[one, other] = difference
    pairs = np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
    family = components(Edges(pairs[:, 0], pairs[:, 1]), len(kin.wanted))
    names = np.unique(family[family >= 0]).tolist()
    return [one for name in names if (one := _relation(name, family, found, kin, texts))]


def _relation(
    name: int,
    family: I64,
    found: dict[tuple[int, int], Substitution],
    kin: Kin,
    texts: dict[int, str],
) -> Relation | None:
    members = np.flatnonzero(family == name).tolist()
    if len(members) < LEAST:
        return None
    inside = {pair: one for pair, one in found.items() if family[pair[0]] == name}
    shown = next(inside[pair] for pair in sorted(inside) if pair[0] == members[0])
    slots = {
        context(texts[left], place.start)
        for (left, _), one in inside.items()
        for place in one.places
    }
    return Relation(
        members=tuple(members),
        base=int(kin.group[members[0]]),
        figures=not any(
            char.isalpha()
            for one in inside.values()
            for place in one.places
            for char in place.left + place.right
        ),
        long=int(np.median(kin.shingles[members])) >= LONG,
        places=tuple((place.start, place.end) for place in shown.places),
        slots=tuple(sorted(slots - {""})) or ("",),
    )


def campaigns(families: list[Relation]) -> Iterator[tuple[str, list[Relation]]]:
    """Families joined by slots that they share, under the slot that most of them have."""
    free = list(range(len(families)))
    by_slot: dict[str, list[int]] = {}
    for number, family in enumerate(families):
        for slot in family.slots:
            if slot:
                by_slot.setdefault(slot, []).append(number)
    while free:
        together, todo = set[int](), [free[0]]
        while todo:
            number = todo.pop()
            if number not in together:
                together.add(number)
                shared = [by_slot.get(slot, []) for slot in families[number].slots]
                todo += [other for others in shared for other in others]
        free = [number for number in free if number not in together]
        members = [families[number] for number in sorted(together)]
        slots = {slot for family in members for slot in family.slots}
        yield min(slots, key=lambda slot: (-len(by_slot.get(slot, [])), slot)), members


def bases(families: list[Relation], texts: dict[int, str]) -> int:
    """How many of the families have base texts of their own, up to MOST_BASES."""
    kept: list[frozenset[tuple[str, ...]]] = []
    for family in sorted(families, key=lambda one: (not one.long, one.members[0])):
        words = re.findall(r"\w+", texts[family.members[0]].casefold())
        own = frozenset(zip(*(words[at:] for at in range(WIDTH)), strict=False))
        if all(len(own & other) <= APART * min(len(own), len(other)) for other in kept):
            kept.append(own)
        if len(kept) == MOST_BASES:
            break
    return len(kept)
