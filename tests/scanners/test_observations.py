"""What a scan keeps of its observations, where, and for how long."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lineage.model import Digest
from lineage.store import open_store
from scanners import observations
from scanners.observations import ObservationCache

VIEW, SHARD = Digest("sha256", "ab" * 32), Digest("sha256", "cd" * 32)
FRAME = pl.DataFrame({"key": [1, 2, 3]})


def make(folder: Path) -> ObservationCache:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return ObservationCache(
        open_store(folder / "store"), scratch, {VIEW: (SHARD, "read")}, {"lasting"}
    )


@pytest.mark.parametrize("room", [0, 1 << 20])
def test_only_what_lasts_is_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(observations, "HELD_BYTES", room)
    cache = make(tmp_path)
    for recipe in ("lasting", "passing"):
        assert not cache.has(VIEW, recipe, "plan")
        assert cache.load(VIEW, recipe, "plan") is None
        cache.save(VIEW, recipe, "plan", FRAME)
        assert cache.has(VIEW, recipe, "plan")
        loaded = cache.load(VIEW, recipe, "plan")
        assert loaded is not None
        assert_frame_equal(loaded, FRAME)
    assert not cache.has(VIEW, "passing", "plan")
    assert cache.load(VIEW, "lasting", "plan") is not None
    assert list((tmp_path / "scratch").iterdir()) == []
    later = make(tmp_path)
    assert later.has(VIEW, "lasting", "plan")
    assert not later.has(VIEW, "passing", "plan")


def test_files_are_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path).save(VIEW, "lasting", "plan", FRAME)
    hashed: list[Path] = []

    def sha256(path: Path) -> str:
        hashed.append(path)
        return path.stem[-16:]

    monkeypatch.setattr("lineage.store.observations.file_sha256", sha256)
    cache = make(tmp_path)
    assert cache.has(VIEW, "lasting", "plan") and cache.has(VIEW, "lasting", "plan")
    assert cache.load(VIEW, "lasting", "plan") is not None
    assert len(hashed) == 1
