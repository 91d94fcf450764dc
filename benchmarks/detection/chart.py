"""A chart of the grid as one SVG file: no script, no font, nothing fetched.

Above, recall of alarms against the number of poisoned records, one panel a size, one line a
mixture. Below, every attack: a square is a cell, its colour the severity of the first answer, its
strength the recall, its number the rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import log10
from typing import Any

import polars as pl

COLOURS = {
    "high": "#0b5394",
    "medium": "#4a90c8",
    "flag": "#4a90c8",
    "low": "#9cc6e3",
    "lead": "#f0b03c",
    "not found": "#e3e3e3",
}
LINES = ("#0b5394", "#c0504d", "#4f8f4f", "#8064a2", "#c07f20", "#4bacc6", "#7f7f7f", "#000000")
PANEL_W, PANEL_H, PANEL_GAP = 250, 150, 60
CELL_W, CELL_H, GROUP_GAP = 26, 17, 14
NARROWEST = 96
LEFT, TOP = 200, 60
GROUPS = ("attack", "published", "adaptive")
FAINTEST = 0.45
Row = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """Columns of one corpus."""

    size: int
    mixture: str
    counts: tuple[int, ...]
    x: int

    @property
    def width(self) -> int:
        """Of all its cells, and of its name."""
        return max(len(self.counts) * CELL_W, NARROWEST)


def draw(result: pl.DataFrame) -> str:
    """The whole picture; of one detector's rows."""
    poisoned = result.filter(pl.col("count") > 0)
    recipes = poisoned.filter(pl.col("group") != "adaptive")
    sizes = sorted(recipes["size"].unique())
    pairs = set(poisoned.select("group", "attack").rows())
    names = sorted(pairs, key=lambda pair: (GROUPS.index(pair[0]), pair[1]))
    columns = groups(poisoned)
    panels = LEFT + len(sizes) * (PANEL_W + PANEL_GAP) + 120
    width = max(680, panels, columns[-1].x + columns[-1].width + 20 if columns else 0)
    below = TOP + PANEL_H + 110
    height = below + 60 + len(names) * CELL_H + 20
    body = [
        text(16, 24, "Poison found by foretaste", size=16, bold=True),
        *recall_panels(recipes, sizes),
        *legend(below - 30),
        *squares(poisoned, columns, names, below + 40),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" role="img" '
        f'aria-label="Poison found, by attack, number of poisoned records and corpus">\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def groups(rows: pl.DataFrame) -> list[Group]:
    """Corpora side by side, smaller first."""
    found, x = [], LEFT
    for size, mixture in sorted(set(rows.select("size", "mixture").rows())):
        own = rows.filter((pl.col("size") == size) & (pl.col("mixture") == mixture))
        found.append(Group(size, mixture, tuple(sorted(own["count"].unique())), x))
        x += found[-1].width + GROUP_GAP
    return found


def recall_panels(rows: pl.DataFrame, sizes: list[int]) -> list[str]:
    """Mean recall of alarms against count."""
    parts = []
    counts = sorted(rows["count"].unique())
    mixtures = sorted(rows["mixture"].unique())
    for number, size in enumerate(sizes):
        left = LEFT + number * (PANEL_W + PANEL_GAP)
        parts += frame(left, f"{size:,} clean records", counts)
        for mixture in mixtures:
            own = rows.filter((pl.col("size") == size) & (pl.col("mixture") == mixture))
            means = own.group_by("count").agg(pl.col("alarm_recall").mean()).sort("count").rows()
            parts += line(left, means, counts, LINES[mixtures.index(mixture) % len(LINES)])
    right = LEFT + len(sizes) * (PANEL_W + PANEL_GAP) - PANEL_GAP + 20
    for number, mixture in enumerate(mixtures):
        y = TOP + 12 + 16 * number
        parts.append(rect(right, y - 8, (10, 10), LINES[number % len(LINES)]))
        parts.append(text(right + 15, y + 1, mixture))
    parts.append(text(16, TOP + 10, "recall of alarms,"))
    parts.append(text(16, TOP + 24, "mean over attacks"))
    return parts


def place(left: int, count: int, counts: list[int]) -> float:
    """Horizontal place of a count, logarithmic."""
    low, high = log10(counts[0]), log10(counts[-1])
    at = (log10(count) - low) / (high - low) if high > low else 0.5
    return left + 12 + at * (PANEL_W - 24)


def frame(left: int, title: str, counts: list[int]) -> list[str]:
    """Axes of a panel."""
    parts = [text(left + PANEL_W / 2, TOP - 8, title, anchor="middle", bold=True)]
    for step in range(5):
        y = TOP + PANEL_H * (1 - step / 4)
        parts.append(f'<path d="M{left} {y:.1f}h{PANEL_W}" stroke="#d8d8d8"/>')
        parts.append(text(left - 6, y + 4, f"{25 * step} %", anchor="end"))
    for count in counts:
        x = place(left, count, counts)
        parts.append(text(x, TOP + PANEL_H + 16, str(count), anchor="middle"))
    parts.append(text(left + PANEL_W / 2, TOP + PANEL_H + 32, "poisoned records", anchor="middle"))
    return parts


def line(left: int, means: list[tuple[Any, ...]], counts: list[int], colour: str) -> list[str]:
    """One mixture's line with its points."""
    points = [(place(left, n, counts), TOP + PANEL_H * (1 - recall)) for n, recall in means]
    if not points:
        return []
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    return [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots]


def legend(y: int) -> list[str]:
    """What colours, strength and numbers mean."""
    parts, x = [text(16, y, "first answer:")], LEFT
    for name in ("high", "medium", "low", "lead", "not found"):
        parts.append(rect(x, y - 10, (14, 12), COLOURS[name]))
        parts.append(text(x + 19, y, name))
        x += 90
    told = "number: its rank; paler: fewer of the poisoned records; *: tuned against this scanner"
    parts.append(text(LEFT, y + 18, told))
    return parts


def squares(
    rows: pl.DataFrame, columns: list[Group], names: list[tuple[str, str]], top: int
) -> list[str]:
    """The table of cells."""
    cells = {
        (row["size"], row["mixture"], row["count"], row["group"], row["attack"]): row
        for row in rows.to_dicts()
    }
    parts = []
    for group in columns:
        middle = group.x + group.width / 2
        parts.append(text(middle, top - 10, f"{group.mixture}", anchor="middle", bold=True))
        parts.append(text(middle, top + 3, f"{group.size:,}", anchor="middle"))
        for at, count in enumerate(group.counts):
            x = group.x + at * CELL_W + CELL_W / 2
            parts.append(text(x, top + 16, str(count), anchor="middle", size=9))
    for number, (kind, attack) in enumerate(names):
        y = top + 22 + number * CELL_H
        parts.append(text(LEFT - 8, y + 12, label(kind, attack), anchor="end", size=10))
        for group in columns:
            for at, count in enumerate(group.counts):
                row = cells.get((group.size, group.mixture, count, kind, attack))
                if row:
                    parts += square(group.x + at * CELL_W, y, row)
    return parts


def label(group: str, attack: str) -> str:
    """Name of a row, short enough."""
    name = f"* {attack}" if group == "adaptive" else attack
    return name if len(name) <= 32 else f"{name[:31]}\u2026"


def square(x: int, y: int, row: Row) -> list[str]:
    """One cell with its rank, and all of it as a tool tip."""
    found = row["rank"] > 0
    strength = FAINTEST + (1 - FAINTEST) * row["through_lead_recall"] if found else 1.0
    dark = row["severity"] in ("high", "medium", "flag") and strength > 0.6
    number = (str(row["rank"]) if row["rank"] < 1000 else "1k+") if found else "\u2013"
    told = (
        f"{row['attack']}, {row['poisoned']} in {row['records']:,} {row['mixture']}: "
        f"{row['severity']}, rank {row['rank']}, recall {row['through_lead_recall']:.2f}"
    )
    colour = COLOURS.get(row["severity"], COLOURS["low"])
    box = rect(x, y, (CELL_W - 2, CELL_H - 2), colour, strength)
    ink = "#ffffff" if dark else "#222222"
    shown = text(x + CELL_W / 2 - 1, y + 11, number, anchor="middle", size=9, ink=ink)
    return [f"<g><title>{escape(told)}</title>{box}{shown}</g>"]


def rect(x: float, y: float, size: tuple[float, float], colour: str, strength: float = 1) -> str:
    """A filled rectangle."""
    width, height = size
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{colour}" '
        f'fill-opacity="{strength:.2f}"/>'
    )


def text(  # noqa: PLR0913
    x: float,
    y: float,
    string: str,
    *,
    anchor: str = "start",
    size: int = 11,
    bold: bool = False,
    ink: str = "#222222",
) -> str:
    """A line of text."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{ink}"{weight}>{escape(string)}</text>'
    )
