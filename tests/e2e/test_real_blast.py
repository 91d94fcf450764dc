"""One forum of real posts, copied in part into another corpus: what ``impact`` finds of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from lineage.fingerprint.plain import words
from lineage.ingest import ingest
from lineage.model import Role
from lineage.queries.impact import Impact, impact
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Destination, Store, open_store, run_sql
from lineage.store.matching import Match

POSTS = 12_000
COPIED = 300
EDITED = 100
BY_FORUM = ReadingRecipe(roles={Role.SOURCE: ("path",)})
Records = list[dict[str, Any]]


def records(path: Path, most: int) -> Records:
    """The first records of a compressed JSON-lines file, of 16 MiB at most."""
    with pa.CompressedInputStream(str(path), "zstd") as stream:
        lines = stream.read(1 << 24).splitlines()[:-1]  # the last may be cut
    return [json.loads(line) for line in lines[:most]]


def edited(text: str, draw: Random) -> str:
    """One word in 120 is another."""
    parts = text.split(" ")
    for _ in range(max(1, len(parts) // 120)):
        parts[draw.randrange(len(parts))] = draw.choice(("river", "stone", "lamp", "garden"))
    return " ".join(parts)


def similarity(left: str, right: str) -> float:
    """Jaccard similarity of 5-word shingles."""
    sets = [{tuple(w[i : i + 5]) for i in range(len(w) - 4)} for w in map(words, (left, right))]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def fill(store: Store, dataset: str, file: Path, rows: Records, recipe: ReadingRecipe) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    ingest(store, locate([str(file)], None), Destination(dataset, "1"), recipe)


@pytest.fixture(scope="module")
def copied(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Store, str, Impact, dict[str, float]]:
    """The store, the forum, its impact, and true similarities of edited copies by id."""
    draw = Random(7)
    posts = records(shared_data / "corpora" / "reddit-top.jsonl.zst", POSTS)
    long = [post for post in posts if len(post["text"].split()) >= 40]
    forum = Counter(post["path"] for post in long).most_common(1)[0][0]
    chosen = draw.sample([post for post in long if post["path"] == forum], COPIED)
    texts = [post["text"] for post in chosen]
    copies = [*(edited(text, draw) for text in texts[:EDITED]), *texts[EDITED:]]
    other = records(shared_data / "corpora" / "web-c4-sample.jsonl.zst", 500)
    other += [{"id": f"c{n}", "text": text, "source": "site"} for n, text in enumerate(copies)]
    folder = tmp_path_factory.mktemp("copied")
    store = open_store(folder / "store")
    fill(store, "posts", folder / "posts.jsonl", posts, BY_FORUM)
    fill(store, "web", folder / "web.jsonl", other, ReadingRecipe())
    pairs = zip(texts[:EDITED], copies[:EDITED], strict=True)
    truth = {f"c{n}": similarity(*pair) for n, pair in enumerate(pairs)}
    return store, forum, impact(store, f"source:{forum}"), truth


def test_totals_and_exact_copies_are_those_of_sql(
    copied: tuple[Store, str, Impact, dict[str, float]],
) -> None:
    store, forum, answer, _ = copied
    mine = f"reading = 0 AND source = '{forum}'"
    twins = f"reading = 0 AND source = 'site' AND doc IN (SELECT doc FROM record WHERE {mine})"
    counted = [answer.counts, answer.copied["site", Match.EXACT][0]]
    for where, counts in zip((mine, twins), counted, strict=True):
        query = (
            f"SELECT count(*), sum(bytes)::BIGINT, sum(tokens)::BIGINT FROM record WHERE {where}"
        )
        (row,) = run_sql(store, query).to_pylist()
        assert list(row.values()) == [counts.records, counts.bytes, counts.tokens]


def test_the_copies_are_found(copied: tuple[Store, str, Impact, dict[str, float]]) -> None:
    _, _, answer, truth = copied
    found = {
        match: counts.records
        for (name, match), (counts, _) in answer.copied.items()
        if name == "site"
    }
    alike = sum(value >= 0.8 for value in truth.values())
    assert found[Match.EXACT] + found.get(Match.NORMALISED, 0) >= COPIED - EDITED
    assert sum(found.values()) >= COPIED - EDITED + 0.95 * alike
    assert sum(found.values()) <= COPIED
