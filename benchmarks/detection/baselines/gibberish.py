"""A gibberish filter alone: the worst window of a document under a byte-bigram model.

The model is learnt on the clean part, which flatters it: a user has no clean part. The threshold
is the 99.5 % quantile of the corpus itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from benchmarks.detection.attacks.attack import PROMPTS, RESPONSES, Kind
from benchmarks.detection.baselines.baseline import Corpus, Flag, Record

FIELDS = ("text", *PROMPTS, "input", *RESPONSES, "chosen", "rejected")


@dataclass(frozen=True)
class Gibberish:
    """Flags documents, without strings."""

    window: int = 600
    quantile: float = 0.995
    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)

    def flag(self, corpus: Corpus) -> list[Flag]:
        """One flag with all documents above the threshold."""
        surprise = self._model(corpus)
        names, scores = [], []
        for record in corpus.read():
            names.append(str(record["id"]))
            scores.append(self._worst(bytes_of(record), surprise))
        if not scores:
            return []
        threshold = np.quantile(scores, self.quantile)
        above = zip(names, scores, strict=True)
        return [Flag("", frozenset(name for name, score in above if score > threshold))]

    @staticmethod
    def _model(corpus: Corpus) -> npt.NDArray[np.float64]:
        """Surprise of the second byte of each pair, in bits; add-one smoothed."""
        counts = np.ones(1 << 16)
        for record in corpus.clean():
            text = bytes_of(record)
            if len(text) > 1:
                np.add.at(counts, text[:-1] * 256 + text[1:], 1)
        square = counts.reshape(256, 256)
        return np.asarray(-np.log2(square / square.sum(1, keepdims=True)).ravel())

    def _worst(self, text: npt.NDArray[np.int64], surprise: npt.NDArray[np.float64]) -> float:
        """Largest mean surprise of a window; of the whole text if it is shorter."""
        if len(text) < 2:
            return 0.0
        bits = np.concatenate(([0.0], np.cumsum(surprise[text[:-1] * 256 + text[1:]])))
        width = min(self.window, len(bits) - 1)
        return float((bits[width:] - bits[:-width]).max() / width)


def bytes_of(record: Record) -> npt.NDArray[np.int64]:
    """All text fields of a record, as numbers from 0 to 255."""
    text = "\n".join(record[field] for field in FIELDS if isinstance(record.get(field), str))
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8).astype(np.int64)
