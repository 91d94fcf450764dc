"""Whether two texts differ by a substitution: one or two values, each in several places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST_PLACES = 8
"""Places where two copies may differ. A puzzle needs two: one to read from, one to write to."""
MOST_SLOTS = 2
LEAST_PLACES = 2
"""Places of each slot: a value that stands once is not tied to anything."""
CONTEXT = 4
"""Words before a place that tell which slot it is."""

_MOST_PIECES = 3000
"""Pieces of a block that are aligned; a longer one is not compared."""
_PIECES = re.compile(r"[^\W_]+|\s+|[\W_]")
_WORDS = re.compile(r"[^\W_]+")
_NEAR = 400
"""Characters before a place in which its context is looked for."""


@dataclass(frozen=True)
class Place:
    """A half-open span of the left text, and what stands there in the left and the right one."""

    start: int
    end: int
    left: str
    right: str


@dataclass(frozen=True)
class Substitution:
    """All places where two texts differ, in order; tied as ``substitution`` wants it."""

    places: tuple[Place, ...]

    @property
    def slots(self) -> int:
        """Different values that were substituted."""
        return len({(place.left, place.right) for place in self.places})


def substitution(left: str, right: str) -> Substitution | None:
    """The substitution that makes ``right`` of ``left``, or None if there is none."""
    places: list[Place] = []
    for place in _places(left, right):
        places.append(place)
        if len(places) > MOST_PLACES:
            return None
    slots = Counter((place.left, place.right) for place in places)
    tied = slots and len(slots) <= MOST_SLOTS and min(slots.values()) >= LEAST_PLACES
    return Substitution(tuple(places)) if tied else None


def context(text: str, at: int) -> str:
    """The words before the word that holds position ``at``, folded; empty at a beginning."""
    while at and text[at - 1].isalnum():
        at -= 1
    words = _WORDS.findall(text[max(0, at - _NEAR) : at])[-CONTEXT:]
    return " ".join(words).casefold() if len(words) == CONTEXT else ""


def _places(left: str, right: str) -> Iterator[Place]:
    """Places where two texts differ: by lines first, then by pieces inside of changed lines."""
    ours, theirs = left.splitlines(keepends=True), right.splitlines(keepends=True)
    at = 0
    starts = [0, *(at := at + len(line) for line in ours)]
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield from _inside("".join(ours[i1:i2]), "".join(theirs[j1:j2]), starts[i1])


def _inside(left: str, right: str, offset: int) -> Iterator[Place]:
    ours, theirs = _PIECES.findall(left), _PIECES.findall(right)
    changed = (Counter(ours) - Counter(theirs)).total()
    if len(ours) + len(theirs) > 2 * _MOST_PIECES or changed > _MOST_PIECES // 30:
        yield from [Place(offset, offset, left, right)] * (MOST_PLACES + 1)
        return
    at = offset
    starts = [offset, *(at := at + len(piece) for piece in ours)]
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield _reduced("".join(ours[i1:i2]), "".join(theirs[j1:j2]), starts[i1])


def _reduced(left: str, right: str, offset: int) -> Place:
    """Without what both begin and end with: equal for equal values, whatever stands beside."""
    before = _alike(left, right)
    left, right = left[before:], right[before:]
    after = _alike(left[::-1], right[::-1])
    start = offset + before
    end = start + len(left) - after
    return Place(start, end, left[: len(left) - after], right[: len(right) - after])


def _alike(left: str, right: str) -> int:
    """Characters that two strings begin with alike."""
    pairs = zip(left, right, strict=False)
    differ = (at for at, (one, other) in enumerate(pairs) if one != other)
    return next(differ, min(len(left), len(right)))
