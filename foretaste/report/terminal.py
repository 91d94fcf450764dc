"""For people: coverage first, then findings worst first, with a few safe excerpts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from foretaste.report import NOT_SEEN, Report
from foretaste.report.safe import safe
from foretaste.report.values import ended, fields
from lineage.model import Coverage, Status
from scanners import ASKED_FOR, COMPARING
from scanners.scanner import Excerpt, Finding
from scanners.severity import SEVERITIES, Severity

STYLES = {
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "bold yellow",
    Severity.LOW: "cyan",
    Severity.LEAD: "dim",
}
WIDTH = 100
"""Columns where the output is no terminal."""
EXCERPTS = 3
NAMES = 6
FEW = 1000
"""Documents below which silence of these codes says little.

They learn from the corpus what is usual in it; of fewer documents, the outermost five in a
thousand, which GIB001 looks at, would be less than five.
"""
STATISTICAL = ("TRG001", "TRG002", "TRG003", "GIB001")
"""Codes that compare a document with what is usual in the corpus."""


def write(report: Report, stream: TextIO) -> None:
    """Write the report; findings down to low unless it says otherwise."""
    write_coverage(report.dataset, report.snapshot, report.coverage, stream)
    page = Page(stream)
    if report.reference is not None:
        older = report.reference
        page.line(Text("compared with"))
        write_coverage(older.dataset, older.snapshot, older.coverage, stream)
    _looked_for(page, report)
    shown = report.shown(Severity.LOW)
    for finding in shown:
        page.line(Text())
        write_finding(page, finding)
    page.line(Text())
    page.line(_summary(report, len(shown)))


def write_coverage(dataset: str, snapshot: str, covered: Coverage, stream: TextIO) -> None:
    """Write what was read, and what was not."""
    page = Page(stream)
    page.line(
        Text.assemble(
            (f"{safe(dataset)}@{safe(snapshot)}", "bold"),
            "  coverage ",
            ("complete", "green") if covered.complete else ("INCOMPLETE", "bold red"),
        )
    )
    page.row("shards", ", ".join(f"{ended(covered, status):,} {status}" for status in Status))
    page.row(
        "records",
        f"{covered.total('records'):,} = {covered.total('documents'):,} documents"
        f" + {covered.total('quarantined'):,} quarantined",
    )
    size, text = covered.total("bytes"), covered.total("text_bytes")
    page.row("bytes", f"{amount(size)} of files, {amount(text)} of text")
    for label, names, style in _fields(covered):
        page.row(label, names, style)
    for shard in covered.shards:
        if shard.status is not Status.SCANNED:
            kept = f" ({shard.records:,} records kept)" if shard.records else ""
            why = f"{safe(shard.path)}: {safe(shard.detail, 300)}{kept}"
            page.row(str(shard.status), why, "red")
        elif shard.records and not shard.documents:
            why = f"{safe(shard.path)}: read, but every record was quarantined"
            page.row("no documents", why, "yellow")


def write_finding(page: Page, finding: Finding, excerpts: int = EXCERPTS) -> None:
    """Write heading, numbers and excerpts of one finding."""
    severity = Text(f"{finding.severity.upper():<7}", STYLES[finding.severity])
    title = Text.assemble((finding.id, "bold"), f"  {safe(finding.title, 200)}")
    page.hang(severity, title)
    numbers = [f"{safe(k, 60)}: {_value(v)}" for k, v in finding.statistics.items()]
    if finding.members and "documents" not in finding.statistics:
        numbers.insert(0, f"documents: {len(finding.members):,}")
    page.hang(Text(" " * 7), Text("; ".join(numbers)))
    for excerpt in finding.excerpts[:excerpts]:
        page.hang(Text(" " * 5 + "| "), _quoted(excerpt))


def write_evidence(finding: Finding, places: Sequence[tuple[str, str]], stream: TextIO) -> None:
    """Write all that is known of a finding; ``places`` are (document, where it lies)."""
    page = Page(stream)
    write_finding(page, finding, excerpts=len(finding.excerpts))
    page.line(Text())
    page.row("key", safe(finding.key, 400))
    page.row("consequence", finding.consequence.name.lower())
    page.row("confidence", finding.confidence.name.lower())
    page.row("strength", f"{finding.strength:,}")
    page.row("revision", finding.revision)
    page.row("documents", f"{len(finding.members):,}")
    for document, place in places:
        page.hang(Text(f"  {document}  ", "dim"), Text(safe(place)))
    left = len(finding.members) - len({document for document, _ in places})
    if left:
        page.row("", f"{left:,} documents more (--members -1)")


class Page:
    """Lines on a stream: no markup, no emoji names, no guessing at colours."""

    def __init__(self, stream: TextIO) -> None:
        console = Console(file=stream, markup=False, emoji=False, highlight=False)
        if not console.is_terminal:
            console = Console(file=stream, markup=False, emoji=False, highlight=False, width=WIDTH)
        self._console = console

    def line(self, text: Text) -> None:
        """One line, wrapped where it is too long."""
        self.hang(Text(), text)

    def row(self, label: str, value: str, style: str = "") -> None:
        """A label and a value beside it."""
        self.hang(Text(f"  {label:<15} ", "dim"), Text(value, style))

    def hang(self, label: Text, text: Text) -> None:
        """Text behind a label, its further lines indented as far."""
        width = max(self._console.width - label.cell_len, 20)
        for number, line in enumerate(text.wrap(self._console, width) or [Text()]):
            line.rstrip()
            indent = label if number == 0 else Text(" " * label.cell_len)
            whole = Text.assemble(indent, line)
            whole.rstrip()
            self._console.print(whole, soft_wrap=True)


def _fields(covered: Coverage) -> Iterator[tuple[str, str, str]]:
    """(label, names of fields, style) of every role that was met, the unread last."""
    by_role: dict[str, list[tuple[str, int]]] = {}
    for (role, path), size in fields(covered).items():
        by_role.setdefault(role, []).append((path, size))
    for role in sorted(by_role, key=lambda role: (role == "unread", role == "leaf", role)):
        largest = sorted(by_role[role], key=lambda field: (-field[1], field[0]))
        label = {"leaf": "other text", "unread": "not read"}.get(role, f"{role} from")
        names = [f"{safe(path, 60) or 'lines'} ({amount(size)})" for path, size in largest[:NAMES]]
        more = [f"{len(largest) - NAMES:,} more"] if len(largest) > NAMES else []
        yield label, ", ".join(names + more), "yellow" if role == "unread" else ""


def _looked_for(page: Page, report: Report) -> None:
    page.row("looked for", _families(report.codes))
    weak = [code for code in STATISTICAL if code in report.codes]
    if weak and report.coverage.total("documents") < FEW:
        why = f"fewer than {FEW:,} documents are too few for the statistics of {' and '.join(weak)}"
        page.row("little to see", why, "yellow")
    for why in dict.fromkeys(report.failed.values()):
        codes = [code for code, other in report.failed.items() if other == why]
        page.row("FAILED", f"{_families(codes)}: {safe(why, 200)}", "bold red")
    left = report.left_out
    alone = [code for code in left if code in COMPARING and report.reference is None]
    unasked = [code for code in left if code in ASKED_FOR]
    others = [code for code in left if code not in (*alone, *unasked)]
    if others:
        page.row("left out", _families(others), "yellow")
    if alone:
        page.row("not compared", f"{_families(alone)} ask for an older snapshot (--against)")
    if unasked:
        page.row("not asked for", f"{_families(unasked)} (--also)")
    page.row("cannot see", NOT_SEEN)


def _families(codes: Sequence[str]) -> str:
    """Codes by family: ``HID001-HID011, TRG001``."""
    families: dict[str, list[str]] = {}
    for code in codes:
        families.setdefault(code[:3], []).append(code)
    return ", ".join(
        f"{one[0]}-{one[-1]}" if _run(one) else ", ".join(one) for one in families.values()
    )


def _run(codes: Sequence[str]) -> bool:
    return len(codes) > 2 and int(codes[-1][3:]) - int(codes[0][3:]) == len(codes) - 1


def _quoted(excerpt: Excerpt) -> Text:
    before = _shorter(safe(excerpt.before[-120:]))
    match = _shorter(safe(excerpt.match, 400))
    after = _shorter(safe(excerpt.after, 160))
    if not before and not after:
        return Text(match)
    # Brackets, too, for without colours nothing else would tell the match apart.
    return Text.assemble((before, "dim"), ">>", (match, "reverse"), "<<", (after, "dim"))


def _shorter(text: str) -> str:
    """Text whose long runs of spelt-out code points are cut short."""
    return _RUN.sub(lambda run: f"{run[1]}[{run[2].count(chr(123)):,} more]", text)


_RUN = re.compile(r"((?:\\u\{[0-9A-F]+\}){4})((?:\\u\{[0-9A-F]+\}){3,})")


def _value(value: float | str) -> str:
    if isinstance(value, str):
        return _shorter(safe(value, 160))
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _summary(report: Report, shown: int) -> Text:
    counts = [
        Text(f"{report.count(severity):,} {severity}", STYLES[severity])
        for severity in SEVERITIES
        if report.count(severity)
    ]
    line = Text("findings: ") + (Text(", ").join(counts) if counts else Text("none"))
    hidden = len(report.findings) - shown
    if hidden:
        line += Text(f"; {hidden:,} not shown (--show {report.findings[-1].severity})")
    if not report.complete:
        line += Text("; coverage is incomplete", "bold red")
    if report.failed:
        line += Text("; scanners failed", "bold red")
    return line


def amount(size: int) -> str:
    """Bytes in a unit that leaves at most four digits."""
    value = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
