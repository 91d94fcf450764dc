"""Read again only the documents that somebody asks for, found through the bundles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lineage.errors import ReadingError
from lineage.fingerprint.batch import Batch
from lineage.ingest import bundle_recipe
from lineage.model import Digest
from lineage.shards import open_shard
from lineage.shards.batch import DocumentBatch
from lineage.shards.locate import Located
from lineage.shards.recipe import ReadingRecipe
from lineage.store.bundle import Bundle
from lineage.store.store import Store

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]


def read_wanted(
    store: Store, located: Located, digest: Digest, recipe: ReadingRecipe, wanted: U64
) -> Iterator[Batch]:
    """Batches of one shard's rows whose document is wanted, in shard order.

    ``wanted`` is uint64[m, 2], rows sorted. A shard that holds none is not opened, and reading
    ends with the last one. ReadingError if the file is no longer what was ingested.
    """
    bundle = Bundle.of(store.root, digest, bundle_recipe(located, recipe))
    doc = bundle.records(["doc_hi", "doc_lo"]).to_numpy()
    rows = np.flatnonzero(is_in(doc, wanted))
    yield from (batch for _, batch in rows_again(store, located, recipe, doc, rows))


def rows_again(
    store: Store, located: Located, recipe: ReadingRecipe, doc: U64, rows: I64
) -> Iterator[tuple[I64, Batch]]:
    """Some rows of a shard, read again: (rows, batch of them), in order.

    ``doc`` uint64[n, 2] are the identities of all its rows, zero where they were purged. A shard
    is not opened for no rows, and reading ends with the last one. ReadingError if the file is no
    longer what was ingested.
    """
    if not len(rows):
        return
    start = 0
    for documents in open_shard(located, recipe):
        first, last = np.searchsorted(rows, [start, start + len(documents)])
        if first < last:
            here = rows[first:last]
            batch = Batch(take(documents, here - start), store.key)
            same = (batch.doc == doc[here]).all(axis=1)
            if not (same | ~doc[here].any(axis=1)).all():
                break
            yield here, batch
        start += len(documents)
        if last == len(rows):
            return
    raise ReadingError(
        f"{located.name} is no longer what was ingested", hint="ingest it again, then scan"
    )


def is_in(doc: U64, wanted: U64) -> Mask:
    """bool[n]: which rows of uint64[n, 2] are among the sorted rows of uint64[m, 2]."""
    high, low = np.ascontiguousarray(wanted[:, 0]), wanted[:, 1]
    found = np.zeros(len(doc), dtype=np.bool_)
    position = np.searchsorted(high, doc[:, 0], side="left")
    open_rows = np.arange(len(doc))
    while len(open_rows):
        inside = position[open_rows] < len(high)
        open_rows = open_rows[inside]
        at = position[open_rows]
        same = high[at] == doc[open_rows, 0]
        open_rows, at = open_rows[same], at[same]
        hit = low[at] == doc[open_rows, 1]
        found[open_rows[hit]] = True
        open_rows = open_rows[~hit]
        position[open_rows] += 1
    return found


def take(documents: DocumentBatch, rows: I64) -> DocumentBatch:
    """Some rows of a batch; remarks and counts stay behind."""
    return DocumentBatch(
        record=documents.record[rows],
        reading=documents.reading[rows],
        text=documents.text.take(rows),
        leaves=documents.leaves.take(rows),
        roles={role: column.take(rows) for role, column in documents.roles.items()},
        records=0,
        offset=None if documents.offset is None else documents.offset[rows],
    )
