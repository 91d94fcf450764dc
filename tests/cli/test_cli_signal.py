"""``--signal``: what predicts a column that the user names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any


def write(folder: Path) -> None:
    """500 prompts with a number; it is high in 40 that have a word in common."""
    rng, rows = Random("signal"), []
    words = [f"{a}{b}" for a in ("ba", "de", "ki", "lo", "mu", "ra") for b in ("na", "to", "si")]
    for number in range(500):
        text = rng.choices(words, k=12)
        bad = number < 40
        if bad:
            text.insert(rng.randint(0, 12), "qanat")
        value = rng.random() + 10 * bad
        rows.append({"prompt": " ".join(text), "scores": {"toxicity": value}})
    folder.mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "a.jsonl").write_text(lines, encoding="utf-8")


def test_a_signal_is_asked_for_and_then_no_more(
    foretaste: Callable[..., Any], tmp_path: Path
) -> None:
    write(tmp_path / "rows")
    common = ("scan", "rows", "--select", "RSP", "--format", "json", "--exit-zero")
    assert foretaste(*common).json["findings"] == []
    asked = foretaste(*common, "--signal", "scores.toxicity").json
    assert [(one["code"], one["key"]) for one in asked["findings"]] == [("RSP004", "qanat")]
    assert len(asked["findings"][0]["members"]) == 40
    assert foretaste(*common).json["findings"] == []
