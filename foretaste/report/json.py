"""One JSON object: coverage first, then findings. Printable ASCII, equal bytes for equal scans."""

from __future__ import annotations

from typing import TextIO

from foretaste.report import Report
from foretaste.report.values import dumps, head
from scanners.keep import write_finding
from scanners.severity import Severity


def write(report: Report, stream: TextIO) -> None:
    """Write the report; all findings unless it says otherwise."""
    findings = [write_finding(finding) for finding in report.shown(Severity.LEAD)]
    stream.write(dumps({**head(report), "findings": findings}, indent=1) + "\n")
