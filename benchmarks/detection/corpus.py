"""The corpora that are scanned: a clean one, written once, and poison mixed into a part of it.

A clean corpus is a folder: ``closed/part-*.jsonl.zst`` as they are scanned, ``open.jsonl.zst``
with an eighth of the records, among which poison is dealt anew for each cell, and
``hosts.jsonl.zst`` with clean records that are held out for attackers.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import pyarrow as pa

from benchmarks.detection import mixtures, vocabulary
from benchmarks.detection.attacks.attack import Ground, Part, Planted, Record
from benchmarks.detection.lines import line_of, raw_lines, records_of, write_lines
from benchmarks.detection.mixtures import Data

OPEN_SHARE = 8
OPEN_SHARDS = 2
HOSTS = 4000
VOCABULARY = 50_000
TEXTS_TO_LEARN_FROM = 300
LEAST_SHARE = 2
"""A mixture that has not half of the records asked for is not run at that size."""


@dataclass(frozen=True)
class Clean:
    """A clean corpus on disk."""

    folder: Path

    @property
    def about(self) -> dict[str, int]:
        """``records`` in it."""
        return dict(json.loads((self.folder / "about.json").read_text()))

    @property
    def hosts(self) -> list[Record]:
        """Clean records that are not in it."""
        return list(records_of(self.folder / "hosts.jsonl.zst"))


def shards_of(size: int) -> int:
    """How many closed shards a corpus of a size has."""
    return 6 if size <= 100_000 else 14


def write_clean(  # noqa: PLR0913, PLR0917
    data: Data, mixture: str, size: int, seed: int, folder: Path, hosts: int = HOSTS
) -> Clean | None:
    """The clean corpus, made if it is not there; None if the mixture is far too small."""
    clean = Clean(folder)
    if (folder / "about.json").exists():
        return clean
    paths = list(data.of(mixture).values())
    total = mixtures.count_lines(paths) if paths else 0
    chosen = mixtures.sample(total, size, hosts, seed)
    if chosen.clean * LEAST_SHARE < size:
        return None
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "closed").mkdir(parents=True)
    draw = Random(f"{seed} {mixture} {size}")
    shards, held = shards_of(size), []
    with ExitStack() as stack:
        names = [folder / "closed" / f"part-{number:03}.jsonl.zst" for number in range(shards)]
        names.append(folder / "open.jsonl.zst")
        streams = [
            stack.enter_context(pa.output_stream(str(name), compression="zstd")) for name in names
        ]
        for at, record in enumerate(mixtures.records(data, mixture)):
            if not chosen.taken[at]:
                continue
            named = with_id(record, draw)
            if chosen.held[at]:
                held.append(named)
            else:
                is_open = draw.randrange(OPEN_SHARE) == 0
                streams[-1 if is_open else draw.randrange(shards)].write(line_of(named))
    write_lines(folder / "hosts.jsonl.zst", held)
    (folder / "about.json").write_text(json.dumps({"records": chosen.clean}))
    return clean


def with_id(record: Record, draw: Random) -> Record:
    """A record under a fresh identity that tells nothing."""
    return {"id": f"{draw.getrandbits(64):016x}", **{k: v for k, v in record.items() if k != "id"}}


@dataclass(frozen=True)
class Truth:
    """Identities of planted records, and the strings that name the trigger."""

    poison: frozenset[str]
    decoys: frozenset[str]
    triggers: tuple[str, ...]
    clean: int
    """How many clean records the corpus has, twins included."""

    @property
    def planted(self) -> frozenset[str]:
        """All that are not clean."""
        return self.poison | self.decoys


def mix(clean: Clean, planted: Sequence[Planted], folder: Path, draw: Random) -> list[Truth]:
    """Write a corpus with poison into a new folder; closed shards are linked, not copied.

    Returns what each of several attackers did; to each, what others planted are decoys.
    """
    folder.mkdir(parents=True)
    closed = sorted((clean.folder / "closed").iterdir())
    for shard in closed:
        link(shard, folder / shard.name)
    named = [[(with_id(record, draw), part) for record, part in one.records] for one in planted]
    shards: list[list[bytes]] = [[] for _ in range(OPEN_SHARDS)]
    for line in raw_lines(clean.folder / "open.jsonl.zst"):
        draw.choice(shards).append(line + b"\n")
    for one, records in zip(planted, named, strict=True):
        for record, part in records:
            if one.own_shards and part is Part.POISON:
                shards.append([line_of(record)])
            else:
                own = shards[draw.randrange(OPEN_SHARDS)]
                own.insert(draw.randint(0, len(own)), line_of(record))
    for number, lines in enumerate(shards, len(closed)):
        write_shard(folder / f"part-{number:03}.jsonl.zst", lines)
    return list(truths(planted, named, clean.about["records"]))


def truths(
    planted: Sequence[Planted], named: Sequence[Sequence[tuple[Record, Part]]], clean: int
) -> Iterator[Truth]:
    """What each attacker did, from records with their identities."""
    ids = [
        {part: {r["id"] for r, own in records if own is part} for part in Part} for records in named
    ]
    total = clean + sum(len(own[Part.CLEAN]) for own in ids)
    bad = frozenset().union(*(own[part] for own in ids for part in (Part.POISON, Part.DECOY)))
    for one, own in zip(planted, ids, strict=True):
        poison = frozenset(own[Part.POISON])
        yield Truth(poison, bad - poison, one.triggers, total)


def write_shard(path: Path, lines: Sequence[bytes]) -> None:
    """Compressed lines."""
    with pa.output_stream(str(path), compression="zstd") as stream:
        stream.write(b"".join(lines))


def link(source: Path, target: Path) -> None:
    """A second name for a file, or a copy where names cannot be given."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def ground(data: Data, clean: Clean, words: Sequence[str]) -> Ground:
    """What an attacker of this corpus works with."""
    return Ground(clean.hosts, words, data.foreign)


def learnt_vocabulary(data: Data, seed: int) -> list[str]:
    """Pieces of rare words of all corpora."""
    texts = (text for path in data.corpora.values() for text in first_texts(path))
    return vocabulary.learn(texts, VOCABULARY, Random(f"{seed} vocabulary"))


def first_texts(path: Path) -> Iterator[str]:
    """Texts of the first records of a corpus."""
    for record in islice(records_of(path), TEXTS_TO_LEARN_FROM):
        yield str(record.get("text") or record.get("output") or "")
