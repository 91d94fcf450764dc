"""Fingerprints of one text that is asked for: the same as a bundle's, without compiling.

A short text is worked on in numpy and plain Python, for loading compiled kernels takes longer
than that; a long one by the kernels.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lineage.fingerprint import plain
from lineage.fingerprint.minhash import DEFAULT_BANDS, permutations_of
from lineage.fingerprint.passages import WIDTH
from lineage.fingerprint.recipe import Sketch
from lineage.model import TEXT_ROLES

if TYPE_CHECKING:
    from lineage.fingerprint.batch import Batch

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]

SHORT = 1 << 15
"""Code points up to which kernels are not worth loading."""
_STEP = 4096


@dataclass(frozen=True)
class Prints:
    """What a text is looked up by.

    ``lone`` are digests (high, low) by which a document of just this text is known; ``norm``
    is ``norm1`` (0, 0 without words); ``bands`` uint64[15], 0 without words; ``compact``
    uint64[8]; ``passages`` uint64[max(0, words - 7)], all of them, by first word.
    """

    lone: tuple[tuple[int, int], ...]
    norm: tuple[int, int]
    bands: U64
    compact: U64
    passages: U64
    words: int


def prints_of(text: str, *, lenient_end: bool = False) -> Prints:
    """Fingerprint a text; ``lenient_end`` looks for it without its last line feed, too."""
    ends = {text, text.removesuffix("\n").removesuffix("\r")} if lenient_end else {text}
    lone = [lone_digests(end.encode("utf-8", "surrogatepass")) for end in sorted(ends)]
    words = words_of(text)
    signature = _signature(words)
    bands = np.empty((1, DEFAULT_BANDS.bands), np.uint64)
    plain.band(signature, DEFAULT_BANDS.rows, bands)
    packed = np.empty((1, signature.shape[1] // 16), np.uint64)
    plain.pack(signature, packed)
    return Prints(
        tuple(pair for digests in lone for pair in digests.values()),
        _norm(words) if len(words) else (0, 0),
        bands[0],
        packed[0],
        plain.passage_hashes(words, WIDTH),
        len(words),
    )


def lone_digests(text: bytes) -> dict[str, tuple[int, int]]:
    """Digests by which a document with just this text is known: ``text1``, ``doc1`` by role."""
    framed = {"text1": text}
    for role in TEXT_ROLES:
        name = role.value.encode()
        framed[role.value] = bytes([len(name)]) + name + len(text).to_bytes(8, "little") + text
    digests = {name: hashlib.sha256(data).digest() for name, data in framed.items()}
    return {
        name: (int.from_bytes(d[:8], "big"), int.from_bytes(d[8:16], "big"))
        for name, d in digests.items()
    }


def words_of(text: str) -> U64:
    """Public hashes of a text's folded words."""
    if len(text) <= SHORT:
        hashes = [plain.word_hash(word.encode("utf-8", "replace")) for word in plain.words(text)]
        return np.array(hashes, np.uint64)
    import pyarrow as pa  # noqa: PLC0415

    from lineage.fingerprint.tokens import tokenise  # noqa: PLC0415

    valid = text.encode("utf-8", "replace").decode()
    word = tokenise(pa.array([valid], pa.large_string()), 0).word
    cores: U64 = word[word != 0]
    return cores


def _norm(words: U64) -> tuple[int, int]:
    digest = hashlib.sha256(words.astype("<u8").tobytes()).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")


def _signature(words: U64) -> U32:
    """uint32[1, 128] of the default sketch; all ones without words."""
    sketch = Sketch()
    out = np.full((1, sketch.permutations), 0xFFFFFFFF, np.uint32)
    width = min(sketch.width, len(words))
    if not width:
        return out
    hashes = (plain.passage_hashes(words, width) >> np.uint64(32)).astype(np.uint32)
    mixed = plain.premix(np.unique(hashes))
    factor, summand = permutations_of(sketch.permutations, sketch.seed)
    for first in range(0, len(mixed), _STEP):
        part = mixed[first : first + _STEP, None] * factor + summand
        np.minimum(out[0], part.min(axis=0), out=out[0])
    return out


def text_batch(text: str, key: int = 0) -> Batch:
    """A text as a batch of one document with role ``text``, for true similarities."""
    import pyarrow as pa  # noqa: PLC0415

    from lineage.fingerprint.batch import Batch  # noqa: PLC0415
    from lineage.model import Role  # noqa: PLC0415
    from lineage.shards.batch import DocumentBatch  # noqa: PLC0415

    column = pa.array([text.encode("utf-8", "replace").decode()], pa.large_string())
    empty = pa.array([""], pa.large_string())
    zeros = np.zeros(1, np.int64)
    reading = zeros.astype(np.uint8)
    return Batch(DocumentBatch(zeros, reading, column, empty, {Role.TEXT: column}, 1), key)
