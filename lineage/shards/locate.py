"""Finds the shards: files, folders, globs, or a list of them on standard input."""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TextIO
from urllib.parse import unquote

from lineage.errors import UsageError

SUFFIXES: dict[str, str] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "text",
}
"""File name suffix -> format, a key of ``reader.FORMATS``."""

COMPRESSIONS: dict[str, str] = {".gz": "gzip", ".zst": "zstd"}
"""File name suffix, after the format's -> compression."""


@dataclass(frozen=True)
class Located:
    """A file that is, or is not, a shard.

    ``name`` is the path as shown: posix, unique in the snapshot. A file that cannot be read as a
    shard says why in ``skipped``; it is reported, never dropped.
    """

    file: Path
    name: str
    skipped: str = ""


def format_of(name: str) -> str | None:
    """Format by file name, or None where the suffix is unknown."""
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def form_of(file: Path, format: str | None) -> str:
    """Name of all that decides, beside its bytes, how a file is read; ``format`` overrides.

    Equal bytes of equal form are read alike: ``jsonl``, ``jsonl.gz``, ``parquet-<8 hex>``.
    """
    form = format or format_of(file.name) or "unknown"
    if file.suffix.lower() in COMPRESSIONS:
        form += file.suffix.lower()
    if form == "parquet" and (values := folder_values(file)):
        form += "-" + hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:8]
    return form


def folder_values(file: Path) -> dict[str, str]:
    """Columns that some readers take from folders ``name=value``; the innermost of a name wins."""
    pairs = re.findall(r"([^/=]+)=([^/]*)/", file.as_posix())
    return {unquote(name): unquote(value) for name, value in pairs}


def locate(
    paths: Sequence[str], stdin: TextIO | None = None, *, format: str | None = None
) -> list[Located]:
    """Shards under ``paths``, each file once, in the order of their names.

    A path is a file, a folder (searched to its depths; hidden entries are left out), a glob
    (``**`` included), or ``-`` for one path a line on ``stdin``. With ``format`` files of unknown
    suffix are shards too. UsageError for a path that does not exist and a glob without a match.
    """
    found: dict[Path, Located] = {}
    for path in _listed(paths, stdin):
        for file, name in _expand(path):
            found.setdefault(file.resolve(), Located(file, name, _why_skipped(file, format)))
    if not found:
        raise UsageError("no files found", hint="name files, folders or globs that hold shards")
    return sorted(found.values(), key=lambda located: located.name)


def _listed(paths: Sequence[str], stdin: TextIO | None) -> Iterator[str]:
    for path in paths:
        if path != "-":
            yield path
        elif stdin is None:
            raise UsageError("no standard input to read the list of shards from")
        else:
            yield from (line.strip() for line in stdin if line.strip())


def _expand(path: str) -> Iterator[tuple[Path, str]]:
    """Files of one path with their names; a folder's files are named from the folder on."""
    file = Path(path)
    if file.is_dir():
        inside = (entry for entry in file.rglob("*") if entry.is_file())
        visible = (e for e in inside if not _hidden(e.relative_to(file)))
        yield from ((entry, entry.as_posix()) for entry in visible)
    elif file.exists():
        yield file, file.as_posix()
    else:
        matches = glob.glob(path, recursive=True) if glob.has_magic(path) else []  # noqa: PTH207
        if not matches:
            raise UsageError(
                f"no such file or folder: {path}", hint="check the path; quote globs with **"
            )
        for match in matches:
            yield from _expand(match)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _why_skipped(file: Path, format: str | None) -> str:
    if not file.is_file():
        return "not a regular file"
    if format is None and format_of(file.name) is None:
        return f"unknown format (known: {' '.join(SUFFIXES)}, with .gz or .zst)"
    if (format or format_of(file.name)) == "parquet" and file.suffix.lower() in COMPRESSIONS:
        return "compressed parquet; decompress it first"
    return ""
