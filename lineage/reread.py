"""Shards that can be read again: where their files lie now, and how they were read.

A bundle's recipe names how its shard was read. The options behind that name are kept when a
shard is ingested, so that a question of later needs nobody to repeat them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lineage.errors import ReadingError
from lineage.fingerprint.batch import Batch
from lineage.ingest import bundle_recipe
from lineage.model import Digest
from lineage.shards.locate import Located
from lineage.shards.recipe import ReadingRecipe
from lineage.store.bundle import Bundle
from lineage.store.read import committed_shards
from lineage.store.recipes import kept_recipes
from lineage.store.store import Store
from lineage.store.where import files_of
from lineage.wanted import rows_again

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Again:
    """A committed shard. ``located`` is None where no file of it is left in its place."""

    digest: Digest
    bundle: str
    located: Located | None
    recipe: ReadingRecipe


def again(store: Store, digests: Collection[str] | None = None) -> Iterator[Again]:
    """Committed shards that have a bundle (or those among ``digests``), by digest and recipe.

    A file counts as the shard where its bytes were last seen to be so, or a snapshot says so,
    and its size is right; whether it still has these bytes is for the reader to find out.
    """
    known = kept_recipes(store)
    files = files_of(store, digests)
    for (digest, bundle), shard in committed_shards(store).items():
        if not shard.manifest or (digests is not None and digest not in digests):
            continue
        found = _find(files.get(digest, ()), bundle, known)
        located, recipe = found or (None, known[0])
        yield Again(shard.digest, bundle, located, recipe)


def _find(
    files: Collection[tuple[str, int]], bundle: str, known: list[ReadingRecipe]
) -> tuple[Located, ReadingRecipe] | None:
    for path, size in files:
        located = Located(Path(path), path)
        for recipe in known:
            if bundle == bundle_recipe(located, recipe) and _has_size(located.file, size):
                return located, recipe
    return None


def _has_size(file: Path, size: int) -> bool:
    try:
        return file.is_file() and file.stat().st_size == size
    except OSError:
        return False


def read_rows(store: Store, shard: Again, rows: I64) -> Iterator[tuple[I64, Batch]]:
    """Some rows of a shard's bundle, read again: (rows, batch of them), in order.

    ReadingError if the file is no longer what was ingested, or is not in its place.
    """
    if shard.located is None:
        raise ReadingError(f"no file of shard {shard.digest} is in its place")
    bundle = Bundle.of(store.root, shard.digest, shard.bundle)
    doc = bundle.records(["doc_hi", "doc_lo"]).to_numpy()
    yield from rows_again(store, shard.located, shard.recipe, doc, rows)
