"""How fast are fingerprints? ``python benchmarks/fingerprint.py corpus.jsonl [text field]``.

Prints MB of text a second for tokens, signatures and both, on one thread (CPU time, so that
other load disturbs little) and on two (wall time), and microseconds a document for digests.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pyarrow as pa
import pyarrow.json

from lineage.fingerprint import backend
from lineage.fingerprint.digest import document_digests, group_hashes, normal_digests
from lineage.fingerprint.minhash import DEFAULT_BANDS, band_keys, shingles, signatures
from lineage.fingerprint.tokens import buffers, tokenise
from lineage.model import Role
from lineage.shards.batch import DocumentBatch

BATCH = 4 << 20
ROUNDS = 5


def batches(path: str, field: str) -> list[DocumentBatch]:
    """Read the corpus as batches of about 4 MiB of text."""
    options = pa.json.ReadOptions(block_size=8 << 20)
    table = pa.json.read_json(path, read_options=options)
    roles = {Role.TEXT: field, Role.SOURCE: "source", Role.PATH: "path", Role.URL: "url"}
    columns = {
        role: table[name].combine_chunks().cast(pa.large_string())
        for role, name in roles.items()
        if name in table.column_names
    }
    text = columns[Role.TEXT]
    bounds, cuts = buffers(text)[1], [0]
    while cuts[-1] < len(text):
        after = int(np.searchsorted(bounds, bounds[cuts[-1]] + BATCH))
        cuts.append(min(len(text), max(after, cuts[-1] + 1)))
    return [_batch(columns, low, high - low) for low, high in pairwise(cuts)]


def _batch(columns: dict[Role, pa.LargeStringArray], low: int, count: int) -> DocumentBatch:
    roles = {role: column.slice(low, count) for role, column in columns.items()}
    text = roles[Role.TEXT]
    reading = np.zeros(count, np.uint8)
    return DocumentBatch(np.arange(low, low + count), reading, text, text, roles, count)


def best(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Seconds of the best round."""
    seconds = []
    for _ in range(ROUNDS):
        start = clock()
        work()
        seconds.append(clock() - start)
    return min(seconds)


def _drain(values: Iterable[object]) -> None:
    """Compute all and keep none, as a pass over a corpus does."""
    deque(values, maxlen=0)


def main(path: str, field: str = "text") -> None:
    """Measure and print."""
    start = time.perf_counter()
    backend.kernels()
    print(f"{'kernels ready':20}{time.perf_counter() - start:8.2f} s")
    corpus = batches(path, field)
    documents = sum(map(len, corpus))
    size = sum(int(np.ptp(buffers(batch.text)[1])) for batch in corpus) / 1e6
    tokens = [tokenise(batch.text, 1) for batch in corpus]
    rows = [signatures(t) for t in tokens]
    count = sum(len(t.raw) for t in tokens)
    print(f"{'corpus':20}{size:8.0f} MB, {documents} documents, {count} tokens")

    def both(part: list[DocumentBatch]) -> None:
        for batch in part:
            signatures(tokenise(batch.text, 1))

    def two_threads() -> None:
        threads = [threading.Thread(target=both, args=(corpus[i::2],)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    for name, work in {
        "tokens": lambda: _drain(tokenise(batch.text, 1) for batch in corpus),
        "signatures": lambda: _drain(signatures(t) for t in tokens),
        "both": lambda: both(corpus),
        "band keys": lambda: _drain(band_keys(row, DEFAULT_BANDS) for row in rows),
        "shingle sets": lambda: _drain(shingles(t) for t in tokens),
    }.items():
        print(f"{name:20}{size / best(work):8.0f} MB/s")
    print(f"{'both, two threads':20}{size / best(two_threads, time.perf_counter):8.0f} MB/s")
    for name, digest in {
        "doc1": lambda: [document_digests(batch) for batch in corpus],
        "norm1": lambda: [normal_digests(t) for t in tokens],
        "groups1": lambda: [group_hashes(batch, 1) for batch in corpus],
    }.items():
        print(f"{name:20}{best(digest) / documents * 1e6:8.2f} us a document")


if __name__ == "__main__":
    main(*sys.argv[1:])
