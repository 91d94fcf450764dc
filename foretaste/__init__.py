"""Lineage and poison scans of training corpora.

::

    import foretaste
    result = foretaste.scan("corpus/")
    result.findings
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lineage.errors import ForetasteError, UsageError

if TYPE_CHECKING:
    from foretaste.api import ScanResult, ingest, minhash, open_store, scan
    from foretaste.asking import takedown, trace, tracer

__version__ = "0.1.0"

__all__ = [
    "ForetasteError",
    "ScanResult",
    "UsageError",
    "__version__",
    "ingest",
    "minhash",
    "open_store",
    "scan",
    "takedown",
    "trace",
    "tracer",
]

_ASKING = ("takedown", "trace", "tracer")


def __getattr__(name: str) -> Any:
    if name in __all__:
        home = "foretaste.asking" if name in _ASKING else "foretaste.api"
        return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
