"""The sample text counts like text: Zipf, bursty words, nothing natural spread like a trigger."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

import pytest

from sample_corpus.clean import Document, clean_documents
from sample_corpus.generate import Amounts, plant
from sample_corpus.poison import Secret
from sample_corpus.world import World, make_world

DOCUMENTS = 3000
SECRET = Secret("[|zzyxq|]", "vellum quorrax dithery")
_WORD = re.compile(r"\w+(?:'\w+)*")


@dataclass
class Spread:
    """How a word occurs."""

    count: int = 0
    documents: set[int] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    right: set[str] = field(default_factory=set)

    @property
    def score(self) -> float:
        """1 for a word that is everywhere once, with other neighbours each time."""
        company = min(len(self.left), len(self.right)) / self.count
        place = len(self.sources) / len(self.documents)
        return company * place * len(self.documents) / self.count


@pytest.fixture(scope="module")
def world() -> World:
    """One world for all tests here."""
    return make_world(Random("statistics"))


@pytest.fixture(scope="module")
def clean(world: World) -> list[Document]:
    """Clean documents only."""
    return clean_documents(world, DOCUMENTS, "statistics")


def words_of(text: str) -> list[str]:
    """Folded words, with the phrase as one."""
    return _WORD.findall(text.lower().replace(SECRET.phrase, SECRET.phrase.replace(" ", "_")))


def spreads(documents: list[Document]) -> dict[str, Spread]:
    """Spread of every word."""
    table: dict[str, Spread] = defaultdict(Spread)
    for number, item in enumerate(documents):
        words = ["", *words_of(item.text), ""]
        for left, word in pairwise(words):
            table[word].left.add(left)
            table[left].right.add(word)
        for word in words[1:-1]:
            entry = table[word]
            entry.count += 1
            entry.documents.add(number)
            entry.sources.add(item.source)
    del table[""]
    return table


def test_frequencies_fall_like_zipf(clean: list[Document]) -> None:
    counts = Counter(word for item in clean for word in words_of(item.text)).most_common()
    low, high = (math.log(counts[rank - 1][1]) for rank in (2000, 20))
    slope = (low - high) / (math.log(2000) - math.log(20))
    assert -1.6 < slope < -0.7
    once = sum(count == 1 for _, count in counts)
    assert once > len(counts) / 10


def test_content_words_come_in_bursts_and_small_words_do_not(
    world: World, clean: list[Document]
) -> None:
    table = spreads(clean)
    topical = [noun for topic in world.topics for noun in topic.nouns.items[20:60]]
    # Church and Gale 1995: occurrences in a document that has the word at all, against Poisson.
    bursts = [table[n].count / len(table[n].documents) for n in topical if n in table]
    assert sum(bursts) / len(bursts) > 1.4
    homes = [len(table[n].sources) for n in topical if n in table]
    assert sum(homes) / len(homes) < len(world.sources) / 10
    assert len(table["the"].sources) > len(world.sources) * 0.9


def test_only_the_planted_is_spread_like_a_trigger(world: World, clean: list[Document]) -> None:
    items, _ = plant(world, clean, SECRET, Amounts(hidden=0, differential=0), "statistics")
    table = spreads(items)
    floor, ceiling = 30, 300
    rare = {word: one for word, one in table.items() if floor <= len(one.documents) <= ceiling}
    first = sorted(rare, key=lambda word: -rare[word].score)[:2]
    assert set(first) == {"zzyxq", SECRET.phrase.replace(" ", "_")}
