"""A report as plain JSON values, shared by the formats that machines read."""

from __future__ import annotations

import json
from typing import Any

from foretaste import __version__
from foretaste.report import NOT_SEEN, Report
from lineage.model import Coverage, Status
from scanners.severity import SEVERITIES

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes; new fields may come without."""


def head(report: Report) -> dict[str, Any]:
    """Everything but the findings."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "foretaste", "version": __version__},
        "dataset": report.dataset,
        "snapshot": report.snapshot,
        "coverage": coverage(report.coverage),
        **_reference(report),
        "scanned_for": list(report.codes),
        "not_scanned_for": list(report.left_out),
        "cannot_see": NOT_SEEN,
        "failed_scanners": dict(report.failed),
        "summary": {str(severity): report.count(severity) for severity in SEVERITIES},
    }


def _reference(report: Report) -> dict[str, Any]:
    """The older snapshot, where there is one."""
    if report.reference is None:
        return {}
    older = report.reference
    values = {"dataset": older.dataset, "snapshot": older.snapshot}
    return {"reference": {**values, "coverage": coverage(older.coverage)}}


def coverage(covered: Coverage) -> dict[str, Any]:
    """Totals, fields over all shards, and how each shard ended."""
    from scanners.keep import write_coverage  # noqa: PLC0415

    shards = write_coverage(covered)
    for shard in shards:
        del shard["fields"]
    return {
        "complete": covered.complete,
        **{str(status): ended(covered, status) for status in Status},
        **{
            name: covered.total(name)
            for name in ("records", "documents", "quarantined", "bytes", "text_bytes")
        },
        "fields": [
            {"field": path, "read_as": role, "bytes": size}
            for (role, path), size in fields(covered).items()
        ],
        "shards": shards,
    }


def ended(covered: Coverage, status: Status) -> int:
    """How many shards ended in this way."""
    return sum(shard.status is status for shard in covered.shards)


def fields(covered: Coverage) -> dict[tuple[str, str], int]:
    """(role or ``leaf`` or ``unread``, field path) -> bytes over all shards, sorted."""
    total: dict[tuple[str, str], int] = {}
    for shard in covered.shards:
        for path, role, size in shard.fields:
            total[role, path] = total.get((role, path), 0) + size
    return dict(sorted(total.items()))


_compact = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Made once: a large answer is written value by value."""


def dumps(value: object, indent: int | None = None) -> str:
    """JSON of printable ASCII only."""
    text = json.dumps(value, indent=indent, allow_nan=False) if indent else _compact(value)
    return text.replace("\x7f", "\\u007f")
