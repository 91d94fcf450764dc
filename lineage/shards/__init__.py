"""Shards: bytes of any known format -> Arrow batches of documents.

Names are loaded when first used, so that importing this package costs nothing. The function
``locate`` is not among them, for the module of that name would take its place.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage.shards.batch import DocumentBatch as DocumentBatch
    from lineage.shards.batch import Reading as Reading
    from lineage.shards.locate import Located as Located
    from lineage.shards.reader import ShardReader as ShardReader
    from lineage.shards.reader import open_shard as open_shard
    from lineage.shards.reader import skipped_coverage as skipped_coverage
    from lineage.shards.recipe import Limits as Limits
    from lineage.shards.recipe import ReadingRecipe as ReadingRecipe

_HOMES = {
    "DocumentBatch": "batch",
    "Reading": "batch",
    "Located": "locate",
    "ShardReader": "reader",
    "open_shard": "reader",
    "skipped_coverage": "reader",
    "Limits": "recipe",
    "ReadingRecipe": "recipe",
}

__all__ = [
    "DocumentBatch",
    "Limits",
    "Located",
    "Reading",
    "ReadingRecipe",
    "ShardReader",
    "open_shard",
    "skipped_coverage",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
