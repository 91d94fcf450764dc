"""llamafile: a program with a zip archive behind it, in which GGUF files lie as they are."""

from __future__ import annotations

from typing import Any

from lineage.artifacts import gguf, zipped
from lineage.artifacts.artifact import MOST_NAMES, Content, Part
from lineage.errors import ReadingError

_PROGRAMS = (b"MZqFpD", b"jartsr", b"\x7fELF", b"MZ")
"""How programs begin: the two of Cosmopolitan (https://justine.lol/ape.html), Linux, Windows."""


def looks(part: Part) -> bool:
    """Whether it is a program that ends as a zip archive with a GGUF file in it."""
    if not part.head(6).startswith(_PROGRAMS) or not zipped.looks(part):
        return False
    try:
        return any(member.name.endswith(".gguf") for member in zipped.members(part))
    except ReadingError:
        return False


def read(part: Part) -> Content:
    """Read the first GGUF file inside; ReadingError if it is packed or damaged."""
    members = zipped.members(part)
    weights = [member for member in members if member.name.endswith(".gguf")]
    first = weights[0]
    if not first.stored:
        raise ReadingError(f"its member {first.name[:80]!r} is packed; it is not unpacked here")
    content = gguf.read(zipped.inside(part, first))
    facts: dict[str, Any] = {
        **content.facts,
        "members": [member.name for member in members[:MOST_NAMES]],
    }
    remarks = content.remarks
    if len(weights) > 1:
        remarks += (f"{len(weights)} GGUF files inside; {first.name!r} was read",)
    return Content("llamafile", facts, content.proposals, remarks)
