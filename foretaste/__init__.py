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
    from foretaste.gaps import coverage
    from lineage.queries.ai_act import ai_act
    from lineage.queries.impact import impact

__version__ = "0.1.0"

__all__ = [
    "ForetasteError",
    "ScanResult",
    "UsageError",
    "__version__",
    "ai_act",
    "coverage",
    "impact",
    "ingest",
    "minhash",
    "open_store",
    "scan",
    "takedown",
    "trace",
    "tracer",
]

_QUESTIONS = {
    "ai_act": "lineage.queries.ai_act",
    "coverage": "foretaste.gaps",
    "impact": "lineage.queries.impact",
    "takedown": "foretaste.asking",
    "trace": "foretaste.asking",
    "tracer": "foretaste.asking",
}
"""Question -> its module; all else is in ``foretaste.api``."""


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(_QUESTIONS.get(name, "foretaste.api")), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
