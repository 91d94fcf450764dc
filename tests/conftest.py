"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real corpora and poison sets; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("FORETASTE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "corpora").is_dir():
        pytest.skip("real corpora are not on this machine (set FORETASTE_TEST_DATA)")
    return folder
