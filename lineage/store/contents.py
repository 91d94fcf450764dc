"""What snapshots hold: their shards, and for each the bundle that counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from lineage.errors import RecipeMismatchError
from lineage.fingerprint.recipe import FINGERPRINTS
from lineage.model import Digest
from lineage.shards.batch import Reading
from lineage.shards.locate import form_of
from lineage.store.bundle import RECORD_COLUMNS, Bundle
from lineage.store.store import Store

_DOC = ("doc_hi", "doc_lo")
_BATCH = 1 << 19
"""Documents of shards that are worked on together."""


@dataclass(frozen=True)
class Content:
    """One shard of a snapshot.

    ``bundle`` is None where nothing could be read; ``status`` is how the reading ended
    (``scanned``, ``failed``, or empty where it never began). ``manifest`` names the bundle's
    content, ``quarantined`` counts records that are no documents.
    """

    path: str
    digest: Digest
    status: str = ""
    bundle: Bundle | None = None
    manifest: str = ""
    documents: int = 0
    quarantined: int = 0


def contents(store: Store, roots: Collection[str] | None = None) -> dict[str, tuple[Content, ...]]:
    """Shards of snapshots (default: all) by root digest, each by path.

    Where a shard was read in several ways, the newest reading of the form that its path says
    counts. RecipeMismatchError where a shard has fingerprints of an older recipe alone: values
    of different recipes are never compared.
    """
    query = (
        "SELECT m.root, m.path, m.digest, s.recipe, s.status, s.manifest, s.documents, "
        "s.quarantined FROM snapshot_shard m LEFT JOIN shard s ON s.digest = m.digest "
        "WHERE ? IS NULL OR m.root IN (SELECT unnest(?)) ORDER BY m.root, m.path, s.event, s.recipe"
    )
    wanted = None if roots is None else sorted(roots)
    with store.reading() as connection:
        rows = connection.execute(query, [wanted, wanted]).fetchall()
    best: dict[tuple[str, str], tuple[tuple[bool, bool, bool], Content]] = {}
    for root, path, digest, recipe, *facts in rows:
        content = _content(store, path, Digest.parse(digest), recipe, facts)
        fits = recipe is not None and f"-{form_of(Path(path), None)}-" in recipe
        rank = content.bundle is not None, bool(content.manifest), fits
        if (root, path) not in best or rank >= best[root, path][0]:
            best[root, path] = rank, content
    out: dict[str, list[Content]] = {}
    for (root, _), (_, content) in best.items():
        if content.manifest and content.bundle is None:
            raise RecipeMismatchError(
                f"the fingerprints of {content.path} are of an older recipe",
                hint="ingest it again with this Foretaste",
            )
        out.setdefault(root, []).append(content)
    return {root: tuple(shards) for root, shards in out.items()}


def _content(
    store: Store, path: str, digest: Digest, recipe: str | None, facts: Sequence[object]
) -> Content:
    if recipe is None:
        return Content(path, digest)
    status, manifest, documents, quarantined = facts
    current = bool(manifest) and recipe.endswith(FINGERPRINTS)
    bundle = Bundle.of(store.root, digest, recipe) if current else None
    counts = int(str(documents)), int(str(quarantined))
    return Content(path, digest, str(status), bundle, str(manifest), *counts)


def all_shards(store: Store) -> list[Content]:
    """Every shard that was read, in each of its ways, by digest; paths are left out."""
    query = (
        "SELECT digest, recipe, status, manifest, documents, quarantined FROM shard "
        "WHERE manifest <> '' ORDER BY digest, event, recipe"
    )
    with store.reading() as connection:
        rows = connection.execute(query).fetchall()
    return [_content(store, "", Digest.parse(row[0]), row[1], row[2:]) for row in rows]


class Shelf:
    """Documents of shards with these columns, the last ones kept: snapshots share shards."""

    MOST = 1 << 20
    """Documents that are kept."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = list(dict.fromkeys(columns))
        self._kept: dict[Path, pl.DataFrame] = {}
        self._rows = 0

    def take(self, bundle: Bundle) -> pl.DataFrame:
        """Rows of a bundle; read if they are not there."""
        rows = self._kept.pop(bundle.folder, None)
        if rows is None:
            rows = _documents(bundle, self._columns, every=False)
            self._rows += rows.height
        self._kept[bundle.folder] = rows
        while self._rows > self.MOST and len(self._kept) > 1:
            self._rows -= self._kept.pop(next(iter(self._kept))).height
        return rows


def documents_of(
    shards: Sequence[Content],
    columns: Sequence[str],
    *,
    every: bool = False,
    shelf: Shelf | None = None,
) -> pl.DataFrame:
    """Documents of these shards, in order: ``shard`` (UInt32, its number), ``columns``.

    A column ``row`` (UInt32) is the number of the row in its bundle. ``every``: other readings
    of records as well. Rows that were purged have no identity, and are no documents any more.
    A ``shelf`` has documents with these columns at hand.
    """
    kinds = {**RECORD_COLUMNS, "row": pl.UInt32}
    schema = {name: kinds.get(name, pl.UInt64) for name in columns}
    frames = [pl.DataFrame(schema=schema)]
    numbers = []
    for number, content in enumerate(shards):
        if content.bundle is None:
            continue
        if shelf is None:
            frames.append(_documents(content.bundle, columns, every=every))
        else:
            frames.append(shelf.take(content.bundle)[list(columns)])
        numbers.append(number)
    shard = np.repeat(np.array(numbers, np.uint32), [frame.height for frame in frames[1:]])
    rows = pl.concat(frames)
    return rows.select(pl.Series("shard", shard, dtype=pl.UInt32), *columns)


def _documents(bundle: Bundle, columns: Sequence[str], *, every: bool) -> pl.DataFrame:
    asked = [name for name in dict.fromkeys(["reading", *_DOC, *columns]) if name != "row"]
    rows = bundle.records(asked)
    if "row" in columns:
        rows = rows.with_row_index("row")
    there = (rows["doc_hi"] != 0) | (rows["doc_lo"] != 0)
    if not every:
        there &= rows["reading"] == Reading.DOCUMENT
    return (rows if there.all() else rows.filter(there)).select(columns)


def batches(shards: Sequence[Content]) -> Iterator[list[Content]]:
    """Shards in groups of about half a million documents: small ones cost no round each."""
    batch: list[Content] = []
    waiting = 0
    for shard in shards:
        batch.append(shard)
        waiting += shard.documents
        if waiting >= _BATCH:
            yield batch
            batch, waiting = [], 0
    if batch:
        yield batch
