"""The observation cache gives back what was put in, or nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lineage.model import Digest
from lineage.store import Store, find_observation, read_frame, save_observation

DIGEST = Digest("sha256", "cd" * 32)
FRAME = pl.DataFrame({"key": [1, 2, 3], "count": [4, 5, 6], "raw": [b"a", b"\xff", None]})


def test_round_trip_and_absence(store: Store) -> None:
    assert find_observation(store, DIGEST, "odd/recipe: x", "plan") is None
    saved = save_observation(store, DIGEST, "odd/recipe: x", "plan", FRAME)
    assert find_observation(store, DIGEST, "odd/recipe: x", "plan") == saved
    loaded = read_frame(saved)
    assert loaded is not None
    assert_frame_equal(loaded, FRAME)
    assert find_observation(store, DIGEST, "odd/recipe: x", "plan2") is None
    assert find_observation(store, DIGEST, "other", "plan") is None


def test_saving_twice_keeps_one_file(store: Store) -> None:
    for _ in range(2):
        save_observation(store, DIGEST, "c", "plan", FRAME)
    assert len(list((store.root / "observations").rglob("*.parquet"))) == 1


@pytest.mark.parametrize("position", [0, 20, 100, -1, -9])
def test_a_flipped_bit_counts_as_absent_and_heals(store: Store, position: int) -> None:
    file = save_observation(store, DIGEST, "c", "plan", FRAME)
    damaged = bytearray(file.read_bytes())
    damaged[position] ^= 1
    file.write_bytes(damaged)
    assert find_observation(store, DIGEST, "c", "plan") is None
    # Observed again by other code, in another order.
    other = save_observation(store, DIGEST, "c", "plan", FRAME.reverse())
    assert find_observation(store, DIGEST, "c", "plan") == other
    assert save_observation(store, DIGEST, "c", "plan", FRAME) == file
    assert read_frame(file) is not None


def test_a_truncated_file_counts_as_absent(store: Store, tmp_path: Path) -> None:
    file = save_observation(store, DIGEST, "c", "plan", FRAME)
    file.write_bytes(file.read_bytes()[:30])
    assert find_observation(store, DIGEST, "c", "plan") is None
    assert read_frame(file) is None
    assert read_frame(tmp_path / "nowhere") is None
