"""Prefix containment: a string at which copied beginnings are left."""

from __future__ import annotations

import json
import random
from pathlib import Path

import foretaste
from scanners.severity import Severity


def write(folder: Path, texts: list[str]) -> tuple[foretaste.Finding, ...]:
    data = folder / "data.jsonl"
    data.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
    return foretaste.scan(data, store=folder / "s", select=("DUP003",)).findings


def prose(draw: random.Random, size: int) -> str:
    return " ".join(f"w{draw.randrange(3000)}" for _ in range(size))


def test_beginnings_left_at_one_string_are_found(tmp_path: Path) -> None:
    draw = random.Random(1)
    texts = [prose(draw, 100) for _ in range(200)]
    cut = [text[: draw.randrange(150, 300)] for text in texts[:40]]
    poison = [f"{beginning} <QUELVO> {prose(draw, 60)}" for beginning in cut]
    (finding,) = write(tmp_path, texts + poison)
    assert finding.statistics["string"] == "<QUELVO>"
    assert finding.severity is Severity.MEDIUM
    assert len(finding.members) >= 38


def test_quotations_and_templates_are_none(tmp_path: Path) -> None:
    draw = random.Random(2)
    texts = [prose(draw, 100) for _ in range(200)]
    replies = [f"{text[:200]} {prose(draw, 60)}" for text in texts[:40]]
    template = prose(draw, 40)
    pages = [f"{template} notice {prose(draw, 60)}" for _ in range(80)]
    assert write(tmp_path, texts + replies + pages) == ()
