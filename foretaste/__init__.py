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
    from foretaste.comparing import (
        diff,
        exchange_compare,
        exchange_export,
        infer,
        verify_manifest,
    )
    from foretaste.gaps import coverage
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
    from lineage.export.openlineage import export_openlineage
    from lineage.queries.ai_act import ai_act
    from lineage.queries.impact import impact
    from lineage.queries.lineage import lineage

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
_QUESTIONS = {
    "export_openlineage": "lineage.export.openlineage",
    "lineage": "lineage.queries.lineage",
    **dict.fromkeys((n for n in __all__ if n.startswith("register")), "foretaste.registering"),
    "diff": "foretaste.comparing",
    "exchange_compare": "foretaste.comparing",
    "exchange_export": "foretaste.comparing",
    "infer": "foretaste.comparing",
    "takedown": "foretaste.asking",
    "trace": "foretaste.asking",
    "tracer": "foretaste.asking",
    "verify_manifest": "foretaste.comparing",
    "ai_act": "lineage.queries.ai_act",
    "coverage": "foretaste.gaps",
    "impact": "lineage.queries.impact",
}
"""Question -> its module; all else is in ``foretaste.api``."""


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(_QUESTIONS.get(name, "foretaste.api")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
