"""The graph as a picture: one SVG file, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from rich.cells import cell_len

from foretaste.report.graph.layout import arrange
from foretaste.report.safe import safe
from lineage.graph import Basis, Kind, Relation
from lineage.queries.lineage import Lineage

MOST_NODES = 400
"""Boxes that a picture shows; of a larger graph it shows kinds and their numbers."""
MOST_LABELS = 60
"""Edges up to which each carries its words; behind that they show under the pointer."""
_WIDE, _HIGH, _BETWEEN, _ROW, _MARGIN = 220, 40, 150, 58, 24
_TEXT = 28
_COLOURS = {
    Kind.SOURCE: "#e3f0e0",
    Kind.SNAPSHOT: "#dde9f7",
    Kind.SHARD: "#eef3f8",
    Kind.RUN: "#f3ecd9",
    Kind.ARTIFACT: "#eadff3",
    Kind.FINDING: "#f8dcdc",
    Kind.DECISION: "#ececec",
}
_STROKES = {
    Basis.RECORDED: ("#1f3a5f", ""),
    Basis.DECLARED: ("#5a6b7c", ""),
    Basis.INFERRED_EXACT: ("#b35c00", "7 3"),
    Basis.INFERRED_SKETCH: ("#b35c00", "2 4"),
}
_STYLE = (
    "text{font-family:sans-serif;font-size:12px;fill:#1b1b1b}"
    ".k{font-size:10px;fill:#555}.e{font-size:10px;fill:#333;paint-order:stroke;"
    "stroke:#fff;stroke-width:3px}"
)


@dataclass(frozen=True)
class Box:
    """A box: two lines of text, its kind, what shows under the pointer; ``first`` is framed."""

    kind: Kind
    name: str
    over: str
    title: str
    first: bool = False


@dataclass(frozen=True)
class Line:
    """An arrow between two boxes, from the older to the younger."""

    start: int
    end: int
    label: str
    title: str
    basis: Basis
    directed: bool = True


def write_svg(answer: Lineage, stream: TextIO) -> None:
    """Draw the graph; a large one as kinds and how many of each there are."""
    nodes = answer.nodes
    if len(nodes) > MOST_NODES:
        count = f"{len(nodes):,} nodes and {len(answer.edges):,} edges"
        notes = [f"{count}: kinds are shown, not nodes. --depth shows a part."]
        boxes, lines = _summary(answer)
        notes += [line.title for line in lines if line.start == line.end]
        lines = [line for line in lines if line.start != line.end]
    else:
        notes, boxes, lines = [], _boxes(answer), _lines(answer)
    _draw(boxes, lines, notes, stream)


def _boxes(answer: Lineage) -> list[Box]:
    return [
        Box(
            node.kind,
            answer.name(node),
            f"{node.kind}{' ...' if node in answer.deeper else ''}",
            str(node),
            node == answer.node,
        )
        for node in answer.nodes
    ]


def _lines(answer: Lineage) -> list[Line]:
    numbers = {node: number for number, node in enumerate(answer.nodes)}
    return [
        Line(
            numbers[edge.parent],
            numbers[edge.child],
            f"{edge.relation}",
            f"{answer.name(edge.child)} {edge.relation} {answer.name(edge.parent)} ({edge.basis})",
            edge.basis,
            edge.relation is not Relation.OVERLAPS,
        )
        for edge in answer.edges
    ]


def _summary(answer: Lineage) -> tuple[list[Box], list[Line]]:
    """A box for each kind, a line for each relation and basis between two kinds."""
    count = Counter(node.kind for node in answer.nodes)
    kinds = [kind for kind in Kind if count[kind]]
    boxes = [Box(kind, f"{count[kind]:,}", str(kind), str(kind)) for kind in kinds]
    pairs = Counter((e.parent.kind, e.child.kind, e.relation, e.basis) for e in answer.edges)
    lines = [
        Line(
            kinds.index(parent),
            kinds.index(child),
            f"{relation}: {number:,}",
            f"{child} {relation} {parent} ({basis}): {number:,}",
            basis,
            relation is not Relation.OVERLAPS,
        )
        for (parent, child, relation, basis), number in sorted(pairs.items())
    ]
    return boxes, lines


def _draw(
    boxes: Sequence[Box], lines: Sequence[Line], notes: Sequence[str], stream: TextIO
) -> None:
    layout = arrange(len(boxes), [(line.start, line.end) for line in lines])
    wide = (max(layout.layer, default=0) + 1) * (_WIDE + _BETWEEN) - _BETWEEN + 2 * _MARGIN
    places = [*layout.place, *(at for way in layout.ways for _, at in way)]
    high = (max(places, default=0) + 1) * _ROW + 2 * _MARGIN + 60 + 16 * len(notes)
    wide = max(wide, 640)
    stream.write(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" '
        f'viewBox="0 0 {wide:.0f} {high:.0f}" role="img">\n<style>{_STYLE}</style>\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{_arrows()}'
    )
    _write_legend(notes, stream)
    stream.write(f'<g transform="translate(0 {16 * len(notes)})">\n')
    labelled: set[tuple[int, int]] = set()
    slots: Counter[tuple[int, int]] = Counter()
    for line, way in zip(lines, layout.ways, strict=True):
        slot = slots[line.start, line.end]
        slots[line.start, line.end] += 1
        _write_line(line, way, slot, len(lines) <= MOST_LABELS, labelled, stream)
    for box, layer, place in zip(boxes, layout.layer, layout.place, strict=True):
        _write_box(box, layer, place, stream)
    stream.write("</g>\n</svg>\n")


def _arrows() -> str:
    heads = [
        f'<marker id="{basis}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
        for basis, (colour, _) in _STROKES.items()
    ]
    return f"<defs>{''.join(heads)}</defs>\n"


def _write_legend(notes: Sequence[str], stream: TextIO) -> None:
    x = _MARGIN
    for basis, (colour, dash) in _STROKES.items():
        style = _stroke(basis, colour, dash)
        stream.write(f'<line x1="{x}" y1="20" x2="{x + 34}" y2="20" {style}/>')
        stream.write(f'<text x="{x + 40}" y="24">{basis}</text>\n')
        x += 150
    for number, note in enumerate(notes):
        y = 46 + 16 * number
        stream.write(f'<text x="{_MARGIN}" y="{y}">{escape(safe(note, 120))}</text>\n')


def _stroke(basis: Basis, colour: str, dash: str) -> str:
    width = "2.2" if basis is Basis.RECORDED else "1.4"
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'stroke="{colour}" stroke-width="{width}" fill="none"{dashes}'


def _x(layer: int) -> float:
    return _MARGIN + layer * (_WIDE + _BETWEEN)


def _y(place: float) -> float:
    return _MARGIN + 50 + place * _ROW


def _write_box(box: Box, layer: int, place: float, stream: TextIO) -> None:
    x, y = _x(layer), _y(place)
    edge = 'stroke="#222" stroke-width="2.5"' if box.first else 'stroke="#8a94a0"'
    stream.write(
        f"<g><title>{escape(safe(box.title, 300))}</title>"
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{_WIDE}" height="{_HIGH}" rx="5" '
        f"fill={quoteattr(_COLOURS[box.kind])} {edge}/>"
        f'<text class="k" x="{x + 8:.1f}" y="{y + 14:.1f}">{escape(safe(box.over, _TEXT))}</text>'
        f'<text x="{x + 8:.1f}" y="{y + 31:.1f}"{_fitted(box.name)}>'
        f"{escape(_short(box.name))}</text></g>\n"
    )


def _fitted(name: str) -> str:
    """Squeezed into the box, where letters are wide."""
    wide = cell_len(_short(name)) > _TEXT - 4
    return f' textLength="{_WIDE - 16}" lengthAdjust="spacingAndGlyphs"' if wide else ""


def _short(name: str) -> str:
    """The beginning and the end of a long name: versions stand at the end."""
    shown = safe(name)
    if len(shown) <= _TEXT:
        return shown
    return safe(f"{shown[: _TEXT - 13]}...{shown[-10:]}")


def _write_line(  # noqa: PLR0913, PLR0917
    line: Line,
    way: Sequence[tuple[int, float]],
    slot: int,
    words: bool,
    labelled: set[tuple[int, int]],
    stream: TextIO,
) -> None:
    """A smooth way through its waypoints; further lines between the same boxes lie beside it."""
    shift = 9.0 * ((slot + 1) // 2) * (-1 if slot % 2 else 1)
    points = [(_x(layer), _y(place) + _HIGH / 2 + shift) for layer, place in way]
    back = way[0][0] > way[-1][0]
    ends = [(x + (0 if back else _WIDE), y) for x, y in points]
    starts = [(x + (_WIDE if back else 0), y) for x, y in points]
    path, middle = _curve(ends, starts)
    head = f' marker-end="url(#{line.basis})"' if line.directed else ""
    stream.write(
        f"<g><title>{escape(safe(line.title, 300))}</title>"
        f'<path d="{path}" {_stroke(line.basis, *_STROKES[line.basis])}{head}/>'
    )
    if words:
        spot = (round(middle[0] / 110), round(middle[1] / 13))
        while spot in labelled:
            spot = (spot[0], spot[1] + 1)
        labelled.add(spot)
        y = spot[1] * 13
        label = escape(safe(line.label, 40))
        stream.write(
            f'<text class="e" text-anchor="middle" x="{middle[0]:.1f}" y="{y:.1f}">{label}</text>'
        )
    stream.write("</g>\n")


def _curve(
    ends: Sequence[tuple[float, float]], starts: Sequence[tuple[float, float]]
) -> tuple[str, tuple[float, float]]:
    """Path from the side of the first box through waypoints to the side of the last.

    A waypoint is as wide as a box, so that a line crosses a layer where no box stands.
    """
    path = f"M{ends[0][0]:.1f} {ends[0][1]:.1f}"
    for number in range(1, len(ends)):
        (x0, y0), (x1, y1) = ends[number - 1], starts[number]
        bend = (x0 + x1) / 2
        path += f"C{bend:.1f} {y0:.1f} {bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        if number < len(ends) - 1:
            path += f"H{ends[number][0]:.1f}"
    first, second = ends[0], starts[1]
    return path, ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2)
