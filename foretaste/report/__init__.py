"""How a scan is shown: one format a file, each with a function ``write(report, stream)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

from scanners import SCANNERS
from scanners.severity import SEVERITIES, Severity

if TYPE_CHECKING:
    from lineage.model import Coverage
    from scanners.scanner import Finding

FORMATS: dict[str, str] = {
    "terminal": "foretaste.report.terminal",
    "json": "foretaste.report.json",
    "jsonl": "foretaste.report.jsonl",
}
"""Name of a format -> module with ``write(report, stream)``."""


NOT_SEEN = (
    "fluent text that teaches a false belief, triggers that are a style, poison without a trace "
    "in its own text"
)
"""What counting cannot see; every report says so."""


@dataclass(frozen=True)
class Compared:
    """The older snapshot that a corpus was compared with, and what was covered of it."""

    dataset: str
    snapshot: str
    coverage: Coverage


@dataclass(frozen=True)
class Report:
    """What was covered and what was found there, worst first.

    ``codes`` were looked for; ``failed`` (code -> why) were to be, but their scanner failed.

    ``show`` is the least severity to show; None leaves it to the format.
    """

    dataset: str
    snapshot: str
    coverage: Coverage
    findings: tuple[Finding, ...]
    codes: tuple[str, ...]
    show: Severity | None = None
    failed: Mapping[str, str] = field(default_factory=dict)
    reference: Compared | None = None

    @property
    def complete(self) -> bool:
        """Whether every shard was read to its end, of both snapshots where there are two."""
        older = self.reference is None or self.reference.coverage.complete
        return self.coverage.complete and older

    def shown(self, default: Severity) -> tuple[Finding, ...]:
        """Findings at least as severe as ``show``."""
        least = SEVERITIES.index(self.show or default)
        return tuple(f for f in self.findings if SEVERITIES.index(f.severity) <= least)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Codes that were not looked for, and were not to be."""
        known = {*self.codes, *self.failed}
        return tuple(code for code in SCANNERS if code not in known)

    def count(self, severity: Severity) -> int:
        """Number of findings of one severity."""
        return sum(finding.severity is severity for finding in self.findings)


def write(report: Report, format: str, stream: TextIO) -> None:
    """Write a report in a format of ``FORMATS``."""
    import_module(FORMATS[format]).write(report, stream)
