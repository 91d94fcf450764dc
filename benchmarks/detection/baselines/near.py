"""Near-duplicates by datasketch alone: MinHash and LSH at 0.8, 5-word shingles.

Texts of which LSH names another as candidate are flagged, unverified, as pipelines do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar

from datasketch import MinHash, MinHashLSH

from benchmarks.detection.attacks.attack import Kind
from benchmarks.detection.baselines.baseline import Corpus, Flag, Record
from benchmarks.detection.baselines.gibberish import FIELDS

WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class NearDuplicates:
    """Flags groups: a text and all later ones for which it is the first candidate."""

    similarity: float = 0.8
    permutations: int = 128
    width: int = 5
    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)

    def flag(self, corpus: Corpus) -> list[Flag]:
        """One flag a group, the largest first."""
        index = MinHashLSH(threshold=self.similarity, num_perm=self.permutations)
        order: dict[str, int] = {}
        head: dict[str, str] = {}
        for record in corpus.read():
            signature = self._signature(record)
            if signature is None:
                continue
            name = str(record["id"])
            candidates = index.query(signature)
            order[name] = len(order)
            index.insert(name, signature)
            if candidates:
                first = min(candidates, key=order.__getitem__)
                head[name] = head.get(first, first)
        groups: defaultdict[str, set[str]] = defaultdict(set)
        for name, first in head.items():
            groups[first] |= {name, first}
        ranked = sorted(groups.values(), key=lambda group: (-len(group), min(group)))
        return [Flag("", frozenset(group)) for group in ranked]

    def _signature(self, record: Record) -> MinHash | None:
        text = "\n".join(record[field] for field in FIELDS if isinstance(record.get(field), str))
        words = [word.encode() for word in WORD.findall(text.lower())]
        if not words:
            return None
        last = max(1, len(words) - self.width + 1)
        signature = MinHash(num_perm=self.permutations)
        signature.update_batch({b" ".join(words[at : at + self.width]) for at in range(last)})
        return signature
