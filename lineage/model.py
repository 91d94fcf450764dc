"""The words of lineage as frozen dataclasses; standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

_DIGEST = re.compile(r"([a-z0-9]+):([0-9a-f]+)")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A cryptographic hash with its algorithm. Law: ``Digest.parse(str(d)) == d``."""

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read ``algorithm:hex``; ValueError on anything else."""
        match = _DIGEST.fullmatch(text)
        if match is None:
            raise ValueError(f"not a digest: {text!r} (expected algorithm:hex)")
        return cls(match[1], match[2])


class Role(StrEnum):
    """What a field of a record means to a trainer."""

    SYSTEM = "system"
    PROMPT = "prompt"
    RESPONSE = "response"
    TEXT = "text"
    CHOSEN = "chosen"
    REJECTED = "rejected"
    LABEL = "label"
    SOURCE = "source"
    PATH = "path"
    URL = "url"
    TIMESTAMP = "timestamp"
    ID = "id"
    SIGNAL = "signal"
    """A column that the user names, to ask what predicts it."""


CONTENT_ROLES = (
    Role.SYSTEM,
    Role.PROMPT,
    Role.RESPONSE,
    Role.TEXT,
    Role.CHOSEN,
    Role.REJECTED,
    Role.LABEL,
)
"""Roles that make up a document and its identity, in canonical order."""

TEXT_ROLES = CONTENT_ROLES[:-1]
"""Content roles that hold prose: a document's text is these, joined by one newline."""


class Reason(StrEnum):
    """Why a record was quarantined, or read with a remark."""

    MALFORMED = "malformed"
    INVALID_UTF8 = "invalid-utf8"
    LONE_SURROGATE = "lone-surrogate"
    DUPLICATE_KEY = "duplicate-key"
    TRUNCATED = "truncated"
    NOT_AN_OBJECT = "not-an-object"
    SEVERAL_VALUES = "several-values"
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    RAGGED = "ragged"
    NO_TEXT = "no-text"
    NONSTANDARD_NUMBER = "nonstandard-number"
    BOM = "byte-order-mark"


@dataclass(frozen=True, slots=True)
class Remark:
    """One irregularity of one record: counted, kept, shown; it costs no other record.

    ``record`` is the 0-based record number in its shard, ``offset`` the byte offset of the
    record in the decompressed stream (-1 where the format has none). ``quarantined`` tells
    whether the record became no document. ``readings`` are bounded excerpts of what
    different readers would see, as ``(reader, text)``.
    """

    record: int
    offset: int
    reason: Reason
    detail: str
    quarantined: bool
    readings: tuple[tuple[str, str], ...] = ()


class Status(StrEnum):
    """How a shard ended; every shard ends as exactly one of these."""

    SCANNED = "scanned"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ShardCoverage:
    """What was read of one shard. Law: ``records == documents + quarantined``.

    ``fields`` maps a field path to (role name, ``leaf`` or ``unread``, bytes).
    """

    path: str
    digest: Digest | None
    status: Status
    format: str = ""
    compression: str = ""
    bytes: int = 0
    text_bytes: int = 0
    records: int = 0
    documents: int = 0
    quarantined: int = 0
    detail: str = ""
    fields: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read of a snapshot, shard by shard."""

    shards: tuple[ShardCoverage, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether every shard was read to its end."""
        return all(shard.status is Status.SCANNED for shard in self.shards)

    def total(self, name: str) -> int:
        """Sum of one counter (``records``, ``documents``, ``bytes`` ...) over all shards."""
        return sum(int(getattr(shard, name)) for shard in self.shards)


@dataclass(frozen=True, slots=True)
class Shard:
    """One file of a snapshot: where it lies, and the SHA-256 of its bytes."""

    path: str
    digest: Digest
    bytes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable list of (path, shard digest) at one moment, with one root digest."""

    dataset: str
    label: str
    root: Digest
    shards: tuple[Shard, ...]


def identity_name(high: int, low: int) -> str:
    """The identity of a document, 128 bits in two halves, as 32 hex digits."""
    return f"{high:016x}{low:016x}"


def identity_halves(name: str) -> tuple[int, int]:
    """What ``identity_name`` made a name of; ValueError for anything else."""
    return int(name[:16], 16), int(name[16:], 16)


def shown(text: str) -> str:
    """Text that a database can hold: bytes that are no UTF-8 written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
