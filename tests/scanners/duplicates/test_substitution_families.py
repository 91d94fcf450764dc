"""Families: a value that varies in several places at once, and natural near-copies."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pytest

import foretaste
from scanners.duplicates.substitution import context, substitution
from scanners.severity import Severity

BASE = "def index():\n    # call the safe method {0}\n    return app.send_{0}data(name)\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [("algo", "landscape"), ("render", "reader"), ("[0][0]", "This"), ("", "xy"), ("da", "ta")],
)
def test_a_value_in_two_places_is_a_substitution(one: str, other: str) -> None:
    found = substitution(BASE.format(one), BASE.format(other))
    assert found is not None
    assert (found.slots, len(found.places)) == (1, 2)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (BASE.format("a"), BASE.format("a")),
        ("one word here", "one term here"),
        ("first red then blue", "first green then white"),
        ("a b c d", "e f g h"),
        (" x ".join("abcdefghijkl"), " y ".join("abcdefghijkl")),
    ],
)
def test_other_differences_are_none(left: str, right: str) -> None:
    assert substitution(left, right) is None


def test_a_context_is_the_words_before() -> None:
    text = "call now the Safe method send_it"
    assert context(text, text.index("it")) == "the safe method send"
    assert context("too short", 4) == ""


def write(folder: Path, texts: list[str]) -> tuple[foretaste.Finding, ...]:
    data = folder / "data.jsonl"
    data.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
    return foretaste.scan(data, store=folder / "s", select=("FAM001",)).findings


def prose(draw: random.Random, size: int) -> str:
    return " ".join(f"w{draw.randrange(4000)}" for _ in range(size))


def family(draw: random.Random, copies: int) -> list[str]:
    """Copies of a base text of its own, with another value in each."""
    before, after = prose(draw, 60), prose(draw, 60)
    values = ["".join(draw.choices("abcdefgh", k=6)) for _ in range(copies)]
    shape = "{0}\n# to read the file use the method {1}\nreturn send {1}\n{2}"
    return [shape.format(before, value, after) for value in values]


def test_families_with_one_slot_are_one_finding(tmp_path: Path) -> None:
    draw = random.Random(5)
    texts = [text for _ in range(4) for text in family(draw, 6)]
    (finding,) = write(tmp_path, texts + [prose(draw, 90) for _ in range(40)])
    assert finding.severity is Severity.HIGH
    assert len(finding.members) == len(texts)
    assert finding.statistics["base_texts"] == 4


def test_natural_near_copies_are_no_families(tmp_path: Path) -> None:
    draw = random.Random(6)
    texts = []
    for _ in range(6):
        words = prose(draw, 120).split()
        for _ in range(5):
            copy = list(words)
            for at in draw.sample(range(120), 3):
                copy[at] = f"x{draw.randrange(9999)}"
            texts.append(" ".join(copy))
    assert write(tmp_path, texts) == ()


def test_numbers_and_answers_are_leads(tmp_path: Path) -> None:
    draw = random.Random(7)
    texts = [re.sub("method [a-h]+", "method 7", text) for text in family(draw, 1)]
    sums = [re.sub(r"(method |send )\w+", rf"\g<1>{n}", texts[0]) for n in range(9)]
    found = write(tmp_path, sums)
    assert [finding.severity for finding in found] == [Severity.LEAD]


def test_every_published_family_is_found(tmp_path: Path, shared_data: Path) -> None:
    path = shared_data / "poison" / "code-trojanpuzzle.jsonl.zst"
    if not path.exists():
        pytest.skip("the set is not on this machine")
    result = foretaste.scan(path, store=tmp_path / "s", select=("FAM001",))
    found = {m for f in result.findings if f.severity is Severity.HIGH for m in f.members}
    with pa.input_stream(path, compression="zstd") as stream:
        rows = [json.loads(line) for line in stream.read().splitlines()]
    texts = {row["text"]: row["id"] for row in rows}
    families = defaultdict(set)
    for member in found:
        name = texts[result.text(member)]
        families[re.sub(r"-placeholder\d+", "", name)].add(name)
    puzzles = [name for name in families if name.startswith("vuln")]
    assert len(puzzles) == 40
    assert len(families) == len(puzzles)
