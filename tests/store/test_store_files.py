"""Scratch folders, publishing, names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.store.files import publish_file, publish_folder, safe_name, scratch, sweep


@given(st.text(min_size=1))
def test_safe_names_are_single_visible_path_parts(name: str) -> None:
    safe = safe_name(name)
    assert "/" not in safe and "\0" not in safe and not safe.startswith(".")
    assert 0 < len(safe.encode()) < 200


@given(st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True))
def test_different_names_stay_different(names: list[str]) -> None:
    assert safe_name(names[0]) != safe_name(names[1])


def test_sweep_spares_the_living_and_removes_the_dead(tmp_path: Path) -> None:
    (tmp_path / "dead").mkdir()
    (tmp_path / "dead" / "file").write_text("left behind")
    with scratch(tmp_path) as living:
        assert sweep(tmp_path) == 1
        assert [folder.name for folder in tmp_path.iterdir()] == [living.name]
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out" / "file"
    publish_file(tmp_path / "staging", target, lambda file: file.write_text("old"))

    def fail(file: Path) -> None:
        file.write_text("half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        publish_file(tmp_path / "staging", target, fail)
    assert target.read_text() == "old"
    assert list((tmp_path / "staging").iterdir()) == []


def test_the_first_published_folder_stays(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    for text in ("first", "second"):
        with scratch(tmp_path / "staging") as aside:
            (aside / "bundle").mkdir()
            (aside / "bundle" / "file").write_text(text)
            publish_folder(aside / "bundle", target)
    assert (target / "file").read_text() == "first"
    assert list((tmp_path / "staging").iterdir()) == []
