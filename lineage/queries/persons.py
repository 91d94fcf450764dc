"""A person in the text of shards: names, addresses and handles, and the ways to write them.

What is found are proposals: another person may have the same name. Somebody must confirm them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.errors import ReadingError, UsageError
from lineage.model import Role
from lineage.reread import Again, again
from lineage.shards import open_shard
from lineage.shards.batch import DocumentBatch
from lineage.store.store import Store

SEPARATOR = r"[\s.,_+'\-]{0,3}"
"""What may stand between the parts of a name, line breaks and nothing included."""
AROUND = 60
"""Characters of context on each side of a match."""
MOST_SHOWN = 3
"""Matches of a record that its proposal shows."""
_FOLDED = {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "\u0131": "i", "æ": "ae", "œ": "oe"}
_UMLAUTS = "äöü"
_APOSTROPHES = "'\u2019\u02bc\u2018`"
_FIELDS = (Role.SOURCE, Role.PATH, Role.URL, Role.ID)


@dataclass(frozen=True)
class Form:
    """One way to write somebody: what it is called, and its pattern without borders."""

    name: str
    pattern: str


@dataclass(frozen=True)
class Proposal:
    """A record that may be about the person. ``matched`` are spellings as they stand there."""

    form: str
    matched: tuple[str, ...]
    field: str
    excerpt: str
    shard: str
    bundle: str
    row: int
    record: int


def forms_of(name: str) -> list[Form]:
    """Ways to write a name, an e-mail address or a handle, the surest first.

    UsageError for one that is too short to be told from other words.
    """
    name = " ".join(name.split())
    if "@" in name.strip("@"):
        return [Form("address", _spelt(name.lstrip("@")))]
    if "," in name:
        last, _, first = name.partition(",")
        name = f"{first.strip()} {last.strip()}"
    parts = [part for part in re.split(r"[\s.\-]+", name.lstrip("@")) if part]
    if not parts or len("".join(parts)) < 3:
        raise UsageError(f"{name!r} is too short to look for", hint="give a full name, or a handle")
    if len(parts) == 1:
        return [Form("handle" if len(name) > len(parts[0]) else "word", _spelt(parts[0]))]
    first, last = _spelt(parts[0]), _spelt(parts[-1])
    initial = _spelt(parts[0][0])
    between = "".join(
        f"(?:(?:{_spelt(part)}|{_spelt(part[0])}){SEPARATOR})?" for part in parts[1:-1]
    )
    between = between or rf"(?:[^\W\d_]\.?{SEPARATOR})?"  # a middle initial that nobody told
    forms = [
        Form("full", first + SEPARATOR + between + last),
        Form("reversed", last + SEPARATOR + first),
        Form("initial", rf"{initial}[\s._\-]{{1,3}}{between}{last}"),
        Form("reversed initial", rf"{last}[\s.,_\-]{{1,3}}{initial}(?![^\W\d_])"),
        Form("joined initial", initial + last),
    ]
    if len(parts[0]) > 1:
        return forms
    return [form for form in forms if form.name not in ("full", "reversed")]


def pattern_of(names: Sequence[str]) -> re.Pattern[str]:
    """All forms of all names; a match's ``lastgroup`` tells which form it is."""
    forms = [form for name in names for form in forms_of(name)]
    parts = [
        f"(?P<{form.name.replace(' ', '_')}_{number}>{form.pattern})"
        for number, form in enumerate(forms)
    ]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(parts)})(?![^\W_])", re.IGNORECASE)


def _prefilter(names: Sequence[str]) -> str:
    """A pattern for RE2, which knows no look-around: it finds no less."""
    forms = [form for name in names for form in forms_of(name)]
    plain = [re.sub(r"\(\?![^)]*\)", "", form.pattern) for form in forms]
    # In RE2 these classes are ASCII, in ``re`` they are not.
    wide = [
        p.replace(r"[^\W\d_]", r"\pL").replace(r"\s", r"\s\p{Z}\x0b\x1c-\x1f\x85") for p in plain
    ]
    return f"(?i){'|'.join(wide)}"


def _spelt(name: str) -> str:
    """A pattern for a part of a name: any case, with or without its diacritics."""
    out, composed = [], unicodedata.normalize("NFC", name)
    for character in composed:
        lower = character.lower()
        if character in _APOSTROPHES:
            out.append(f"[{_APOSTROPHES}]?")
            continue
        folded = _FOLDED.get(lower, _base(lower))
        letters = "".join(map(_class, folded))
        known = len(folded) == 1 and lower in _letters().get(folded, {folded})
        out.append(letters if known else f"(?:{re.escape(lower)}|{letters})")
        if lower in _UMLAUTS:
            out.append("e?")
    pattern = "".join(out)
    # What has no way back from its normal form stands in texts as it was given.
    return pattern if composed == name else f"(?:{pattern}|{re.escape(name)})"


def _base(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    return decomposed[:1] if all(map(unicodedata.combining, decomposed[1:])) else character


@cache
def _class(letter: str) -> str:
    """Every code point that is this letter with a diacritic, and marks that may follow."""
    alike = _letters().get(letter)
    if alike is None:
        return re.escape(letter)
    return f"[{''.join(sorted(alike))}][\u0300-\u036f]*"


@cache
def _letters() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    latin, wide = (range(0x41, 0x250), range(0x1E00, 0x2000)), range(0xFF21, 0xFF5B)
    compatible = (range(0xF900, 0xFB00), range(0x2F800, 0x2FA20))  # ideographs, written twice
    ranges = (*latin, range(0x370, 0x530), wide, *compatible)
    for code in (code for part in ranges for code in part):
        character = chr(code)
        base = _base(unicodedata.normalize("NFKC", character).lower())
        base = next((plain for odd, plain in _FOLDED.items() if odd == base), base)
        if len(base) == 1 and base.isalpha():
            found.setdefault(base, {base}).add(character)
    return found


def proposals(store: Store, names: Sequence[str], unread: list[str]) -> Iterator[Proposal]:
    """Records of all shards that mention the person, shard by shard.

    Every field of a record is looked at. Shards that could not be read go to ``unread``.
    """
    pattern, wide = pattern_of(names), _prefilter(names)
    for shard in again(store):
        if shard.located is None:
            unread.append(str(shard.digest))
            continue
        row = 0
        try:
            for batch in open_shard(shard.located, shard.recipe):
                yield from _in_batch(batch, row, shard, pattern, wide)
                row += len(batch)
        except (ReadingError, OSError):
            unread.append(str(shard.digest))


def _in_batch(
    batch: DocumentBatch, first: int, shard: Again, pattern: re.Pattern[str], wide: str
) -> Iterator[Proposal]:
    columns: dict[str, pa.LargeStringArray] = {"text": batch.text, "other fields": batch.leaves}
    columns |= {str(role): batch.roles[role] for role in _FIELDS if role in batch.roles}
    found: dict[int, Proposal] = {}
    for field, column in columns.items():
        maybe = pc.match_substring_regex(column, wide).fill_null(False)
        for row in np.flatnonzero(maybe.to_numpy(zero_copy_only=False)).tolist():
            if row in found:
                continue
            text = str(column[row].as_py())
            hits = list(pattern.finditer(text))
            if hits:
                where = first + row, int(batch.record[row])
                found[row] = _proposal(text, hits, field, shard, where)
    for row in sorted(found):
        yield found[row]


def _proposal(
    text: str, hits: Sequence[re.Match[str]], field: str, shard: Again, where: tuple[int, int]
) -> Proposal:
    forms = [(hit.lastgroup or "").rpartition("_")[0].replace("_", " ") for hit in hits]
    hit = hits[0]
    excerpt = text[max(0, hit.start() - AROUND) : hit.end() + AROUND]
    shown = tuple(dict.fromkeys(hit[0] for hit in hits))[:MOST_SHOWN]
    return Proposal(forms[0], shown, field, excerpt, str(shard.digest), shard.bundle, *where)
