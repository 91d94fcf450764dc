"""Identities: of a shard's bytes, of a document, of its words, of where it came from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lineage.fingerprint.plain import hash_bytes, seeds_of
from lineage.fingerprint.tokens import Tokens, buffers
from lineage.model import CONTENT_ROLES, Digest, Role
from lineage.shards.batch import DocumentBatch

U64 = npt.NDArray[np.uint64]


def shard_digest(path: Path) -> Digest:
    """SHA-256 of a file's bytes, read in pieces. OSError if it cannot be read."""
    with path.open("rb") as file:
        return Digest("sha256", hashlib.file_digest(file, "sha256").hexdigest())


def document_digests(batch: DocumentBatch) -> U64:
    """uint64[n, 2]: ``doc1``, first 128 bits of SHA-256 over a document's content roles.

    For each content role present in the document, in canonical order: length of the role's
    name (one byte), name, length of the value in bytes (64 bits, little-endian), value.
    Nothing is normalised. A document in which no role was recognised counts as one with its
    text as role ``text``.
    """
    text = _Column(Role.TEXT, batch.text)
    columns = [_Column(role, batch.roles[role]) for role in CONTENT_ROLES if role in batch.roles]
    if len(columns) <= 1 and not any(column.missing for column in columns):
        return _truncated(map(_sha256, (columns or [text])[0].frames()))
    present = np.zeros(len(batch), bool)
    for column in columns:
        present |= column.present
    frames = [column.frames() for column in columns]
    alone = text.frames() if not present.all() else iter([b""] * len(batch))
    rows = zip(*frames, alone, strict=True)
    joined = (b"".join(row[:-1]) or row[-1] for row in rows)
    return _truncated(map(_sha256, joined))


def text_digests(batch: DocumentBatch) -> U64:
    """uint64[n, 2]: ``text1``, first 128 bits of SHA-256 over a document's exact text.

    Zero where a document has one content role only: its ``doc1`` can be made from the text
    alone, see ``query.lone_digests``. So whoever holds only the text can look it up.
    """
    out = np.zeros((len(batch), 2), np.uint64)
    columns = [batch.roles[role] for role in CONTENT_ROLES if role in batch.roles]
    if len(columns) > 1:
        present = [column.is_valid().to_numpy(zero_copy_only=False) for column in columns]
        several = np.flatnonzero(np.sum(present, axis=0) > 1)
        if len(several):
            data, bounds = buffers(batch.text)
            view = data.data
            spans = zip(bounds[several].tolist(), bounds[several + 1].tolist(), strict=True)
            out[several] = _truncated(_sha256(view[low:high]) for low, high in spans)
    return out


class _Column:
    """One role of a batch, ready to be framed for hashing."""

    def __init__(self, role: Role, values: pa.LargeStringArray) -> None:
        self.head = bytes([len(role.value)]) + role.value.encode()
        self.data, self.bounds = buffers(values)
        self.missing = values.null_count
        self.present = values.is_valid().to_numpy(zero_copy_only=False)

    def frames(self) -> Iterator[bytes]:
        """The frame of each row; empty where the role is absent."""
        data, head, bounds = self.data.data, self.head, self.bounds.tolist()
        sizes = np.diff(self.bounds).astype("<u8").tobytes()
        spans = zip(range(0, len(sizes), 8), bounds, bounds[1:], strict=False)
        framed = (b"".join((head, sizes[i : i + 8], data[low:high])) for i, low, high in spans)
        if not self.missing:
            return framed
        return (f if there else b"" for f, there in zip(framed, self.present, strict=True))


def normal_digests(tokens: Tokens) -> U64:
    """uint64[n, 2]: ``norm1``, first 128 bits of SHA-256 over a document's folded words.

    The words' public hashes are taken as 64-bit little-endian numbers, in order. Documents
    without words all have the digest of nothing. Public hashes can be forged, so this is for
    looking up, never for identity.
    """
    cores = tokens.word != 0
    data = memoryview(tokens.word[cores].astype("<u8").view(np.uint8))
    counted = np.concatenate([[0], np.cumsum(cores, dtype=np.int64)])
    bounds = (counted[tokens.offsets] * 8).tolist()
    spans = pairwise(bounds)
    return _truncated(_sha256(data[low:high]) for low, high in spans)


def group_hashes(batch: DocumentBatch, key: int) -> U64:
    """uint64[n, 4]: keyed hashes of source, path, folder of path, host of url; 0 where absent."""
    seeds = seeds_of(key)

    @lru_cache(1 << 16)
    def hashed(part: str) -> int:
        return hash_bytes(part.encode(), seeds) if part else 0

    def column_of(role: Role, part: Callable[[str], str]) -> U64:
        column = batch.roles.get(role)
        if column is None:
            return np.zeros(len(batch), np.uint64)
        encoded = column.dictionary_encode()
        values = [hashed(part(value)) for value in encoded.dictionary.to_pylist()]
        indices = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
        hashes: U64 = np.array([*values, 0], np.uint64)[indices]
        return hashes

    return np.column_stack(
        [
            column_of(Role.SOURCE, str),
            column_of(Role.PATH, str),
            column_of(Role.PATH, _folder),
            column_of(Role.URL, _host),
        ]
    )


def _folder(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").rpartition("/")[0]


_HOST = re.compile(r"(?:(?:[A-Za-z][\w+.-]*:)?//)?(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)")


def _host(url: str) -> str:
    match = _HOST.match(url)
    return match[1].lower() if match else ""


def _sha256(data: bytes | memoryview) -> bytes:
    return hashlib.sha256(data).digest()


def _truncated(digests: Iterable[bytes]) -> U64:
    """The first 128 bits of SHA-256 digests as big-endian (high, low)."""
    words = np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)
    return np.ascontiguousarray(words.reshape(-1, 4)[:, :2])
