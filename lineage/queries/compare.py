"""Many snapshots compared with each other, where their samples meet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import numpy as np

from lineage.graph import Basis
from lineage.queries.held import Held
from lineage.queries.near import THRESHOLD, Neighbours
from lineage.queries.sampling import SAMPLE, Index, Sample, gathered
from lineage.queries.sets import DOC, MEASURES, NEAR, DocumentSet
from lineage.queries.shares import Part, Share, counted, estimated, lenient, lenient_by_sample, sure
from lineage.store.contents import Content

LEAST = 0.01
"""Smallest share, in either direction, that is told."""
EXACT = 2_000_000
"""Distinct documents of a pair up to which it is counted, not estimated."""

Ends = tuple[int, int]
"""Positions of two snapshots, the smaller one first."""


class Relationship(StrEnum):
    """What the content of two snapshots says of them."""

    EQUAL = "equal"
    """The same set of documents."""
    CONTAINED = "contained"
    """Every document of the first is in the second, which has more."""
    OVERLAP = "overlap"
    NEAR = "near"
    """Near-copies or the same words, but hardly an identical document."""
    APART = "apart"
    """Nothing in common that was found."""


@dataclass(frozen=True)
class Options:
    """How to infer.

    near       look for the same words and near-copies as well
    threshold  estimated similarity from which on documents are near-copies
    least      smallest share, in either direction, of a pair that is told
    exact      distinct documents of a pair up to which it is counted
    sample     documents of a snapshot's sample
    full       tell also what follows from what is told
    """

    near: bool = True
    threshold: float = THRESHOLD
    least: float = LEAST
    exact: int = EXACT
    sample: int = SAMPLE
    full: bool = False


@dataclass(frozen=True)
class Pair:
    """Two snapshots with content in common; ``first`` is the smaller.

    ``share`` is of the first in the second, ``other`` of the second in the first. ``counted``:
    identical documents were counted, not estimated. ``descent`` is what was recorded or
    declared of their order, ``undirected`` where nothing was. ``through`` names the snapshot
    from which the pair follows: one that lies between, or that holds more of what is common.
    """

    first: Held
    second: Held
    kind: Relationship
    share: Share
    other: Share
    counted: bool
    descent: str = "undirected"
    through: str = ""

    @property
    def most(self) -> float:
        """The greater share, in either direction and at any level."""
        return max(self.share.most, self.other.most)

    @property
    def basis(self) -> Basis:
        """Of its edge."""
        exact = self.counted and self.kind is not Relationship.NEAR
        return Basis.INFERRED_EXACT if exact else Basis.INFERRED_SKETCH


def equal_pair(first: Held, second: Held) -> Pair:
    """Two snapshots of the same set of documents."""
    whole = sure(Part(1.0, 1.0, 1.0, 1.0))
    return Pair(first, second, Relationship.EQUAL, whole, whole, counted=True)


class Comparison:
    """Snapshots of different content. ``every``: compare all pairs, whatever they share."""

    def __init__(
        self,
        held: Sequence[Held],
        samples: Sequence[Sample],
        shards: Sequence[tuple[Content, ...]],
        options: Options,
        every: bool,
    ) -> None:
        self.held = held
        self.samples = samples
        self.options = options
        self.every = every
        self.shards = shards
        self.sets = _Sets(shards)
        found = Index(samples).look_up(shards, options.near) if samples else []
        self.sums = [
            {int(n): (one.theirs[:, k], one.mine[:, k]) for k, n in enumerate(one.other)}
            for one in found
        ]
        """By snapshot: samples of others that are in it, as sums of ``MEASURES``."""
        self.near = [one.near for one in found]

    def pairs(self) -> list[Pair]:
        """All pairs with enough in common, most first; what follows says from what."""
        rough: dict[Ends, Pair] = {}
        for ends in sorted(self._meeting()):
            pair = self._pair(*ends)
            if self.every or max(pair.most, *self._likely(*ends)) >= self.options.least:
                rough[ends] = pair
        through = implied(self.held, rough)
        out = []
        for ends, pair in rough.items():
            if ends in through:
                pair = replace(pair, through=self.held[through[ends]].name)  # noqa: PLW2901
            if ends not in through or self.options.full:
                pair = self._closer(pair, *ends)  # noqa: PLW2901
            if self.every or ends in through or pair.most >= self.options.least:
                out.append(pair)
        return sorted(out, key=lambda p: (-p.most, p.first.name, p.second.name))

    def _meeting(self) -> set[Ends]:
        """Pairs that any sample shows to have something in common."""
        if self.every:
            return {self._ordered(*pair) for pair in combinations(range(len(self.held)), 2)}
        met = ((n, m) for n in range(len(self.held)) for m in (*self.sums[n], *self.near[n]))
        return {self._ordered(n, m) for n, m in met if n != m}

    def _ordered(self, one: int, other: int) -> Ends:
        first, second = sorted((one, other), key=lambda n: (self.held[n].documents, n))
        return first, second

    def _likely(self, first: int, second: int) -> tuple[float, float]:
        """Shares of the near samples that are likely in the other: of the first, the second."""
        none = (0.0, 0.0)
        return self.near[second].get(first, none)[0], self.near[first].get(second, none)[0]

    def _pair(self, first: int, second: int) -> Pair:
        """Identical documents of two snapshots."""
        exact = True
        if self.samples[first].complete:
            share, other = self._by_sample(first, second)
        elif self._countable(first, second):
            mine, theirs = self.sets.of(first), self.sets.of(second)
            share, other = sure(counted(mine, theirs)), sure(counted(theirs, mine))
        else:
            exact = False
            share, other = self._estimate(first, second), self._estimate(second, first)
        held = self.held[first], self.held[second]
        kind = self._kind(share, other, held[0].documents < held[1].documents)
        return Pair(*held, kind, share, other, exact)

    def _countable(self, first: int, second: int) -> bool:
        return self.held[first].documents + self.held[second].documents <= self.options.exact

    def _found(self, first: int, second: int) -> tuple[dict[str, float], dict[str, float]]:
        """Sums over the sample of the first in the second, with the copies of either."""
        nothing = np.zeros(len(MEASURES))
        theirs, mine = self.sums[second].get(first, (nothing, nothing))
        return dict(zip(MEASURES, theirs, strict=True)), dict(zip(MEASURES, mine, strict=True))

    def _by_sample(self, first: int, second: int) -> tuple[Share, Share]:
        """The sample of the first is all of it: nothing is estimated."""
        theirs, mine = self._found(first, second)
        share = Part.of(theirs, self.held[first].totals)
        return sure(share), sure(Part.of(mine, self.held[second].totals))

    def _estimate(self, first: int, second: int) -> Share:
        totals = DocumentSet(self.samples[first].rows).totals
        return estimated(self._found(first, second)[0], totals, self.held[first].documents)

    def _kind(self, share: Share, other: Share, smaller: bool) -> Relationship:
        if share.exact.documents == 1 and smaller:
            return Relationship.CONTAINED
        most = max(share.exact.documents, other.exact.documents)
        if most > 0 and most >= self.options.least:
            return Relationship.OVERLAP
        return Relationship.NEAR

    def _closer(self, pair: Pair, first: int, second: int) -> Pair:
        """The pair with shares by words and by near-copies."""
        wanted = self.options.near and (self.every or self._more_is_likely(first, second))
        if not wanted:
            return pair if pair.most else replace(pair, kind=Relationship.APART)
        share = self._lenient(pair.share, first, second)
        other = self._lenient(pair.other, second, first)
        if pair.kind is Relationship.NEAR and max(share.most, other.most) == 0:
            return replace(pair, kind=Relationship.APART, share=share, other=other)
        return replace(pair, share=share, other=other)

    def _more_is_likely(self, first: int, second: int) -> bool:
        """Whether a near sample shows more than identical documents."""
        pairs = (self.near[second].get(first), self.near[first].get(second))
        return any(shares is not None and shares[1] > 0 for shares in pairs)

    def _lenient(self, share: Share, first: int, second: int) -> Share:
        threshold = self.options.threshold
        if self._countable(first, second):
            mine, theirs = self.sets.of(first), self.sets.of(second)
            words, near = lenient(mine, theirs, self.sets.neighbours(second), threshold)
        else:
            sample = self.samples[first].rows
            columns = gathered(self.shards[first], sample, [*DOC, *NEAR])
            rows = sample.join(columns, on=DOC)
            words, near = lenient_by_sample(rows, self.shards[second], threshold)
        return replace(share, words=words, near=near)


class _Sets:
    """Documents of snapshots with their ``NEAR`` columns; the last ones stay in memory."""

    MOST = 3_000_000

    def __init__(self, shards: Sequence[tuple[Content, ...]]) -> None:
        self._shards = shards
        self._kept: OrderedDict[int, tuple[DocumentSet, list[Neighbours]]] = OrderedDict()

    def of(self, number: int) -> DocumentSet:
        return self._get(number)[0]

    def neighbours(self, number: int) -> Neighbours:
        documents, made = self._get(number)
        if not made:
            made.append(Neighbours(documents.rows))
        return made[0]

    def _get(self, number: int) -> tuple[DocumentSet, list[Neighbours]]:
        if number not in self._kept:
            self._kept[number] = DocumentSet.of(self._shards[number], NEAR), []
            while len(self._kept) > 2 and sum(len(d) for d, _ in self._kept.values()) > self.MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(number)
        return self._kept[number]


def implied(held: Sequence[Held], pairs: Mapping[Ends, Pair]) -> dict[Ends, int]:
    """Pairs that follow from others -> the snapshot they follow from (the smallest there is).

    Of containments, what transitive reduction leaves out: something lies between. Of overlaps,
    those of two parts of one snapshot, and those with a part of a snapshot that overlaps too.
    """
    count = len(held)
    inside, beside = (np.zeros((count, count), bool) for _ in range(2))
    for (i, j), pair in pairs.items():
        if pair.kind is Relationship.CONTAINED:
            inside[i, j] = True
        else:
            beside[i, j] = beside[j, i] = True
    sizes = np.array([one.documents for one in held])
    out: dict[Ends, int] = {}
    for (i, j), pair in pairs.items():
        if pair.kind is Relationship.CONTAINED:
            over = inside[i] & inside[:, j]
        else:
            over = inside[i] & (inside[j] | beside[j]) | inside[j] & beside[i]
        if over.any():
            which = np.flatnonzero(over)
            out[i, j] = int(which[np.argmin(sizes[which])])
    return out
