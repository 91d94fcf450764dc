"""A store with one small snapshot, made once and copied."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lineage.ingest import ingest
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Destination, Store, open_store


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store that holds ``corpus@v1``."""
    folder = tmp_path_factory.mktemp("seeded")
    (folder / "a.jsonl").write_text(json.dumps({"text": "a quiet river"}) + "\n")
    store = open_store(folder / "store")
    ingest(store, locate([str(folder / "a.jsonl")]), Destination("corpus", "v1"), ReadingRecipe())
    return folder / "store"


@pytest.fixture
def store(seeded: Path, tmp_path: Path) -> Store:
    """A store of its own that holds ``corpus@v1``."""
    return open_store(shutil.copytree(seeded, tmp_path / "store"))
