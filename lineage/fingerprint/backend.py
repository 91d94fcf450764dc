"""Which kernels compute: compiled ones, or plain Python where numba cannot be used."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from functools import cache
from importlib import metadata
from pathlib import Path
from threading import Lock
from types import ModuleType

_LOCK = Lock()


def prepare() -> None:
    """Decide where compiled code is kept; call before numba is first imported."""
    kernels()


def kernels() -> ModuleType:
    """Return the module of kernels: ``kernels``, or ``plain`` without numba."""
    with _LOCK:
        return _load()


def winnowing() -> ModuleType:
    """Return the module of ``winnow`` and ``pack``, which need no more than numba itself."""
    compiled = kernels()
    if compiled.__name__.endswith("plain"):
        return compiled
    from lineage.fingerprint import passage_kernels  # noqa: PLC0415

    return passage_kernels


@cache
def _load() -> ModuleType:
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return _plain("NUMBA_DISABLE_JIT is set")
    folder = _cache_folder()
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
    try:
        import numba  # noqa: PLC0415

        vars(numba.config)["CACHE_DIR"] = str(folder)  # in case numba was imported before this
        if not any(folder.glob("**/kernels.tokenise*.nbc")):
            _say("compiling kernels once (a few seconds) ...")
        from lineage.fingerprint import kernels as compiled  # noqa: PLC0415
    except ImportError as error:
        return _plain(str(error))
    return compiled


def _plain(reason: str) -> ModuleType:
    from lineage.fingerprint import plain  # noqa: PLC0415

    _say(f"running without compiled kernels, a hundred times slower ({reason})")
    return plain


def _say(text: str) -> None:
    print(f"foretaste: {text}", file=sys.stderr, flush=True)


def _cache_folder() -> Path:
    """Folder of compiled kernels, one for each state of what goes into compiling.

    numba unpickles what it finds there, so the folder must be ours alone: otherwise, or where
    it cannot be made, a temporary one is used.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    folder = base / "foretaste" / "numba" / _state()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.stat()
        if facts.st_uid == os.getuid() and not facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return folder
    except (OSError, RuntimeError):
        pass
    return Path(tempfile.mkdtemp(prefix="foretaste-numba-"))


def _state() -> str:
    """Short hash over the source of the kernels, numba and Python."""
    here = Path(__file__).parent
    names = ("kernels", "passage_kernels", "plain", "code_points")
    sources = b"".join((here / f"{name}.py").read_bytes() for name in names)
    numba = metadata.version("numba") if _has_numba() else "none"
    return hashlib.sha256(sources + f"{numba} {sys.version}".encode()).hexdigest()[:16]


def _has_numba() -> bool:
    try:
        metadata.version("numba")
    except metadata.PackageNotFoundError:
        return False
    return True
