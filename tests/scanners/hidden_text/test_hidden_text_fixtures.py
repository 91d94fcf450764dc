"""What is found, what it spells, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from scanners.hidden_text.kernels import flags
from scanners.hidden_text.kinds import KINDS
from scanners.hidden_text.occurrences import Occurrence, occurrences

HERE = Path(__file__).parent


def load(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text().splitlines()]


def found(text: str) -> list[Occurrence]:
    flag = int(flags(pa.array([text], type=pa.large_string()))[0])
    assert flag or not occurrences(text, 7), "the kernel may not miss what is there"
    return occurrences(text, flag)


@pytest.mark.parametrize("case", load("true_positives.jsonl"), ids=lambda case: case["kind"])
def test_every_kind_is_found_and_decoded(case: dict[str, Any]) -> None:
    assert (case["kind"], case["message"]) in {
        (item.kind, item.message) for item in found(case["text"])
    }


@pytest.mark.parametrize("case", load("false_positives.jsonl"), ids=lambda case: case["why"])
def test_what_is_in_its_place_is_left_alone(case: dict[str, Any]) -> None:
    assert found(case["text"]) == []


def test_every_kind_has_a_fixture() -> None:
    cases = {case["kind"] for case in load("true_positives.jsonl")}
    assert cases == set(KINDS) - {"repeated-fixed"}


def test_kernel_looks_at_slices_and_empty_columns() -> None:
    column = pa.array(["plain", "soft\u00adhyphen", "", "p\u0430y"], type=pa.large_string())
    assert flags(column).tolist() == [0, 1, 0, 2]
    assert flags(column[1:3]).tolist() == [1, 0]
    assert flags(column[:0]).tolist() == []


def test_hostile_texts_are_read_in_linear_time() -> None:
    size = 20_000
    for text in (
        "\u202e" * size,
        "\u200ea" * size,
        "\u4e00" * size + "p\u0430y",
        "\u2067a\u2069" * size,
    ):
        assert isinstance(occurrences(text, 7), list)
