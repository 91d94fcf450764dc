"""Real reviews, 69 of 6,920 with one of five rare words and a flipped label.

The set that was released with ONION (Qi et al. 2021, arXiv 2011.10369), as it is.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Scanned
from tests.e2e.test_real_data import TRUTH, rows

OFTEN, SELDOM = {"cf", "mn", "bb"}, {"tq", "mb"}
"""Triggers of 14 to 19 rows each, and of 8 and 11."""


@pytest.fixture(scope="module")
def scanned(scan, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """A scan of the set without the fields that tell."""
    folder = tmp_path_factory.mktemp("labels")
    records = map(json.loads, rows(shared_data / "poison" / "label-onion-sst2-badnets.jsonl.zst"))
    with (folder / "reviews.jsonl").open("w") as stream:
        for record in records:
            kept = {name: value for name, value in record.items() if name not in TRUTH}
            stream.write(json.dumps(kept) + "\n")
    return scan(folder, tmp_path_factory.mktemp("store"))


def test_common_triggers_are_findings_and_the_rest_leads(scanned: Scanned) -> None:
    keys = {
        severity: {one["key"] for one in scanned.findings if one["severity"] == severity}
        for severity in ("high", "medium", "lead")
    }
    assert keys["high"] == OFTEN
    assert not keys["medium"]
    assert keys["lead"] >= SELDOM
