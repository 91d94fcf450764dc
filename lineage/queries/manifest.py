"""Manifests of a training job's inputs, in the forms in which they are usually written.

Lines of ``sha256sum`` (or of BSD's ``sha256``), plain paths one a line, JSON (a list, or an
object with one under ``files``, ``inputs``, ``shards``, ``subject`` or ``materials``), JSON
lines, or Parquet with columns ``path`` and perhaps ``sha256``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.errors import UsageError
from lineage.model import Digest

_GNU = re.compile(r"(\\?)([0-9a-fA-F]{64})[ \t][ \t*]?(.+)")
_BSD = re.compile(r"SHA256 \((.+)\) = ([0-9a-fA-F]{64})")
_HEX = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_LISTS = ("files", "inputs", "shards", "subject", "materials", "resolvedDependencies")
_PATHS = ("path", "file", "file_name", "filename", "name", "uri")
_DIGESTS = ("sha256", "digest", "sha256sum", "checksum", "hash")
MOST = 1 << 30
"""Bytes of a manifest."""


@dataclass(frozen=True)
class Entry:
    """One input: its path as written, '' for none, and the digest it should have, if any."""

    path: str
    digest: Digest | None


def read_manifest(file: Path) -> list[Entry]:
    """Read a manifest. UsageError where it cannot be read, or lists nothing."""
    try:
        if file.stat().st_size > MOST:
            raise UsageError(f"{file} is too large for a manifest")
        if file.suffix.lower() in (".parquet", ".pq"):
            entries = [_entry(row, file) for row in _parquet(file)]
        else:
            entries = list(_entries(file.read_text(encoding="utf-8-sig"), file))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no manifest: it is not UTF-8", hint=_KNOWN) from error
    if not entries:
        raise UsageError(f"{file} lists no inputs", hint=_KNOWN)
    return entries


_KNOWN = "known: sha256sum lines, paths, JSON, JSON lines, Parquet with columns path and sha256"


def _entries(text: str, file: Path) -> Iterator[Entry]:
    if text.lstrip()[:1] in ("[", "{"):
        yield from (_entry(value, file) for value in _json(text, file))
        return
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield _line(line)


def _json(text: str, file: Path) -> list[Any]:
    """The listed values of a JSON document, or of JSON lines."""
    try:
        whole = json.loads(text)
    except ValueError:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise UsageError(f"{file} is no manifest: {error}", hint=_KNOWN) from error
    if isinstance(whole, Mapping):
        listed = next((whole[name] for name in _LISTS if name in whole), [whole])
        if isinstance(listed, Mapping):
            return [{"path": path, "digest": digest} for path, digest in listed.items()]
        whole = listed
    if not isinstance(whole, list):
        raise UsageError(f"{file} lists no inputs", hint=_KNOWN)
    return whole


def _parquet(file: Path) -> list[dict[str, Any]]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        schema = pq.read_schema(file)
        names = [name for name in schema.names if name in (*_PATHS, *_DIGESTS)]
        rows: list[dict[str, Any]] = pq.read_table(
            file, columns=names, partitioning=None
        ).to_pylist()
    except pa.ArrowException as error:
        raise UsageError(f"{file} cannot be read: {str(error).splitlines()[0]}") from error
    return rows


def _entry(value: Any, file: Path) -> Entry:
    if isinstance(value, str):
        return Entry(value, None)
    if not isinstance(value, Mapping):
        raise UsageError(f"{file} lists {value!r}, which is neither a path nor an object")
    path = next((value[name] for name in _PATHS if isinstance(value.get(name), str)), "")
    digest = next((value[name] for name in _DIGESTS if value.get(name) is not None), None)
    if isinstance(digest, Mapping):
        digest = digest.get("sha256")
    if not path and digest is None:
        raise UsageError(f"{file} lists an object without path and sha256: {value!r}", hint=_KNOWN)
    return Entry(path, None if digest is None else _digest(digest, file))


def _digest(text: Any, file: Path) -> Digest:
    match = _HEX.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise UsageError(f"{file} lists {text!r}, which is no SHA-256")
    return Digest("sha256", match[1].lower())


def _line(line: str) -> Entry:
    if match := _GNU.fullmatch(line):
        escaped, digest, path = match.groups()
        if escaped:
            path = re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], path)
        return Entry(path, Digest("sha256", digest.lower()))
    if match := _BSD.fullmatch(line):
        return Entry(match[1], Digest("sha256", match[2].lower()))
    if match := _HEX.fullmatch(line.strip()):
        return Entry("", Digest("sha256", match[1].lower()))
    return Entry(line.strip(), None)
