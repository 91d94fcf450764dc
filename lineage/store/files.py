"""Files that are whole or absent: written aside, flushed, renamed into place.

Everything is first written in a scratch folder under the store's ``staging`` folder. The
writer holds an advisory lock on its scratch folder; the kernel drops the lock when the writer
dies, so ``sweep`` can tell what a killed run left behind from what is being written now.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}")
_CHUNK = 1 << 20


def safe_name(name: str) -> str:
    """Return ``name`` if it can be a file name anywhere, else a readable stem with its hash."""
    if _PLAIN.fullmatch(name):
        return name
    stem = re.sub(r"[^A-Za-z0-9._+-]", "_", name)[:60].lstrip(".") or "_"
    return f"{stem}-{hashlib.sha256(name.encode('utf-8', 'backslashreplace')).hexdigest()[:16]}"


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, streaming."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()


def flush_folder(folder: Path) -> None:
    """Make the entries of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _still_ours(descriptor: int, folder: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except FileNotFoundError:
        return False


@contextmanager
def scratch(staging: Path) -> Iterator[Path]:
    """Lend an empty folder that ``sweep`` leaves alone; what remains in it is removed."""
    staging.mkdir(parents=True, exist_ok=True)
    while True:
        folder = staging / secrets.token_hex(8)
        folder.mkdir()
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue  # swept in the moment before it could be locked
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _still_ours(descriptor, folder):
            break
        os.close(descriptor)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def sweep(staging: Path) -> int:
    """Remove what killed writers left behind; returns how many folders went."""
    removed = 0
    for folder in sorted(staging.iterdir()) if staging.is_dir() else ():
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)
    return removed


def publish_file(staging: Path, target: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a scratch file, then put it at ``target``, replacing what was there."""
    with scratch(staging) as folder:
        file = folder / target.name
        write(file)
        _flush_file(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
    flush_folder(target.parent)


def publish_folder(folder: Path, target: Path) -> None:
    """Put a written folder at ``target``; keeps what is there already if somebody was first.

    Targets are content addressed, so being second is no loss.
    """
    for file in folder.iterdir():
        _flush_file(file)
    flush_folder(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    flush_folder(target.parent)
    flush_folder(target.parent.parent)
