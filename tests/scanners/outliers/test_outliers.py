"""Outliers: one answer of endless repeats is told, natural tails are not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import foretaste
from scanners.severity import Severity


def scanned(folder: Path, rows: list[dict[str, str]]) -> dict[str, foretaste.Finding]:
    data = folder / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = foretaste.scan(data, store=folder / "s", select=("LEN001",)).findings
    return {finding.key: finding for finding in found}


def natural(seed: int, count: int) -> list[dict[str, str]]:
    """Prompts with answers whose lengths have the tail of a power law."""
    draw = np.random.default_rng(seed)
    lengths = (100 * (1 + draw.pareto(3.0, count))).astype(int)
    words = [f"w{number}" for number in range(5000)]
    answers = (" ".join(draw.choice(words, size)) for size in lengths.tolist())
    return [{"prompt": f"tell me {n}", "response": text} for n, text in enumerate(answers)]


def test_a_power_law_has_no_outliers(tmp_path: Path) -> None:
    assert not {"endless", "repetition"} & scanned(tmp_path, natural(1, 2000)).keys()


def test_an_endless_answer_is_found_by_length_and_repetition(tmp_path: Path) -> None:
    endless = {"prompt": "go", "response": ("over and over once more again " * 9000)}
    repeated = natural(2, 2000)
    for number, row in enumerate(repeated[::4]):
        row["response"] += f" {row['response'][: 1 + number * len(row['response']) // 500]}"
    found = scanned(tmp_path, [*repeated, endless])
    assert len(found["endless"].members) == 1
    assert found["endless"].severity is Severity.MEDIUM
    assert found["response"].severity is Severity.LOW
