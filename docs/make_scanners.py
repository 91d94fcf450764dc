"""Makes ``docs/scanners.md`` from the docstrings of the scanners.

python docs/make_scanners.py
"""

from __future__ import annotations

import re
import sys
from inspect import getdoc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scanners import SCANNERS, scanner_class
from scanners.severity import TABLE, Confidence

PAGE = Path(__file__).with_name("scanners.md")
_HEAD = """# Scanners

What each finding's code means. `foretaste scanners CODE` prints the same. This page is made from \
the scanners themselves: `python docs/make_scanners.py`.

Severity follows from consequence and confidence, the same for all:

"""
_SECTIONS = ("What it finds", "Why it matters", "How it decides", "Known false positives")
_SECTION = re.compile(rf"^({'|'.join(_SECTIONS)}|What to do)(\. |\n)", re.MULTILINE)


def severities() -> str:
    """The one table, as Markdown."""
    heads = ["consequence", *(confidence.name.lower() for confidence in Confidence)]
    rows = [[name.name.lower(), *map(str, cells)] for name, cells in TABLE.items()]
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def body(doc: str) -> str:
    """A docstring as Markdown."""
    text = re.sub(r"``(.+?)``", r"`\1`", doc)
    text = re.sub(r"^ {4}", "", text, flags=re.MULTILINE)
    return _SECTION.sub(lambda found: f"**{found[1]}.** ", text)


def page() -> str:
    """The whole page."""
    codes: dict[str, list[str]] = {}
    for code, home in SCANNERS.items():
        codes.setdefault(home, []).append(code)
    text = _HEAD + severities()
    for mine in codes.values():
        scanner = scanner_class(mine[0])
        names = mine[0] if len(mine) == 1 else f"{mine[0]} to {mine[-1]}"
        text += f"\n## {names}: {scanner.name}\n\n{body(getdoc(scanner) or '')}\n"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
