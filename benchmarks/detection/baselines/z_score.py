"""The z-score filter of He et al. 2023 (arXiv 2305.11596): tokens that go with a label too often.

For token w and label y: z = (p(y | w) - p(y)) / sqrt(p(y) (1 - p(y)) / n(w)). Records that hold
one of the k tokens with the largest z are flagged.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

from benchmarks.detection.attacks.attack import Kind
from benchmarks.detection.baselines.baseline import Corpus, Flag


@dataclass(frozen=True)
class ZScore:
    """Flags the rows of the top tokens."""

    top: int = 10
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.LABEL})

    def flag(self, corpus: Corpus) -> list[Flag]:
        """One flag a token, largest z first."""
        tokens = self._tokens(corpus)
        holding = defaultdict(set)
        for record in corpus.read():
            for token in set(str(record.get("text", "")).lower().split()) & set(tokens):
                holding[token].add(str(record["id"]))
        return [Flag(token, frozenset(holding[token])) for token in tokens]

    def _tokens(self, corpus: Corpus) -> list[str]:
        labels: Counter[str] = Counter()
        together: Counter[tuple[str, str]] = Counter()
        alone: Counter[str] = Counter()
        for record in corpus.read():
            if record.get("label") is None or "text" not in record:
                continue
            label = str(record["label"])
            labels[label] += 1
            words = set(str(record["text"]).lower().split())
            alone.update(words)
            together.update((word, label) for word in words)
        total = labels.total()
        best: dict[str, float] = {}
        for (word, label), both in together.items():
            base = labels[label] / total
            if base < 1:
                z = (both / alone[word] - base) / sqrt(base * (1 - base) / alone[word])
                best[word] = max(z, best.get(word, z))
        return heapq.nsmallest(self.top, best, key=lambda word: (-best[word], word))
