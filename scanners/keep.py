"""Findings and coverage as plain JSON values, for the store and for reports.

Law: ``read_finding(write_finding(f)) == f``, and the same for coverage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lineage.model import Coverage, Digest, ShardCoverage, Status
from lineage.store.findings import StoredFinding
from scanners.scanner import Excerpt, Finding
from scanners.severity import Confidence, Consequence

Json = dict[str, Any]
_COUNTS = ("bytes", "text_bytes", "records", "documents", "quarantined")


def write_finding(finding: Finding) -> Json:
    """All of a finding, derived values included; nothing of where and when it was found."""
    return {
        "id": finding.id,
        "code": finding.code,
        "severity": str(finding.severity),
        "title": finding.title,
        "key": finding.key,
        "consequence": finding.consequence.name.lower(),
        "confidence": finding.confidence.name.lower(),
        "strength": finding.strength,
        "statistics": dict(finding.statistics),
        "excerpts": [asdict(excerpt) for excerpt in finding.excerpts],
        "documents": len(finding.members),
        "revision": finding.revision,
        "members": list(finding.members),
    }


def read_finding(value: Mapping[str, Any]) -> Finding:
    """The finding that ``write_finding`` wrote, or ``store_finding`` put in its payload."""
    statistics = value["statistics"]
    return Finding(
        code=value["code"],
        key=value["key"],
        title=value["title"],
        consequence=Consequence[value["consequence"].upper()],
        confidence=Confidence[value["confidence"].upper()],
        strength=value["strength"],
        members=tuple(value["members"]),
        statistics={name: statistics[name] for name in value.get("order", statistics)},
        excerpts=tuple(Excerpt(**excerpt) for excerpt in value["excerpts"]),
    )


def store_finding(finding: Finding) -> StoredFinding:
    """A finding as the store keeps it."""
    return StoredFinding(
        id=finding.id,
        code=finding.code,
        severity=str(finding.severity),
        title=finding.title.encode("utf-8", "backslashreplace").decode(),
        revision=finding.revision,
        members=len(finding.members),
        # The store sorts keys; what a scanner thinks most telling stays first.
        payload={**write_finding(finding), "order": list(finding.statistics)},
    )


def write_coverage(coverage: Coverage) -> list[Json]:
    """One object a shard."""
    return [
        {
            "path": shard.path,
            "digest": None if shard.digest is None else str(shard.digest),
            "status": str(shard.status),
            "detail": shard.detail,
            "format": shard.format,
            "compression": shard.compression,
            **{name: getattr(shard, name) for name in _COUNTS},
            "fields": [list(field) for field in shard.fields],
        }
        for shard in coverage.shards
    ]


def read_coverage(value: list[Json]) -> Coverage:
    """The coverage that ``write_coverage`` wrote."""
    return Coverage(tuple(_shard(dict(shard)) for shard in value))


def _shard(value: Json) -> ShardCoverage:
    digest = value.pop("digest")
    return ShardCoverage(
        digest=None if digest is None else Digest.parse(digest),
        status=Status(value.pop("status")),
        fields=tuple((path, role, size) for path, role, size in value.pop("fields")),
        **value,
    )
