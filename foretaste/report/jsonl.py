"""JSON lines: the first is all but the findings, then one a finding. Printable ASCII."""

from __future__ import annotations

from typing import TextIO

from foretaste.report import Report
from foretaste.report.values import dumps, head
from scanners.keep import write_finding
from scanners.severity import Severity


def write(report: Report, stream: TextIO) -> None:
    """Write the report; all findings unless it says otherwise."""
    stream.write(dumps({"type": "coverage", **head(report)}) + "\n")
    for finding in report.shown(Severity.LEAD):
        stream.write(dumps({"type": "finding", **write_finding(finding)}) + "\n")
