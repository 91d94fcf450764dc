"""Lineage from content alone: how right it is on real posts, and what a thousand snapshots cost.

    python benchmarks/infer.py CORPORA [--documents N] [--snapshots N]

CORPORA holds ``reddit-top.jsonl.zst`` and ``tweeteval.jsonl.zst``. Eight snapshots are made of
them and ingested: posts in two cuts and compressions, a filtered part, one without duplicates
(byte for byte), one without those of the same words, one mixed into another corpus so that it
is 2 % of it, that other corpus, and one with light edits. Truth comes from the texts themselves:
sets of strings, and the Jaccard similarity of a sample of edits. Then a thousand small
snapshots: half of them a window that slides over shards, the others unrelated.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pyarrow as pa
import pyarrow.parquet as pq
from corpora import lines_of, spread_out
from measure import circumstances, table

from lineage.fingerprint.plain import words
from lineage.ingest import ingest
from lineage.queries.compare import Options, Relationship
from lineage.queries.held import Held
from lineage.queries.infer import Inferred, infer
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store.snapshots import Destination
from lineage.store.store import Store, open_store

Record = dict[str, Any]
MIXED = 0.02
TRUE_NEAR = 20_000
"""Edited posts whose similarity with their originals is computed."""


def edited(record: Record, draw: Random) -> Record:
    """The record with one word of its text replaced, if it has ten."""
    parts = record["text"].split(" ")
    if len(parts) >= 10:
        parts[draw.randrange(len(parts))] = "edited"
    return {**record, "text": " ".join(parts)}


def snapshots(posts: list[Record], other: list[Record]) -> dict[str, list[Record]]:
    """Records of the eight snapshots."""
    draw = Random("infer")
    once = list({post["text"]: post for post in posts}.values())
    guests = draw.sample(posts, round(len(other) * MIXED / (1 - MIXED)))
    mixed = other + guests
    draw.shuffle(mixed)
    return {
        "posts-zst": posts,
        "posts-parquet": draw.sample(posts, len(posts)),
        "filtered": [post for post in posts if len(post["text"]) >= 400],
        "distinct": once,
        "deduplicated": list(
            {" ".join(post["text"].lower().split()): post for post in posts}.values()
        ),
        "mixed": mixed,
        "other": other,
        "edited": [edited(post, draw) for post in posts],
    }


def write(folder: Path, name: str, records: Sequence[Record]) -> None:
    """Shards of a snapshot: seven of zstd, five of Parquet, or three of gzip."""
    folder.mkdir(parents=True)
    kind = {"posts-zst": ("zstd", 7), "posts-parquet": ("parquet", 5)}.get(name, ("gzip", 3))
    for number in range(kind[1]):
        part = records[number :: kind[1]]
        if kind[0] == "parquet":
            columns = {key: [r.get(key) for r in part] for key in ("id", "text", "source", "url")}
            pq.write_table(pa.table(columns), folder / f"{number}.parquet", compression="snappy")
            continue
        suffix = {"zstd": "zst", "gzip": "gz"}[kind[0]]
        file = folder / f"{number}.jsonl.{suffix}"
        with pa.output_stream(str(file), compression=kind[0]) as stream:
            for record in part:
                stream.write(json.dumps(record).encode() + b"\n")


def take_in(store: Store, folder: Path, name: str) -> None:
    """Ingest a folder as a dataset."""
    ingest(store, locate([str(folder)], None), Destination(name, "1"), ReadingRecipe())


@dataclass(frozen=True)
class Truth:
    """Of a snapshot, by text: how often it has each."""

    copies: dict[str, int]

    @classmethod
    def of(cls, records: Sequence[Record]) -> Truth:
        """Count."""
        copies: dict[str, int] = {}
        for record in records:
            copies[record["text"]] = copies.get(record["text"], 0) + 1
        return cls(copies)

    def share_in(self, other: Truth) -> tuple[float, float, float, float]:
        """Of documents, their bytes, all records, theirs."""
        sums = [[0, 0, 0, 0], [0, 0, 0, 0]]
        for text, copies in self.copies.items():
            size = len(text.encode())
            values = (1, size, copies, size * copies)
            for total in sums if text in other.copies else sums[:1]:
                for position, value in enumerate(values):
                    total[position] += value
        whole, common = sums
        return tuple(c / w for c, w in zip(common, whole, strict=True))  # type: ignore[return-value]


def relations(
    truths: dict[str, Truth],
) -> tuple[set[frozenset[str]], set[tuple[frozenset[str], frozenset[str]]]]:
    """Classes of the same texts, and the transitive reduction of containment among them."""
    groups: dict[frozenset[str], set[str]] = {}
    for name, truth in truths.items():
        groups.setdefault(frozenset(truth.copies), set()).add(name)
    inside = {(a, b) for a in groups for b in groups if a < b}
    reduced = {(a, b) for a, b in inside if not any((a, c) in inside for c, d in inside if d == b)}
    named = {texts: frozenset(names) for texts, names in groups.items()}
    return set(named.values()), {(named[a], named[b]) for a, b in reduced}


def near_truth(posts: Sequence[Record], copies: Sequence[Record]) -> float:
    """Share of distinct edited texts whose own original has a Jaccard similarity of .8 or more.

    Over 5-word shingles of folded words, as the specification of tokens in plain Python folds.
    """

    def shingles(text: str) -> set[tuple[str, ...]]:
        all_ = words(text)
        return {tuple(all_[k : k + 5]) for k in range(max(len(all_) - 4, 1))} if all_ else set()

    texts = {post["text"] for post in posts}
    seen: dict[str, bool] = {}
    drawn = Random("near").sample(range(len(posts)), min(TRUE_NEAR, len(posts)))
    for post, copy in ((posts[number], copies[number]) for number in drawn):
        if copy["text"] in texts:
            seen[copy["text"]] = True
            continue
        left, right = shingles(post["text"]), shingles(copy["text"])
        alike = bool(left | right) and len(left & right) >= 0.8 * len(left | right)
        seen[copy["text"]] = seen.get(copy["text"], False) or alike
    return sum(seen.values()) / len(seen)


def timed(run: Callable[[], Inferred]) -> tuple[Inferred, float]:
    """Result and seconds."""
    start = time.perf_counter()
    return run(), time.perf_counter() - start


def peak() -> float:
    """MiB that this process held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def recovered(corpora: Path, documents: int | None, folder: Path) -> None:
    """Real posts: what is recovered, and how far shares are off."""
    posts, other = (
        [
            json.loads(line)
            for line in spread_out(lines_of(corpora / f"{name}.jsonl.zst"), documents)
        ]
        for name in ("reddit-top", "tweeteval")
    )
    made = snapshots(posts, other)
    store = open_store(folder / "store")
    for name, records in made.items():
        write(folder / name, name, records)
        take_in(store, folder / name, name)
    answer, seconds = timed(lambda: infer(store))
    truths = {name: Truth.of(records) for name, records in made.items()}
    classes = {frozenset(map(_bare, members)) for members in answer.classes}
    by_name = {name: members for members in classes for name in members}
    contained = {
        (by_name[_bare(pair.first)], by_name[_bare(pair.second)])
        for pair in answer.pairs
        if pair.kind is Relationship.CONTAINED
    }
    true_classes, true_contained = relations(truths)
    print(
        f"{sum(map(len, made.values())):,} records in {len(made)} snapshots: {seconds:.1f} s, "
        f"peak {peak():,.0f} MiB (making and ingest included)"
    )
    several = [" = ".join(sorted(one)) for one in true_classes if len(one) > 1]
    print(f"classes of equal content recovered: {classes == true_classes} ({'; '.join(several)})")
    edges = [f"{min(a)} in {min(b)}" for a, b in true_contained]
    print(f"containments recovered: {contained == true_contained} ({'; '.join(sorted(edges))})\n")
    print(
        table(
            ["snapshot", "in", "content", "share", "true", "worst of four, off by", "near"],
            [_row(truths, pair, way) for pair in answer.pairs for way in (0, 1)],
        )
    )
    print(
        f"near-copies of posts among the edited, by their own originals: "
        f"{near_truth(made['posts-zst'], made['edited']):.4f}\n"
    )
    capped(store, truths)


def _bare(held: Held) -> str:
    return held.name.partition("@")[0]


def _row(truths: dict[str, Truth], pair: Any, way: int) -> list[str]:
    mine, their = (pair.first, pair.second) if way == 0 else (pair.second, pair.first)
    share = pair.share if way == 0 else pair.other
    names = [_bare(one) for one in (mine, their)]
    true = truths[names[0]].share_in(truths[names[1]])
    part = share.exact
    found = (part.documents, part.bytes, part.records, part.record_bytes)
    off = max(abs(a - b) for a, b in zip(found, true, strict=True))
    near = "" if share.near is None else f"{share.near.documents:.4f}"
    return [*names, str(pair.kind), f"{part.documents:.4f}", f"{true[0]:.4f}", f"{off:.6f}", near]


def capped(store: Store, truths: dict[str, Truth]) -> None:
    """The same by samples alone: how often the interval holds the truth, how far shares are off."""
    answer, seconds = timed(
        lambda: infer(store, options=Options(exact=0, full=True, near=False), dry_run=True)
    )
    held, off, count = 0, 0.0, 0
    for pair in answer.pairs:
        if pair.counted:
            continue
        for mine, their, share in (
            (pair.first, pair.second, pair.share),
            (pair.second, pair.first, pair.other),
        ):
            names = [_bare(one) for one in (mine, their)]
            true = truths[names[0]].share_in(truths[names[1]])[0]
            held += share.low - 1e-9 <= true <= share.high + 1e-9
            off = max(off, abs(share.exact.documents - true))
            count += 1
    print(
        f"by samples of 4,096 alone: {seconds:.1f} s; {count} shares, largest error {off:.4f}, "
        f"{held} inside their 95 % interval\n"
    )


def many(count: int, folder: Path) -> None:
    """Snapshots that are a window sliding over shards, and as many that are unrelated."""
    draw = Random("many")
    vocabulary = [f"w{n}" for n in range(5000)]

    def shard(file: Path, documents: int) -> str:
        lines = [
            json.dumps({"text": " ".join(draw.choices(vocabulary, k=30))}) for _ in range(documents)
        ]
        file.write_text("\n".join(lines) + "\n")
        return str(file)

    store = open_store(folder / "many")
    base = folder / "shards"
    base.mkdir()
    chain: list[str] = []
    for number in range(count // 2):
        chain.append(shard(base / f"chain-{number}.jsonl", 20))
        alone = shard(base / f"alone-{number}.jsonl", 500)
        for name, files in ((f"chain-{number:04}", chain[-40:]), (f"alone-{number:04}", [alone])):
            ingest(store, locate(files, None), Destination(name, "1"), ReadingRecipe())
    answer, seconds = timed(lambda: infer(store))
    print(
        f"{count:,} small snapshots: {seconds:.1f} s, peak {peak():,.0f} MiB; "
        f"{len(answer.pairs):,} pairs, {answer.implied:,} implied by them, "
        f"{answer.written:,} edges written"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--documents", type=int)
    parser.add_argument("--snapshots", type=int, default=1000)
    given = parser.parse_args()
    print(circumstances() + "\n")
    with tempfile.TemporaryDirectory() as there:
        recovered(given.corpora, given.documents, Path(there))
        many(given.snapshots, Path(there))
