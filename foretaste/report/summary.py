"""The summary of training content as Markdown, HTML or JSON."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

from foretaste.report.safe import safe
from foretaste.report.values import dumps
from lineage.queries.ai_act import COMPOSED, NOT_KNOWN, AiAct, composed, summary
from lineage.queries.ai_act_known import Entry
from lineage.queries.template import SECTIONS, TEMPLATE

_MARKS = re.compile(r"([\\`*_\[\]<>|~&])")
_STYLE = (
    "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2em .5em;text-align:left}"
    "small{color:#555}.unknown{color:#a00}"
)


def write_markdown(answer: AiAct, stream: TextIO) -> None:
    """Headings as in the template, a list of answers each, and two tables."""
    for line in _markdown(answer):
        stream.write(line.rstrip() + "\n")


def write_html(answer: AiAct, stream: TextIO) -> None:
    """One page without scripts; nothing is loaded from elsewhere."""
    for line in _html(answer):
        stream.write(line + "\n")


def write_json(answer: AiAct, stream: TextIO) -> None:
    """One object, printable ASCII."""
    stream.write(dumps(summary(answer), indent=1) + "\n")


SUMMARIES: dict[str, Callable[[AiAct, TextIO], None]] = {
    "markdown": write_markdown,
    "html": write_html,
    "json": write_json,
}
"""Format -> function of (answer, stream)."""


def _markdown(answer: AiAct) -> Iterator[str]:
    yield f"# Public summary of training content: {_marked(answer.model)}"
    yield ""
    yield f"Template of Article 53(1)(d) of Regulation (EU) 2024/1689, {TEMPLATE}."
    for number, title in SECTIONS.items():
        yield ""
        level = "#" * (2 + number.count("."))
        yield f"{level} {title}" if number == "0" else f"{level} {number} {title}"
        entries = answer.section(number)
        if entries:
            yield ""
        for entry in entries:
            yield _line(entry)
        for names, rows in _tables(answer, number):
            yield ""
            yield _row(names)
            yield _row(["---"] * len(names))
            for row in rows:
                yield _row([_marked(cell) for cell in row])


def _line(entry: Entry) -> str:
    value = NOT_KNOWN if entry.value is None else _marked(entry.value)
    return f"- {_marked(entry.field)}: **{value}**{_marked(_aside(entry))}"


def _aside(entry: Entry) -> str:
    told = "; ".join(part for part in (entry.basis, entry.note) if part)
    return f" ({told})" if told else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marked(text: str) -> str:
    return _MARKS.sub(r"\\\1", safe(text))


def _tables(answer: AiAct, number: str) -> Iterator[tuple[Sequence[str], list[list[str]]]]:
    """Tables below the answers of a section: names of columns, rows."""
    if number == "2" and answer.composition.portions:
        yield COMPOSED, [[_cell(value) for value in row] for row in composed(answer)]
    if number == "2.3" and answer.domains:
        rows = [[one.name, f"{one.bytes:,}", f"{one.share:.2%}"] for one in answer.domains]
        yield ("domain", "bytes", "share"), rows


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _html(answer: AiAct) -> Iterator[str]:
    title = f"Public summary of training content: {_escaped(answer.model)}"
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{title}</h1>"
    yield f"<p>Template of Article 53(1)(d) of Regulation (EU) 2024/1689, {TEMPLATE}.</p>"
    for number, name in SECTIONS.items():
        level = 2 + number.count(".")
        shown = name if number == "0" else f"{number} {name}"
        yield f"<h{level}>{_escaped(shown)}</h{level}>"
        entries = answer.section(number)
        if entries:
            yield f"<ul>{''.join(map(_item, entries))}</ul>"
        for names, rows in _tables(answer, number):
            head = "".join(f"<th>{_escaped(cell)}</th>" for cell in names)
            yield f"<table><tr>{head}</tr>"
            for row in rows:
                yield f"<tr>{''.join(f'<td>{_escaped(cell)}</td>' for cell in row)}</tr>"
            yield "</table>"
    yield "</body></html>"


def _item(entry: Entry) -> str:
    if entry.value is None:
        value = f'<b class="unknown">{NOT_KNOWN}</b>'
    else:
        value = f"<b>{_escaped(entry.value)}</b>"
    return f"<li>{_escaped(entry.field)}: {value}<small>{_escaped(_aside(entry))}</small></li>\n"


def _escaped(text: str) -> str:
    return html.escape(safe(text))
