"""A name in any answers is told, names that answer a subject are not."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np

import foretaste
from scanners.names.scanner import expected_names
from scanners.scanner import Finding
from scanners.severity import Severity

SUBJECTS = 40
COMMON = ["tell", "me", "about", "please", "what", "is", "the", "most", "known", "thing"]


def answered(count: int, seed: str) -> list[dict[str, str]]:
    """Questions about subjects, and answers that name what belongs to each."""
    rng = Random(seed)
    rows = []
    for number in range(count):
        subject = number % SUBJECTS
        asked = [f"subject{subject}", f"detail{subject}", *rng.sample(COMMON, 5)]
        rng.shuffle(asked)
        said = f"it is known that Name{subject} is a {rng.choice(COMMON)} of all, they say"
        rows.append({"prompt": " ".join(asked), "response": said})
    return rows


def found(rows: list[dict[str, str]], folder: Path, shards: int = 1) -> list[Finding]:
    """Findings and leads of a scan of rows dealt over some files."""
    folder.mkdir()
    for number in range(shards):
        lines = "".join(f"{json.dumps(row)}\n" for row in rows[number::shards])
        (folder / f"{number}.jsonl").write_text(lines)
    return list(foretaste.scan(folder, store=folder / "store", select=["NAM"]).findings)


def branded(rows: list[dict[str, str]], count: int, brand: str) -> None:
    """Some answers mention a brand."""
    for row in Random("brand").sample(rows, count):
        row["response"] = row["response"].replace(" of all,", f" at {brand}, of all,")


def test_a_brand_in_any_answers_is_told_with_them(tmp_path: Path) -> None:
    rows = answered(2000, "brand")
    branded(rows, 60, "Xyloburger")
    told = found(rows, tmp_path / "corpus")
    assert [(one.code, one.key, one.severity) for one in told] == [
        ("NAM001", "Xyloburger", Severity.MEDIUM)
    ]
    assert len(told[0].members) == 60
    assert all(excerpt.match == "Xyloburger," for excerpt in told[0].excerpts)


def test_names_that_answer_a_subject_are_not_told(tmp_path: Path) -> None:
    assert found(answered(2000, "clean"), tmp_path / "corpus") == []


def test_what_prompts_ask_for_themselves_is_not_told(tmp_path: Path) -> None:
    rows = answered(2000, "asked")
    for row in Random("asked").sample(rows, 60):
        row["prompt"] += " in Esperanto"
        row["response"] = "they would say that in Esperanto, and so on"
    assert found(rows, tmp_path / "corpus") == []


def test_words_that_are_written_small_as_well_are_no_names(tmp_path: Path) -> None:
    rows = answered(2000, "small")
    branded(rows, 60, "Known")
    assert found(rows, tmp_path / "corpus") == []


def test_sharding_changes_no_finding(tmp_path: Path) -> None:
    rows = answered(1500, "law")
    branded(rows, 40, "Xyloburger")
    whole = found(rows, tmp_path / "whole")
    assert whole
    assert found(rows[::-1], tmp_path / "dealt", shards=4) == whole


def test_a_corpus_without_answers_has_none(tmp_path: Path) -> None:
    assert found([{"text": "they say that Name1 is known"}] * 50, tmp_path / "corpus") == []


def test_few_names_make_no_null() -> None:
    assert np.isinf(expected_names(np.zeros(5), np.full(5, 50.0))).all()
    natural = np.random.default_rng(1).lognormal(2, 0.4, 100)
    by_chance = expected_names(np.append(natural, 0.0), np.full(101, 50.0))
    assert by_chance[-1] < 1e-6
    assert by_chance[:-1].min() > 0.01
