"""Traced records read again from their shards: true similarity, and the common passage itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lineage.errors import ReadingError
from lineage.fingerprint.batch import Batch
from lineage.fingerprint.passages import WIDTH
from lineage.fingerprint.plain import passage_hashes
from lineage.fingerprint.query import text_batch
from lineage.model import identity_halves
from lineage.queries.trace import Asked, Checked, Found, Trace
from lineage.reread import again
from lineage.store.store import Store
from lineage.wanted import read_wanted

U64 = npt.NDArray[np.uint64]


def verified(store: Store, asked: Asked, trace: Trace) -> Trace:
    """The same trace with ``checked`` filled for every listed record that can be read again."""
    text = asked.content()
    query = None if text is None else text_batch(text)
    found = list(trace.found)
    wanted: dict[str, list[int]] = {}
    for number, one in enumerate(found):
        wanted.setdefault(one.shard, []).append(number)
    for shard in again(store, set(wanted)):
        if shard.located is None:
            continue
        numbers = wanted[str(shard.digest)]
        documents = {identity_halves(found[number].document) for number in numbers}
        rows = np.array(sorted(documents), np.uint64)
        try:
            batches = list(read_wanted(store, shard.located, shard.digest, shard.recipe, rows))
        except (ReadingError, OSError):
            continue
        for batch in batches:
            for number, checked in _of(batch, query, [(n, found[n]) for n in numbers]):
                found[number] = replace(found[number], checked=checked)
    return replace(trace, found=tuple(found))


def _of(
    batch: Batch, query: Batch | None, listed: list[tuple[int, Found]]
) -> Iterator[tuple[int, Checked]]:
    place = {
        (int(record), int(reading)): row
        for row, (record, reading) in enumerate(
            zip(batch.documents.record, batch.documents.reading, strict=True)
        )
    }
    for number, found in listed:
        row = place.get((found.place.record, found.place.reading))
        if row is not None:
            yield number, _checked(batch, row, query)


def _checked(batch: Batch, row: int, query: Batch | None) -> Checked:
    text = str(batch.documents.text[row].as_py())
    if query is None:
        return Checked(None, None, 0, text)
    same = text == query.documents.text[0].as_py()
    words, where = _words(batch, row)
    asked, _ = _words(query, 0)
    start, length = longest_run(words, asked)
    run = ""
    if length:
        low, high = int(where[start, 0]), int(where[start + length - 1, 1])
        run = text.encode()[low:high].decode("utf-8", "replace")
    common, union = batch.shingles.shared(row, query.shingles)
    return Checked(same, common / max(union, 1), length, run)


def _words(batch: Batch, row: int) -> tuple[U64, npt.NDArray[np.int64]]:
    """Hashes of a row's words, and the span of each in bytes."""
    tokens = batch.tokens
    here = slice(tokens.offsets[row], tokens.offsets[row + 1])
    core = tokens.word[here] != 0
    spans = np.column_stack([tokens.start[here][core], tokens.end[here][core]])
    return tokens.word[here][core], spans


def longest_run(words: U64, asked: U64) -> tuple[int, int]:
    """The longest run of words in common: (where it starts in ``words``, how long it is).

    Runs of fewer than ``WIDTH`` words count as none.
    """
    positions: dict[int, list[int]] = {}
    for at, value in enumerate(passage_hashes(asked, WIDTH).tolist()):
        positions.setdefault(value, []).append(at)
    best, start = 0, 0
    before: dict[int, int] = {}
    for at, value in enumerate(passage_hashes(words, WIDTH).tolist()):
        here = {there: before.get(there - 1, 0) + 1 for there in positions.get(value, ())}
        for length in here.values():
            if length > best:
                best, start = length, at - length + 1
        before = here
    return start, best + WIDTH - 1 if best else 0
