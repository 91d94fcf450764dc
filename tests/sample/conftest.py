"""The sample corpus: the committed one, and others made from other seeds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def sample_folder() -> Path:
    """Folder of the committed sample corpus: ``shards/`` and ``EXPECTED.json``."""
    return ROOT / "sample_corpus"
