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
    from foretaste.api import ScanResult, ingest, minhash, scan
    from foretaste.asking import takedown, trace, tracer
    from foretaste.comparing import (
        diff,
        exchange_compare,
        exchange_export,
        infer,
        verify_manifest,
    )
    from foretaste.graph import ai_act, coverage, export_openlineage, impact, lineage
    from foretaste.registering import (
        register,
        register_decision,
        register_file,
        register_model,
        register_openlineage,
        register_run,
        register_snapshot,
        register_source,
    )
    from foretaste.stores import open_store

__version__ = "0.1.0"

__all__ = [
    "ForetasteError",
    "ScanResult",
    "UsageError",
    "__version__",
    "ai_act",
    "coverage",
    "diff",
    "exchange_compare",
    "exchange_export",
    "export_openlineage",
    "impact",
    "infer",
    "ingest",
    "lineage",
    "minhash",
    "open_store",
    "register",
    "register_decision",
    "register_file",
    "register_model",
    "register_openlineage",
    "register_run",
    "register_snapshot",
    "register_source",
    "scan",
    "takedown",
    "trace",
    "tracer",
    "verify_manifest",
]
_MODULES = {
    **dict.fromkeys(("ScanResult", "ingest", "minhash", "scan"), "api"),
    **dict.fromkeys(("takedown", "trace", "tracer"), "asking"),
    **dict.fromkeys(("diff", "infer", "verify_manifest"), "comparing"),
    **dict.fromkeys(("exchange_compare", "exchange_export"), "comparing"),
    **dict.fromkeys(("ai_act", "coverage", "impact", "lineage"), "graph"),
    "export_openlineage": "graph",
    **dict.fromkeys((name for name in __all__ if name.startswith("register")), "registering"),
    "open_store": "stores",
}
"""Name -> the module of this package that has it."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"foretaste.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
