"""A batch with its fingerprints: computed once, on demand, shared by all who look at it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage.fingerprint.compact import compact
from lineage.fingerprint.digest import (
    document_digests,
    group_hashes,
    normal_digests,
    text_digests,
)
from lineage.fingerprint.minhash import (
    DEFAULT_BANDS,
    Shingles,
    band_keys,
    shingles,
    signatures,
)
from lineage.fingerprint.passages import passages
from lineage.fingerprint.recipe import Sketch
from lineage.fingerprint.tokens import Tokens, tokenise
from lineage.shards.batch import DocumentBatch

U64 = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Batch:
    """Documents of one shard, n rows, with their tokens and identities.

    ``key`` is the store's secret for counting hashes (``Tokens.raw``, ``Tokens.folded``).
    """

    documents: DocumentBatch
    key: int

    def __len__(self) -> int:
        return len(self.documents)

    @cached_property
    def tokens(self) -> Tokens:
        """Tokens of ``documents.text``."""
        return tokenise(self.documents.text, self.key)

    @cached_property
    def doc(self) -> U64:
        """uint64[n, 2]: ``doc1``, the first 128 bits of SHA-256 over the content roles."""
        return document_digests(self.documents)

    @cached_property
    def norm(self) -> U64:
        """uint64[n, 2]: ``norm1``, the same over folded words; for look-up only."""
        return normal_digests(self.tokens)

    @cached_property
    def text_digest(self) -> U64:
        """uint64[n, 2]: ``text1``, of the text alone; 0 where ``doc`` has one role only."""
        return text_digests(self.documents)

    @cached_property
    def passages(self) -> tuple[npt.NDArray[np.uint32], U64]:
        """Row and hash of winnowed passages, sorted, each once."""
        return passages(self.tokens)

    @cached_property
    def compact(self) -> U64:
        """uint64[n, 8]: four bits of each minimum of the default sketch."""
        return compact(self.signatures)

    @cached_property
    def shingles(self) -> Shingles:
        """Shingle sets of the default sketch."""
        return shingles(self.tokens, width=Sketch().width)

    @cached_property
    def signatures(self) -> npt.NDArray[np.uint32]:
        """uint32[n, 128]: MinHash signatures of the default sketch."""
        sketch = Sketch()
        return signatures(
            self.tokens, width=sketch.width, permutations=sketch.permutations, seed=sketch.seed
        )

    @cached_property
    def bands(self) -> U64:
        """uint64[n, bands]: band keys of the default sketch and threshold; 0 without words."""
        return band_keys(self.signatures, DEFAULT_BANDS)

    @cached_property
    def groups(self) -> U64:
        """uint64[n, 4]: keyed hashes of source, path, folder of path, host of url; 0 for none."""
        return group_hashes(self.documents, self.key)

    @cached_property
    def view(self) -> TokenBatch:
        """The same documents without their text."""
        tokens = self.tokens
        glued = _glued(self.documents.text, tokens)
        return TokenBatch(
            self.documents.reading,
            self.doc,
            self.groups,
            tokens.raw,
            tokens.folded,
            glued,
            tokens.offsets,
        )

    @cached_property
    def folded(self) -> Batch:
        """The same documents, their tokens told apart by their folded hashes alone."""
        twin = Batch(self.documents, self.key)
        tokens = replace(self.tokens, raw=self.tokens.folded)
        # What is cached as a property would be computed anew.
        twin.__dict__.update(tokens=tokens, view=self.view.twin, doc=self.doc, groups=self.groups)
        return twin


def _glued(text: pa.LargeStringArray, tokens: Tokens) -> npt.NDArray[np.bool_]:
    glued = np.zeros(len(tokens.raw), bool)
    if len(tokens.raw) == 0:
        return glued
    starts = np.frombuffer(text.buffers()[1], np.int64)[text.offset : text.offset + len(text)]
    data = np.frombuffer(text.buffers()[2], np.uint8)
    first = np.repeat(starts, np.diff(tokens.offsets))
    last_byte = np.maximum(first + tokens.start - 1, 0)
    glued[1:] = (tokens.start[1:] == tokens.end[:-1]) & (tokens.start[1:] > 0)
    apart: npt.NDArray[np.bool_] = data[last_byte] < 0x80
    return glued & apart


@dataclass(frozen=True)
class TokenBatch:
    """What the spill keeps of a batch: token hashes and identities, no text.

    reading uint8[n], doc uint64[n, 2], groups uint64[n, 4], raw uint64[t], folded uint64[t] or of
    length 0, glued bool[t], offsets int64[n + 1]. A token is glued when no white space parts it
    from the token before it and what it is glued to ends in ASCII: inside of URLs, numbers and
    code, but not in scripts without spaces.
    """

    reading: npt.NDArray[np.uint8]
    doc: U64
    groups: U64
    raw: U64
    folded: U64
    glued: npt.NDArray[np.bool_]
    offsets: npt.NDArray[np.int64]
    memo: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    """Room for what several observers want to know of the batch."""

    def __len__(self) -> int:
        return len(self.reading)

    @property
    def twin(self) -> TokenBatch:
        """The same tokens, told apart by their folded hashes alone."""
        if "twin" not in self.memo:
            self.memo["twin"] = replace(self, raw=self.folded, memo={})
        twin: TokenBatch = self.memo["twin"]
        return twin

    def forget(self) -> None:
        """Drop what observers noted, which holds the batch: a circle of much memory."""
        twin = self.memo.get("twin")
        if twin is not None:
            twin.memo.clear()
        self.memo.clear()
