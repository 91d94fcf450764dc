"""Finds the shards: files, folders, globs, or a list of them on standard input."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
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

_STORE = "a lineage store"


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

    A path is a file, a folder (searched to its depths), a glob (``**`` included), or ``-`` for
    one path a line on ``stdin``. With ``format`` files of unknown suffix are shards too. What a
    folder holds and is not read is listed as skipped: hidden entries, links to folders, stores,
    what is no file. UsageError for a path that does not exist and a glob without a match.
    """
    entries = [entry for path in _listed(paths, stdin) for entry in _expand(path)]
    # A link comes after what it may lead to, so that a file goes by its own name.
    entries.sort(key=lambda entry: _is_link(entry.file))
    found: dict[str, Located] = {}
    for entry in entries:
        skipped = entry.skipped or _why_skipped(entry.file, format)
        place = os.path.abspath if skipped else os.path.realpath
        found.setdefault(place(entry.file), Located(_named(entry.file), entry.name, skipped))
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


def _expand(path: str) -> Iterator[Located]:
    """Files of one path with their names; a folder's files are named from the folder on."""
    file = Path(path)
    if file.is_dir():
        yield from _walk(file)
    elif file.exists() or file.is_symlink():
        yield Located(file, file.as_posix())
    else:
        matches = glob.glob(path, recursive=True) if glob.has_magic(path) else []  # noqa: PTH207
        if not matches:
            raise UsageError(
                f"no such file or folder: {path}", hint="check the path; quote globs with **"
            )
        for match in sorted(matches):
            store = next(filter(_is_store, Path(match).parents), None)
            yield from [_unread(store, _STORE)] if store else _expand(match)


def _walk(root: Path) -> Iterator[Located]:
    """All that a folder holds, in one order on every file system; links are not followed."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if _is_store(folder):
            yield _unread(folder, _STORE)
            continue
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            yield _unread(folder, f"cannot be listed: {error.strerror}")
            continue
        for entry in entries:
            if entry.name.startswith("."):
                yield _unread(entry, "hidden; name it to read it")
            elif not os.path.isdir(entry):  # noqa: PTH112 (pathlib's raises without permission)
                yield Located(entry, entry.as_posix())
            elif _is_link(entry):
                yield _unread(entry, "a link to a folder; name it to read it")
            else:
                waiting.append(entry)


def _is_link(file: Path) -> bool:
    return os.path.islink(file)  # noqa: PTH114 (pathlib's raises without permission)


def _unread(file: Path, why: str) -> Located:
    return Located(file, file.as_posix(), why)


def _is_store(folder: Path) -> bool:
    parts = (folder / "key", folder / "journal.jsonl", folder / "bundles")
    try:
        return parts[0].is_file() and parts[1].is_file() and parts[2].is_dir()
    except OSError:
        return False


def _named(file: Path) -> Path:
    """The file that a link leads to, if its own name tells how to read it; else the link.

    In a cache of downloads the real names are digests, and the links tell.
    """
    if not _is_link(file):
        return file
    real = Path(os.path.realpath(file))
    same = format_of(real.name) in (None, format_of(file.name))
    return file if same and _suffix(real) in ("", _suffix(file)) else real


def _suffix(file: Path) -> str:
    suffix = file.suffix.lower()
    return suffix if suffix in COMPRESSIONS else ""


def _why_skipped(file: Path, format: str | None) -> str:
    try:
        mode = file.stat().st_mode
    except OSError as error:
        why = f"cannot be looked at: {error.strerror}"
        return "a link that leads nowhere" if _is_link(file) else why
    if not stat.S_ISREG(mode):
        return "not a regular file"
    file = _named(file)
    if format is None and format_of(file.name) is None:
        return f"unknown format (known: {' '.join(SUFFIXES)}, with .gz or .zst)"
    if (format or format_of(file.name)) == "parquet" and file.suffix.lower() in COMPRESSIONS:
        return "compressed parquet; decompress it first"
    return ""
