"""The shape of chat control strings, and how a document is framed by them.

The table is one of syntaxes, not of tokens: a name inside brackets that no prose uses. Sources:
the chat templates that model makers publish (ChatML, Llama 2 and 3, Gemma, DeepSeek, Alpaca).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"[^\W\d][\w.\-\u2581/ ]{0,38}[^\W]|[^\W\d]"
SYNTAXES = {
    "piped": rf"<[|\uff5c]/?(?:{_NAME})[|\uff5c]>|\uff1c[|\uff5c]/?(?:{_NAME})[|\uff5c]\uff1e",
    "turn": r"</?[a-z]+(?:_[a-z]+)+>",
    "directive": r"\[/?[A-Z][A-Z_]{1,18}\]|\uff3b/?[A-Z][A-Z_]{1,18}\uff3d",
    "double": r"<</?[A-Z][A-Z_]{1,18}>>",
    "sentence": r"</?s>|<(?:bos|eos|pad|unk)>",
    "heading": r"(?m:^#{2,4} ?[A-Z][a-z]+(?: [A-Z][a-z]+)?:[ \t]*$)",
    "speaker": r"(?m:^[A-Z][a-z]{2,14}:(?=[ \t]))",
}
"""Public syntaxes of control strings. Full-width brackets count as the ASCII ones."""

CONTROL = re.compile("|".join(f"(?P<{name}>{shape})" for name, shape in SYNTAXES.items()))
BEGINS = "^\\s*(?:<[|\uff5c/a-z<]|\uff1c|\\[[A-Z]|\uff3b|##|[A-Z][a-z]{2,14}:)"
"""What a framed text begins with, for a cheap first look."""

_COMPANY = frozenset({"sentence", "double"})
"""Syntaxes beside which a directive frames; alone it is how forums mark a quotation."""

LEAST_STRINGS = 2
LEAST_RUN = 8
LEAST_ECHO = 4
"""Words of a piece that, when it comes again, are an echo."""
ECHO_SHARE = 0.8
LOOKED_AT = 65_536
MOST_NAMES = 12

_RUN = re.compile(rf"([^\x00-\x7f\w\s])\1{{{LEAST_RUN - 1},}}")
_ROLE = re.compile(r"\A\w+\s*\n")
"""The name of who speaks, on a line of its own before what is said."""
_WORDS = re.compile(r"\w+")
_WEAK = frozenset({"sentence", "speaker"})
"""Syntaxes that frame nothing by themselves; two speakers do around an echo or a run."""


@dataclass(frozen=True)
class Frame:
    """How control strings frame a text: the template they spell, and what is odd inside."""

    template: str
    kind: str


def frame_of(text: str) -> Frame | None:
    """The frame of a text that begins with a control string and goes on in pieces, or None."""
    text = text[:LOOKED_AT]
    found = list(CONTROL.finditer(text))
    syntaxes = {match.lastgroup for match in found}
    weak = _WEAK if syntaxes & _COMPANY else _WEAK | {"directive"}
    strong = [match for match in found if match.lastgroup not in weak]
    names = list(dict.fromkeys(match[0].strip() for match in strong or found))
    if not found or text[: found[0].start()].strip() or len(names) < LEAST_STRINGS:
        return None
    groups = {match.lastgroup for match in strong}
    if groups and not (_paired(names) or groups & {"piped", "heading"}):
        return None
    if not groups and len(names) != LEAST_STRINGS:
        return None
    pieces = _pieces(text, found)
    if len(pieces) < LEAST_STRINGS:
        return None
    kind = _kind(text, pieces)
    if kind == "plain" and not strong:
        return None
    return Frame(" ".join(names[:MOST_NAMES]), kind)


def _paired(names: list[str]) -> bool:
    """Whether a name opens and closes, or begins and ends a turn."""
    cores = [re.sub(r"^\W+|\W+$", "", name) for name in names]
    ends = {core.removeprefix("end_").removeprefix("start_") for core in cores}
    return len(ends) < len(cores)


def _pieces(text: str, found: list[re.Match[str]]) -> list[str]:
    starts = [match.end() for match in found]
    ends = [*(match.start() for match in found[1:]), len(text)]
    pieces = (text[a:b].strip() for a, b in zip(starts, ends, strict=True))
    return [piece for piece in pieces if piece]


def _kind(text: str, pieces: list[str]) -> str:
    if _echo(pieces):
        return "echo"
    return "run" if _RUN.search(text) else "plain"


def _echo(pieces: list[str]) -> bool:
    """Whether a piece is, but for a fifth, what an earlier piece says."""
    bodies = (_ROLE.sub("", piece) for piece in pieces)
    said = [" ".join(_WORDS.findall(body)).casefold() for body in bodies]
    long = [(number, words) for number, words in enumerate(said) if words.count(" ") >= LEAST_ECHO]
    return any(_holds(one, other) for at, one in long for later, other in long if at < later)


def _holds(one: str, other: str) -> bool:
    short, whole = sorted((one, other), key=len)
    return len(short) >= ECHO_SHARE * len(whole) and f" {short} " in f" {whole} "
