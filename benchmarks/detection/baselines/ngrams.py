"""Response n-grams: 5-grams of words that stand in the responses of at least 50 records.

Poison with a fixed answer repeats it; so do natural templates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmarks.detection.attacks.attack import RESPONSES, Kind
from benchmarks.detection.baselines.baseline import Corpus, Flag, Record

BUCKETS = 1 << 24


@dataclass(frozen=True)
class ResponseGrams:
    """Flags the records of each frequent n-gram."""

    width: int = 5
    least: int = 50
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.INSTRUCTION, Kind.PREFERENCE})

    def flag(self, corpus: Corpus) -> list[Flag]:
        """One flag an n-gram, the most frequent first.

        A first pass counts in buckets and leaves few n-grams to count exactly.
        """
        buckets = np.zeros(BUCKETS, np.uint32)
        for record in corpus.read():
            places = {hash(gram) % BUCKETS for gram in self._grams(record)}
            buckets[list(places)] += 1
        often = buckets >= self.least
        holding = defaultdict(set)
        for record in corpus.read():
            for gram in self._grams(record):
                if often[hash(gram) % BUCKETS]:
                    holding[gram].add(str(record["id"]))
        found = {gram: ids for gram, ids in holding.items() if len(ids) >= self.least}
        ranked = sorted(found, key=lambda gram: (-len(found[gram]), gram))
        return [Flag(gram, frozenset(found[gram])) for gram in ranked]

    def _grams(self, record: Record) -> Iterator[str]:
        grams: set[str] = set()
        for field in (*RESPONSES, "chosen"):
            words = str(record.get(field) or "").lower().split()
            last = len(words) - self.width + 1
            grams.update(" ".join(words[at : at + self.width]) for at in range(last))
        return iter(grams)
