"""The file through which two stores compare fingerprints and findings without text.

Parquet. Every value is HMAC-SHA-256 under a key that both sides hold, cut to 96 bits (band keys
to 64) and sorted, so order tells nothing. Its header is JSON in the metadata, under
``foretaste-exchange``. A row is a document or a finding:

``kind``      ``document`` or ``finding``
``value``     binary[12]: of ``doc1``; of a finding's code and key
``words``     binary[12]: of ``norm1``, null without words; of a finding's key alone, folded
``flagged``   for documents: row numbers, among the findings, of those it is a member of
``code``, ``severity``, ``members``   of findings
``band_00`` ...   uint64, of documents, where near-copies may be compared
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lineage.errors import RecipeMismatchError, UsageError
from lineage.fingerprint.minhash import DEFAULT_BANDS
from lineage.fingerprint.recipe import DOCUMENT, NORMAL, Sketch
from lineage.store.bundle import band_names
from lineage.store.files import publish_file
from lineage.store.journal import canonical

BYTES = 12
"""Of a value: a document of m is taken for one of n others with probability below n m / 2^96."""
LEAST_KEY = 16
SEVERITIES = ("high", "medium", "low")
"""Of findings that are told, the worst first; leads are not."""
_HEADER = b"foretaste-exchange"
_VERSION = 1
_DOMAIN = b"foretaste-exchange-1\0"
_CODE = re.compile(r"[A-Z]{3}[0-9]{3}")
RECIPES = (DOCUMENT, NORMAL, Sketch().bands(DEFAULT_BANDS.bands, DEFAULT_BANDS.rows))


@dataclass(frozen=True)
class SharedKey:
    """A secret that both sides hold. Law: equal inputs under equal keys give equal values."""

    secret: bytes

    @classmethod
    def read(cls, file: str | Path) -> SharedKey:
        """Read a key file: its bytes without white space around. UsageError if too short."""
        try:
            secret = Path(file).read_bytes().strip()
        except OSError as error:
            raise UsageError(f"the key {file} cannot be read: {error.strerror}") from error
        if len(secret) < LEAST_KEY:
            raise UsageError(
                f"the key {file} has {len(secret)} bytes; at least {LEAST_KEY} are needed",
                hint="`foretaste exchange key FILE` makes one",
            )
        return cls(secret)

    @property
    def check(self) -> str:
        """Hex that tells whether two keys are the same, and nothing else of them."""
        return self.value("check", b"")[:8].hex()

    def value(self, kind: str, data: bytes) -> bytes:
        """32 bytes: HMAC-SHA-256 of some bytes of a kind."""
        return hmac.digest(self.secret, _DOMAIN + kind.encode() + b"\0" + data, hashlib.sha256)

    def values(self, kind: str, data: Iterable[bytes], size: int = BYTES) -> list[bytes]:
        """The first ``size`` bytes for each."""
        head = _DOMAIN + kind.encode() + b"\0"
        digest, secret = hmac.digest, self.secret
        return [digest(secret, head + one, "sha256")[:size] for one in data]


def make_key(file: str | Path) -> None:
    """Write a fresh key of 256 bits as hex, for its owner alone; UsageError if it exists."""
    place = Path(file)
    try:
        place.touch(mode=0o600, exist_ok=False)
        place.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    except FileExistsError as error:
        raise UsageError(f"{file} exists", hint="a key is not overwritten") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


@dataclass(frozen=True)
class Exchanged:
    """The content of an exchange file: a table as above, documents first, and its header."""

    table: pa.Table
    header: Mapping[str, Any]

    @property
    def near(self) -> bool:
        """Whether near-copies can be compared."""
        return bool(self.header["near"])

    def rows(self, kind: str) -> pa.Table:
        """Rows of a kind, in their order."""
        return self.table.filter(pa.compute.equal(self.table["kind"], kind))


def schema(near: bool) -> pa.Schema:
    """Columns of the file."""
    value = pa.binary(BYTES)
    bands = [(name, pa.uint64()) for name in band_names()] if near else []
    return pa.schema(
        [
            pa.field("kind", pa.string(), nullable=False),
            pa.field("value", value, nullable=False),
            ("words", value),
            ("flagged", pa.list_(pa.uint32())),
            ("code", pa.string()),
            ("severity", pa.string()),
            ("members", pa.uint64()),
            *bands,
        ]
    )


def write_exchange(file: Path, rows: pa.Table, key: SharedKey, near: bool) -> None:
    """Write a table of ``schema(near)``, sorted by kind and value."""
    ordered = rows.sort_by([("kind", "ascending"), ("value", "ascending")])
    header = {
        "version": _VERSION,
        "recipes": list(RECIPES),
        "mac": f"hmac-sha256-{BYTES * 8}",
        "check": key.check,
        "near": near,
        "documents": pa.compute.sum(pa.compute.equal(rows["kind"], "document")).as_py() or 0,
        "findings": pa.compute.sum(pa.compute.equal(rows["kind"], "finding")).as_py() or 0,
    }
    told = ordered.replace_schema_metadata({_HEADER: canonical(header).encode()})
    target = file.absolute()
    try:
        publish_file(
            target.parent,
            target,
            lambda place: pq.write_table(told, place, compression="zstd", use_dictionary=["kind"]),
        )
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def read_exchange(file: Path, key: SharedKey) -> Exchanged:
    """Read a file that came from elsewhere, and believe nothing of it.

    UsageError where it is none, is damaged, or was made under another key; RecipeMismatchError
    where its values were made by other recipes.
    """
    try:
        metadata = pq.read_schema(file).metadata or {}
        header = json.loads(metadata[_HEADER])
        found = (header["version"], header["mac"])
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise UsageError(f"{file} is no exchange file: {error}") from error
    if found != (_VERSION, f"hmac-sha256-{BYTES * 8}") or header["recipes"] != list(RECIPES):
        raise RecipeMismatchError(
            f"{file} was made by other recipes: {', '.join(map(str, header['recipes']))}",
            hint=f"this Foretaste has {', '.join(RECIPES)}; both sides need the same",
        )
    if not hmac.compare_digest(str(header["check"]), key.check):
        raise UsageError(f"{file} was made under another key", hint="both sides need one key")
    expected = schema(bool(header["near"]))
    try:
        table = pq.read_table(file, partitioning=None).replace_schema_metadata(None)
        if table.schema != expected:
            raise ValueError("its columns are not those of such a file")
        table.validate(full=True)
        _check(table, header)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise UsageError(f"{file} is damaged: {str(error).splitlines()[0]}") from error
    return Exchanged(table, header)


def _check(table: pa.Table, header: Mapping[str, Any]) -> None:
    """ValueError where rows contradict each other or the header."""
    kinds = table["kind"]
    if any(kind not in ("document", "finding") for kind in kinds.unique().to_pylist()):
        raise ValueError("it has rows of an unknown kind")
    findings = table.filter(pa.compute.equal(kinds, "finding"))
    if findings.num_rows != header["findings"]:
        raise ValueError("it has another number of findings than it says")
    codes = findings["code"].unique().to_pylist()
    severities = findings["severity"].unique().to_pylist()
    if not all(isinstance(code, str) and _CODE.fullmatch(code) for code in codes):
        raise ValueError("it names what is no code of a scanner")
    if not set(severities) <= set(SEVERITIES):
        raise ValueError("it names what is no severity")
    last = pa.compute.max(pa.compute.list_flatten(table["flagged"])).as_py()
    if last is not None and last >= findings.num_rows:
        raise ValueError("a document is a member of a finding that is not there")


def joined(highs: Sequence[int], lows: Sequence[int]) -> list[bytes]:
    """128 bits as 16 big-endian bytes, of many."""
    pairs = zip(highs, lows, strict=True)
    return [high.to_bytes(8, "big") + low.to_bytes(8, "big") for high, low in pairs]
