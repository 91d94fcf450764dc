"""What trace finds and how long it takes, over real corpora that a store holds twice.

    python benchmarks/trace.py CORPORA WORK [--queries 1000] [--shards 24] [--shell 25]

CORPORA is a folder of JSON-lines shards; WORK gets a second copy of all records (other shards,
other order, other compression) and a store with both. Queries are drawn from the records:

exact       the text; the records that are told are compared with a count over all texts
normalised  upper case, other spaces and punctuation
near        words replaced at random; only those whose true Jaccard similarity is at least 0.8
passage     so many words in a row as the guarantee says, within other words
changed     one character more: nothing may be exact

A query is found when a record with the text that it was made from is among the matches, once in
each copy. The store and the copy are used again if WORK has them.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pyarrow as pa
from measure import foretaste

from lineage.fingerprint.passages import GUARANTEE
from lineage.fingerprint.query import prints_of, text_batch
from lineage.ingest import ingest
from lineage.queries.trace import Tracer
from lineage.queries.verified import _words
from lineage.shards import ReadingRecipe, open_shard
from lineage.shards.locate import locate
from lineage.store.lookup import Lookup, open_lookup
from lineage.store.matching import Match, matches
from lineage.store.snapshots import Destination
from lineage.store.store import Store, open_store

THRESHOLD = 0.8


@dataclass(frozen=True)
class Sampled:
    """A text, and how many records of one copy have it."""

    text: str
    copies: int


@dataclass(frozen=True)
class Query:
    """What is asked, what it was made from, and in which ways that may be found."""

    text: str
    origin: Sampled
    ways: frozenset[Match]


def second_copy(shards: Sequence[Path], folder: Path, count: int) -> None:
    """Deal all records out over other shards, in another order."""
    folder.mkdir(parents=True)
    draw = random.Random(7)
    names = [folder / f"part-{number:03}.jsonl.gz" for number in range(count)]
    files = [gzip.GzipFile(name, "wb", compresslevel=1) for name in names]
    for shard in reversed(shards):
        with pa.input_stream(str(shard), compression="detect") as stream:
            lines = stream.read().splitlines()
        draw.shuffle(lines)
        for line in lines:
            files[draw.randrange(count)].write(line + b"\n")
    for file in files:
        file.close()


def filled(corpora: Path, work: Path, count: int) -> Store:
    """The store with both copies; prints what it took."""
    shards = sorted(corpora.glob("*.jsonl*"))
    if not (work / "copy").exists():
        second_copy(shards, work / "copy", count)
    store = open_store(work / "store")
    for name, paths in (("one", shards), ("two", [work / "copy"])):
        start = time.perf_counter()
        located = locate([str(path) for path in paths])
        _, coverage = ingest(store, located, Destination(name, "1"), ReadingRecipe())
        told(f"ingest {name}", coverage.total("records"), "records", start)
    start = time.perf_counter()
    lookup = open_lookup(store, print)
    told("look-up", lookup.rows, "rows", start)
    for kind in ("bundles", "segments"):
        size = sum(f.stat().st_size for f in (store.root / kind).rglob("*") if f.is_file())
        print(f"{kind}: {size / 1e6:,.0f} MB, {size / lookup.rows:.0f} bytes a row")
    return store


def told(what: str, count: int, unit: str, start: float) -> None:
    """Print what took how long, and the peak memory so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall = time.perf_counter() - start
    print(f"{what}: {count:,} {unit} in {wall:.1f} s, peak so far {peak:,.0f} MiB", flush=True)


def texts_of(corpora: Path) -> Iterator[str]:
    """Texts of all documents."""
    for one in locate([str(path) for path in sorted(corpora.glob("*.jsonl*"))]):
        for batch in open_shard(one, ReadingRecipe()):
            yield from batch.text.to_pylist()


def sampled(corpora: Path, count: int) -> list[Sampled]:
    """Texts drawn at random from those with words, and how often each is there."""
    draw, kept, seen = random.Random(11), [], 0
    counts: Counter[bytes] = Counter()
    for text in texts_of(corpora):
        counts[hashlib.sha256(text.encode()).digest()[:12]] += 1
        if len(text.split()) < 8:
            continue
        seen += 1
        if len(kept) < count:
            kept.append(text)
        elif (at := draw.randrange(seen)) < count:
            kept[at] = text
    return [Sampled(text, counts[hashlib.sha256(text.encode()).digest()[:12]]) for text in kept]


def normalised(one: Sampled, _draw: random.Random) -> Query | None:
    """Same words, otherwise written."""
    upper = "".join(c.upper() if c.isascii() else c for c in one.text)
    return Query(f"  {upper} ..", one, frozenset({Match.NORMALISED}))


def near(one: Sampled, draw: random.Random) -> Query | None:
    """Some words replaced; None if that leaves too little in common."""
    pieces = one.text.split()
    wanted = draw.uniform(THRESHOLD, 0.99)
    # An edit takes five shingles out of about as many as there are words, and puts five in.
    edits = max(1, round(len(pieces) * (1 - wanted) / (1 + wanted) / 5))
    for at in draw.sample(range(len(pieces)), min(edits, len(pieces))):
        pieces[at] = f"Qx{draw.randrange(10**6)}"
    text = " ".join(pieces)
    left, right = (text_batch(t).shingles.values for t in (one.text, text))
    common = len(np.intersect1d(left, right))
    if common < THRESHOLD * (len(left) + len(right) - common) or text == one.text:
        return None
    return Query(text, one, frozenset({Match.NEAR}))


def passage(one: Sampled, draw: random.Random) -> Query | None:
    """Just the guaranteed number of words of a text, among others."""
    batch = text_batch(one.text)
    words, spans = _words(batch, 0)
    if len(words) < GUARANTEE:
        return None
    at = draw.randrange(len(words) - GUARANTEE + 1)
    run = one.text.encode()[spans[at, 0] : spans[at + GUARANTEE - 1, 1]].decode()
    noise = [" ".join(f"zq{draw.randrange(10**6)}" for _ in range(150)) for _ in range(2)]
    return Query(f"{noise[0]} {run} {noise[1]}", one, frozenset(Match) - {Match.EXACT})


def changed(one: Sampled, draw: random.Random) -> Query | None:
    """One character more."""
    at = draw.randrange(len(one.text) + 1)
    return Query(one.text[:at] + "." + one.text[at:], one, frozenset())


KINDS: dict[str, Callable[[Sampled, random.Random], Query | None]] = {
    "exact": lambda one, _draw: Query(one.text, one, frozenset({Match.EXACT})),
    "normalised": normalised,
    "near": near,
    "passage": passage,
    "changed": changed,
}


def documents(lookup: Lookup, query: Query, ways: frozenset[Match]) -> Counter[tuple[int, int]]:
    """Identities of the records that match in these ways, with how many records have them."""
    found: Counter[tuple[int, int]] = Counter()
    for hit in matches(lookup, prints_of(query.text), THRESHOLD):
        if hit.match in ways:
            found.update(map(tuple, hit.opened.segment.array("doc")[hit.rows].tolist()))
    return found


def measured(lookup: Lookup, tracer: Tracer, kind: str, queries: Sequence[Query]) -> str:
    """A line of the report."""
    complete, wrong, walls = 0, 0, []
    for query in queries:
        origin = documents(lookup, Query(query.origin.text, query.origin, query.ways), _EXACT)
        found = documents(lookup, query, query.ways)
        complete += all(found[name] >= count for name, count in origin.items()) and bool(origin)
        exact = sum(documents(lookup, query, _EXACT).values())
        wrong += exact != (2 * query.origin.copies if kind == "exact" else 0)
        start = time.perf_counter()
        tracer.text(query.text)
        walls.append(time.perf_counter() - start)
    recall = f"recall {complete / len(queries):.4f}" if kind != "changed" else "recall -"
    middle, high = statistics.median(walls), statistics.quantiles(walls, n=100)[98]
    return (
        f"{kind:<11}{len(queries):>6,} queries  {recall:<14}  wrong exact counts {wrong}"
        f"  API median {1000 * middle:.1f} ms, 99 % {1000 * high:.1f} ms"
    )


_EXACT = frozenset({Match.EXACT})


def shell(store: Store, queries: Sequence[Query]) -> list[float]:
    """Wall seconds of the command, each in a process of its own."""
    walls = []
    for query in queries:
        command = foretaste("trace", "--store", str(store.root), "--", query.text[:20000])
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        walls.append(time.perf_counter() - start)
    return walls


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("corpora", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--shards", type=int, default=24)
    parser.add_argument("--shell", type=int, default=25)
    given = parser.parse_args()
    store = filled(given.corpora, given.work, given.shards)
    start = time.perf_counter()
    sample = sampled(given.corpora, 8 * given.queries)
    told("sample", len(sample), "texts", start)
    lookup, tracer = open_lookup(store), Tracer(store)
    every: list[Query] = []
    for kind, make in KINDS.items():
        draw = random.Random(13)
        ready = (query for one in sample if (query := make(one, draw)) is not None)
        made = list(islice(ready, given.queries))
        every += made
        print(measured(lookup, tracer, kind, made), flush=True)
    asked = random.Random(17).sample([q for q in every if "\0" not in q.text], given.shell)
    walls = shell(store, asked)
    print(
        f"shell       {len(walls):>6,} queries  median {statistics.median(walls):.3f} s,"
        f" fastest {min(walls):.3f}, slowest {max(walls):.3f}"
    )
    print(json.dumps({"rows": lookup.rows, "segments": len(lookup.opened)}))


if __name__ == "__main__":
    main()
