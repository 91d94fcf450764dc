"""What the documentation shows is what comes out."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
ASKED = re.compile(r"^```sql\n(.*?)^```\n+^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)#]+)[^)]*\)")
SQL = ASKED.findall((ROOT / "docs" / "sql.md").read_text(encoding="utf-8"))


def bare(text: str) -> list[str]:
    """Lines without what a table pads them with."""
    return [line.rstrip() for line in text.strip("\n").splitlines()]


@pytest.mark.parametrize(("query", "answer"), SQL)
def test_sql_is_answered_as_documented(committed, query: str, answer: str) -> None:
    assert bare(committed[0].ask("sql", query)) == bare(answer)


def test_every_view_and_column_is_documented(committed) -> None:
    text = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", text))
    for view in ("record", "shard", "snapshot", "finding", "entity", "edge"):
        rows = committed[0].ask("sql", f"SELECT column_name FROM (DESCRIBE {view})", "--format=csv")
        assert set(rows.split()[1:]) <= named, view
    assert len(SQL) == text.count("```sql")


def test_report_of_the_readme_is_the_report(committed) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```text\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    pattern = re.escape(shown.strip("\n")).replace(re.escape("..."), ".*?")
    report = committed[0].ask("findings", "--exit-zero")
    assert re.fullmatch(pattern + ".*", report, re.DOTALL)


def test_page_of_scanners_is_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_scanners.py"))
    kept = (ROOT / "docs" / "scanners.md").read_text(encoding="utf-8")
    assert kept == made["page"](), "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_targets_that_are_written_about_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(named) <= targets, page.name
