"""Find hidden text in one string and judge each occurrence by its surroundings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scanners.hidden_text import decode
from scanners.hidden_text.characters import (
    BRAILLE,
    CONTROLS,
    DEPRECATED,
    EAST_ASIAN,
    EMBEDDINGS,
    FILLERS,
    HANGUL,
    INVISIBLE,
    LEAST_RUN,
    LOOK_ALIKES,
    LOOKED,
    MARKS,
    MIXED,
    PRIVATE,
    REPEATED,
    RIGHT_TO_LEFT,
    SELECTORS,
    SHAPING,
    TAGS,
    inside,
    latin,
    pattern,
    symbol,
)

LEAST_BITS = 8
"""Invisible characters in a row, of at least two kinds, that can carry a byte."""
LEAST_SCATTERED = 16
LEAST_SELECTORS = 4
LEAST_PADDING = 3
LEAST_TAGS = 2
LEAST_LOOK_ALIKES = 5
"""Look-alikes, in different words, that make a text one written in look-alikes; natural slips are
one or two in a text."""
SEEN = 200
"""Code points inside a directional scope that are looked at, so that nesting stays cheap."""
DEPTH = 125
"""Directional scopes open at a time (UAX 9, BD2)."""
SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A half-open span of code points, its kind, and what it spells (bounded, may be empty)."""

    kind: str
    start: int
    end: int
    message: str = ""


_RUNS = re.compile(
    f"(?P<tags>[{pattern(TAGS)}]+)|(?P<selectors>[{pattern(SELECTORS)}]+)"
    f"|(?P<invisible>[{pattern(INVISIBLE)}]+)|(?P<controls>[{pattern(CONTROLS)}]+)"
    f"|(?P<private>[{pattern(PRIVATE)}]+)|(?P<deprecated>[{pattern(DEPRECATED)}]+)"
)
_BIDI = re.compile(f"[{pattern(EMBEDDINGS)}]")
_RTL = re.compile(f"[{pattern(RIGHT_TO_LEFT)}]")
_LINE = re.compile(r"[^\n\r\u2029]+")
_REPEATED = re.compile(rf"([^\x00-\x7f])\1{{{LEAST_RUN - 1},}}")
_ALIKES = "".join(LOOK_ALIKES)
_LATIN = "A-Za-z\u00c0-\u024f"
_WORD = re.compile(rf"[{_LATIN}{_ALIKES}]{{2,}}")
_ALIKE = re.compile(rf"[{_ALIKES}]+")
_TOUCHING = re.compile(rf"[{_LATIN}][{_ALIKES}]|[{_ALIKES}][{_LATIN}]")


def occurrences(text: str, flag: int) -> list[Occurrence]:
    """All occurrences that are not in their normal place, in order of kind of search.

    ``flag`` is the text's byte from ``kernels.flags``: what there is to search for.
    """
    found: list[Occurrence] = []
    if flag & LOOKED:
        found += _runs(text)
        if _BIDI.search(text):
            found += _bidi(text)
    if flag & MIXED:
        found += _mixed(text)
    if flag & REPEATED:
        found += _repeated(text)
    return found


def _runs(text: str) -> Iterator[Occurrence]:
    scattered: list[re.Match[str]] = []
    bytewise: list[re.Match[str]] = []
    rtl = _RTL.search(text) is not None
    for match in _RUNS.finditer(text):
        name = match.lastgroup or ""
        if name == "selectors":
            found = _selectors(text, match)
            bytewise += [match] if found else []
        elif name == "invisible":
            found = _invisible(text, match, rtl)
            scattered += [match] if found and found.kind.startswith("zero-width-") else []
        else:
            found = _JUDGES[name](text, match)
        if found:
            yield found
    yield from _spread(scattered, LEAST_SCATTERED, decode.bits, "zero-width-message")
    yield from _spread(bytewise, LEAST_BITS, decode.selectors, "selector-message")


def _spread(
    matches: list[re.Match[str]], least: int, read: Callable[[str], str], kind: str
) -> Iterator[Occurrence]:
    """A message dealt out over many places of one text."""
    joined = "".join(match[0] for match in matches)
    if len(matches) >= LEAST_BITS and len(joined) >= least and (message := read(joined)):
        yield Occurrence(kind, matches[0].start(), matches[0].end(), decode.bounded(message))


def _around(text: str, match: re.Match[str]) -> tuple[str, str]:
    start, end = match.span()
    return text[start - 1 : start] if start else "", text[end : end + 1]


def _tags(text: str, match: re.Match[str]) -> Occurrence | None:
    run, (start, end) = match[0], match.span()
    if decode.subdivision(run):
        flag = _around(text, match)[0] == "\U0001f3f4"
        return None if flag else Occurrence("tag-stray", start, end)
    message = decode.tags(run)
    kind = "tag-message" if len(message) >= LEAST_TAGS else "tag-stray"
    return Occurrence(kind, start, end, decode.bounded(message))


def _selectors(text: str, match: re.Match[str]) -> Occurrence | None:
    run, (start, end) = match[0], match.span()
    if len(run) >= LEAST_SELECTORS and len(set(run)) > 1:
        message = decode.selectors(run)
        kind = "selector-message" if message else "selector-bytes"
        return Occurrence(kind, start, end, decode.bounded(message))
    before, _ = _around(text, match)
    normal = symbol(before) or inside(before, EAST_ASIAN) or inside(before, SHAPING)
    return None if normal else Occurrence("selector-stray", start, end)


def _invisible(text: str, match: re.Match[str], rtl: bool) -> Occurrence | None:
    run, (start, end) = match[0], match.span()
    kinds = set(run)
    if len(run) >= LEAST_BITS and not decode.periodic(run):
        message = decode.bits(run)
        kind = "zero-width-message" if message else "zero-width-bits"
        return Occurrence(kind, start, end, decode.bounded(message))
    before, after = _around(text, match)
    if kinds == {SOFT_HYPHEN}:
        return Occurrence("soft-hyphen", start, end)
    if all(inside(char, FILLERS) for char in kinds):
        home = any(inside(char, r) for char in (before, after) for r in (HANGUL, SHAPING, BRAILLE))
        return None if home else Occurrence("filler", start, end)
    if _in_place(before, after, kinds, start, rtl):
        return None
    if len(run) >= LEAST_PADDING:
        return Occurrence("zero-width-padding", start, end)
    split = latin(before) and latin(after)
    return Occurrence("zero-width-in-word" if split else "zero-width-stray", start, end)


def _in_place(before: str, after: str, kinds: set[str], start: int, rtl: bool) -> bool:
    """Joiners and marks beside scripts and symbols that are written with them."""
    if any(inside(char, r) for char in (before, after) for r in (SHAPING, EAST_ASIAN)):
        return True
    if "\u200d" in kinds and (symbol(before) or symbol(after)):
        return True
    if all(inside(char, MARKS) for char in kinds):
        return rtl
    return start == 0 and kinds == {"\ufeff"}


def _controls(_: str, match: re.Match[str]) -> Occurrence:
    first_c1 = "\x80"
    kind = "control-c1" if max(match[0]) >= first_c1 else "control-c0"
    return Occurrence(kind, *match.span())


def _private(_: str, match: re.Match[str]) -> Occurrence:
    return Occurrence("private-use", *match.span())


def _deprecated(_: str, match: re.Match[str]) -> Occurrence:
    return Occurrence("deprecated", *match.span())


_JUDGES: dict[str, Callable[[str, re.Match[str]], Occurrence | None]] = {
    "tags": _tags,
    "controls": _controls,
    "private": _private,
    "deprecated": _deprecated,
}

_OPENERS = "\u202a\u202b\u202d\u202e"
_ISOLATES = "\u2066\u2067\u2068"


def _bidi(text: str) -> Iterator[Occurrence]:
    """Directional controls, line by line: their effect ends with the paragraph (UAX 9)."""
    for line in _LINE.finditer(text):
        if not _BIDI.search(line[0]):
            continue
        for kind, start, end in _scopes(line[0]):
            message = ""
            if kind == "bidi-override":
                inner = line[0][start + 1 : min(end, start + SEEN)]
                message = decode.bounded(_BIDI.sub("", inner)[::-1].strip())
            yield Occurrence(kind, line.start() + start, line.start() + end, message)


def _scopes(line: str) -> Iterator[tuple[str, int, int]]:
    stack: list[tuple[str, int]] = []
    rtl = _RTL.search(line) is not None
    for match in _BIDI.finditer(line):
        char, at = match[0], match.start()
        if char in _OPENERS or char in _ISOLATES:
            if len(stack) < DEPTH:
                stack.append((char, at))
        elif stack and (stack[-1][0] in _ISOLATES) == (char == "\u2069"):
            opener, start = stack.pop()
            yield from _effect(line[start + 1 : min(at, start + SEEN)], opener, rtl, (start, at))
        else:
            yield "bidi-residue", at, at + 1
    for opener, start in stack:
        yield from _effect(line[start + 1 : start + SEEN], opener, rtl, (start, len(line)))


def _effect(
    inner: str, opener: str, rtl_line: bool, span: tuple[int, int]
) -> Iterator[tuple[str, int, int]]:
    """What one scope does to the reading order of what it holds."""
    inner = _BIDI.sub("", inner)
    rtl = _RTL.search(inner) is not None
    letters = sum(char.isalnum() for char in inner)
    reversed_latin = opener == "\u202e" and letters > 1 and not rtl
    if reversed_latin or (opener == "\u202d" and rtl):
        yield "bidi-override", *span
    elif opener in "\u202b\u2067" and letters and not rtl_line:
        yield "bidi-reorder", *span
    elif not rtl_line:
        yield "bidi-residue", span[0], span[0] + 1


def _mixed(text: str) -> list[Occurrence]:
    """Latin words spelled in part with another script's letters of the same look."""
    found = [match for match in _WORD.finditer(text) if _TOUCHING.search(match[0])]
    spans = [m.span() for m in found if not any(map(str.isalpha, _around(text, m)))]
    words = {(word := text[start:end]).casefold(): word for start, end in spans}
    look_alikes = sum(len(_ALIKE.findall(word)) for word in words.values())
    kind = "mixed-script-text" if look_alikes >= LEAST_LOOK_ALIKES else "mixed-script"
    return [Occurrence(kind, start, end) for start, end in spans]


def _repeated(text: str) -> list[Occurrence]:
    """The longest run of each repeated code point."""
    longest: dict[str, tuple[int, int]] = {}
    for match in _REPEATED.finditer(text):
        start, end = match.span()
        before = longest.get(match[1], (0, 0))
        if inside(match[1], INVISIBLE):
            continue
        if end - start > before[1] - before[0]:
            longest[match[1]] = start, end
    return [
        Occurrence("repeated", start, end, f"U+{ord(char):04X} x {end - start}")
        for char, (start, end) in longest.items()
    ]
