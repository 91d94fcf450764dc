"""How evenly a string is spread: what a string put in by hand cannot hide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from scanners.responses.postings import I32
from scanners.responses.reading import grams_at
from scanners.responses.sample import Sample

SAMPLE = 256
"""Documents, the first by identity, whose neighbours are counted."""

MOST_SAME = 6
"""N-grams of the same documents that are asked."""

CONTROLS = 100
"""Strings of about the same document frequency that are the null."""

REACH = 1.5
"""Factor within which document frequencies are about the same."""


class Spread:
    """Compares the neighbours of a string with those of strings of like frequency."""

    def __init__(self, sample: Sample) -> None:
        self._sample = sample
        sizes = sample.causes.docs.sizes
        self._order = np.argsort(sizes, kind="stable")
        self._sizes = sizes[self._order]
        self._nulls: dict[int, npt.NDArray[np.float64]] = {}

    def rank(self, features: Sequence[int], docs: I32) -> float:
        """Share of like strings whose neighbours are less varied, for the best of the parts."""
        varied = max(self.widest(number, docs) for number in features)
        null = self._null(len(docs))
        return float((null < varied).mean()) if len(null) else 0.0

    def widest(self, feature: int, docs: I32) -> float:
        """The most varied neighbours among the n-grams that stand in the same documents."""
        same = self._sample.causes.same[feature]
        return max(self.variety(int(gram), docs) for gram in same[:MOST_SAME])

    def variety(self, gram: int, docs: I32) -> float:
        """Distinct neighbours a document, on the side where they are more varied.

        A string at a fixed place has the same neighbour on one side, as triggers put in front
        or at the end of a prompt do.
        """
        grams, prompts = self._sample.causes.grams, self._sample.prompts
        length, lane, key = int(grams.length[gram]), bool(grams.raw[gram]), grams.key[gram]
        left, right = set(), set()
        few = docs[:SAMPLE].tolist()
        for doc in few:
            tokens = prompts.of(doc, raw=False)
            keys = grams_at(prompts.of(doc, raw=lane), length, lane)
            at = int(np.argmax(keys == key))
            left.add(int(tokens[at - 1]) if at else -1)
            end = at + length
            right.add(int(tokens[end]) if end < len(tokens) else -1)
        return max(len(left), len(right)) / max(len(few), 1)

    def _null(self, size: int) -> npt.NDArray[np.float64]:
        step = int(np.log(size) / np.log(REACH) * 2)
        if step not in self._nulls:
            first, last = np.searchsorted(self._sizes, [size / REACH, size * REACH])
            numbers = np.sort(self._order[first:last])
            drawn = numbers[:: max(len(numbers) // CONTROLS, 1)][:CONTROLS]
            docs = self._sample.causes.docs
            values = [self.widest(int(number), docs[int(number)]) for number in drawn]
            self._nulls[step] = np.array(values)
        return self._nulls[step]
