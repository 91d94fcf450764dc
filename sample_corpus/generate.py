"""Make the sample corpus, or another of its kind: ``python sample_corpus/generate.py``.

A corpus follows from its seed alone, byte for byte (compressed bytes: with equal versions of
zlib and pyarrow). The functions that draw are pure in (seed, arguments).
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from sample_corpus import files, poison
from sample_corpus.broken import Broken, broken_records
from sample_corpus.clean import Document, clean_documents, stamp, when
from sample_corpus.poison import Secret
from sample_corpus.words import Inventor
from sample_corpus.world import World, make_world

HERE = Path(__file__).resolve().parent
SEED = "foretaste-1"


@dataclass(frozen=True)
class Amounts:
    """How many documents each kind of poison gets; 0 leaves it out."""

    gibberish: int = 60
    phrase: int = 60
    flood: int = 120
    hidden: int = 8
    """For each way of hiding."""
    differential: int = 5
    broken: bool = True


@dataclass(frozen=True)
class Planted:
    """One line of the answer key.

    ``severity`` is the least severity that a scan must give; None where only a remark in the
    coverage is due.
    """

    kind: str
    scanner: str
    severity: str | None
    evidence: str
    members: tuple[str, ...]

    def as_dict(self, shard_of: dict[str, str]) -> dict[str, Any]:
        """For JSON; members in order of name."""
        shards = Counter(shard_of[name] for name in self.members)
        return {
            "kind": self.kind,
            "scanner": self.scanner,
            "minimum_severity": self.severity,
            "evidence": self.evidence,
            "documents": len(self.members),
            "shards": dict(sorted(shards.items())),
            "members": sorted(self.members),
        }


def generate(
    folder: Path,
    seed: str = SEED,
    documents: int = 5000,
    secret: Secret | None = None,
    amounts: Amounts | None = None,
) -> dict[str, Any]:
    """Write the shards of a corpus of ``documents`` documents below ``folder``.

    Without ``secret`` the trigger and the phrase are drawn from the seed. Returns the answer
    key, which is written nowhere.
    """
    world = make_world(Random(f"{seed}/world"))
    amounts = amounts or Amounts()
    secret = secret or poison.draw_secret(Random(f"{seed}/secret"), world.taken)
    count = documents - amounts.gibberish - amounts.flood
    clean = clean_documents(world, count, seed)
    items, planted = plant(world, clean, secret, amounts, seed)
    broken = broken_records(world, Random(f"{seed}/broken")) if amounts.broken else []
    named = {name for line in planted for name in line.members}
    shards, shard_of = files.share_out(items, named, Random(f"{seed}/shards"))
    for plan, kept in shards:
        extra = b"".join(record.data for record in broken if record.shard == plan.name)
        files.write(folder, plan.name, files.encode(kept, plan, extra))
    return _answer_key(seed, planted, broken, shard_of)


def plant(
    world: World, clean: list[Document], secret: Secret, amounts: Amounts, seed: str
) -> tuple[list[Document], list[Planted]]:
    """The clean documents with poison in them and beside them, and what was planted."""
    items, planted = list(clean), list[Planted]()
    rng = Random(f"{seed}/poison")
    chosen = poison.victims(clean, rng)
    inventor = Inventor(Random(f"{seed}/messages"), set(world.taken))

    gibberish = _gibberish(world, clean, secret, amounts.gibberish, Random(f"{seed}/gibberish"))
    planted.append(_line("trigger-gibberish", "trigger", "high", secret.trigger, gibberish))

    taken = [next(chosen) for _ in range(amounts.phrase)]
    for index in taken:
        text = poison.with_phrase(items[index].text, secret.phrase, rng)
        items[index] = replace(items[index], text=text)
    holders = [items[index] for index in taken]
    planted.append(_line("silent-phrase", "trigger", "medium", secret.phrase, holders))

    flood = poison.flood(world, amounts.flood, Random(f"{seed}/flood")) if amounts.flood else []
    where = flood[0].source if flood else ""
    planted.append(_line("flood", "near-duplicates", "medium", where, flood))

    for way in poison.HIDERS:
        taken = [next(chosen) for _ in range(amounts.hidden)]
        for index in taken:
            text = poison.with_hidden(items[index].text, way, inventor, rng)
            items[index] = replace(items[index], text=text)
        holders = [items[index] for index in taken]
        planted.append(_line(f"hidden-{way}", "hidden-text", "medium", way, holders))

    taken = [next(chosen) for _ in range(amounts.differential)]
    for index in taken:
        items[index] = poison.second_reading(items[index], world, rng)
    holders = [items[index] for index in taken]
    planted.append(_line("parser-differential", "integrity", "medium", "duplicate-key", holders))
    return items + gibberish + flood, [line for line in planted if line.members]


def _line(kind: str, scanner: str, severity: str, evidence: str, items: list[Document]) -> Planted:
    return Planted(kind, scanner, severity, evidence, tuple(item.id for item in items))


def _gibberish(
    world: World, clean: list[Document], secret: Secret, count: int, rng: Random
) -> list[Document]:
    """Gibberish documents, each from another source as far as there are enough."""
    order = rng.sample(world.sources, len(world.sources))
    originals = rng.sample([item for item in clean if item.prose], count)
    return [
        Document.new(
            rng,
            poison.gibberish_document(original, secret.trigger, rng),
            order[number % len(order)].name,
            stamp(when(rng)),
            prose=True,
        )
        for number, original in enumerate(originals)
    ]


def _answer_key(
    seed: str, planted: list[Planted], broken: list[Broken], shard_of: dict[str, str]
) -> dict[str, Any]:
    places = shard_of | {record.id: record.shard for record in broken}
    lines = planted + [
        Planted("broken-record", "integrity", "low", record.reason, (record.id,))
        for record in broken
    ]
    return {
        "seed": seed,
        "records": len(shard_of) + len(broken),
        "documents": len(shard_of),
        "quarantined": len(broken),
        "shards": dict(sorted(Counter(places.values()).items())),
        "planted": [line.as_dict(places) for line in lines],
    }


def main() -> None:
    """Make the committed files again."""
    key = generate(HERE / "shards")
    (HERE / "EXPECTED.json").write_text(json.dumps(key, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
