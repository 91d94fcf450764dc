"""The graph around a node as text or as a picture, one format a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from foretaste.report.graph.dot import write_dot
from foretaste.report.graph.json import write_json
from foretaste.report.graph.svg import write_svg
from foretaste.report.graph.tree import write_tree

if TYPE_CHECKING:
    from lineage.queries.lineage import Lineage

GRAPHS: dict[str, Callable[[Lineage, TextIO], None]] = {
    "tree": write_tree,
    "json": write_json,
    "dot": write_dot,
    "svg": write_svg,
}
"""Format -> function of (lineage, stream)."""
