"""Who writes about what: topics with their words, sources that lean on topics, authors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from random import Random

from sample_corpus import words
from sample_corpus.words import Inventor

SOURCES = 200
AUTHORS_PER_SOURCE = 6
REGIONS = 14
TOPIC_NOUNS, TOPIC_VERBS, TOPIC_ADJECTIVES = 420, 70, 110


@dataclass(frozen=True)
class Choice:
    """A weighted list to draw from."""

    items: Sequence[str]
    totals: Sequence[float]

    @classmethod
    def of(cls, items: Sequence[str], weights: Sequence[float]) -> Choice:
        """Items with their weights."""
        return cls(items, list(accumulate(weights)))

    @classmethod
    def zipf(cls, items: Sequence[str]) -> Choice:
        """Items in order of rank, weighted by Zipf and Mandelbrot."""
        return cls.of(items, [(rank + 2) ** -1.2 for rank in range(len(items))])

    def draw(self, rng: Random) -> str:
        """One item."""
        return rng.choices(self.items, cum_weights=self.totals)[0]


@dataclass(frozen=True)
class Topic:
    """Words of one subject; ``company`` gives each noun the adjectives and verbs it keeps."""

    name: str
    nouns: Choice
    verbs: Choice
    adjectives: Choice
    hosts: tuple[str, ...]
    company: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


@dataclass(frozen=True)
class Author:
    """One person's habits: own weights over the small words, own favourite nouns."""

    name: str
    small: dict[str, Choice]


@dataclass(frozen=True)
class Source:
    """One forum: its topics, its regulars, and the names and numbers that it keeps mentioning."""

    name: str
    topics: tuple[Topic, ...]
    weights: tuple[float, ...]
    authors: tuple[Author, ...]
    people: tuple[tuple[str, str], ...]
    numbers: tuple[str, ...]
    years: tuple[str, ...]
    busy: float


@dataclass(frozen=True)
class World:
    """Everything that documents are written from."""

    topics: tuple[Topic, ...]
    sources: tuple[Source, ...]
    taken: set[str]

    @cached_property
    def totals(self) -> list[float]:
        """Cumulative weights of the sources: a few busy ones, many quiet ones."""
        return list(accumulate(source.busy for source in self.sources))

    def source(self, rng: Random) -> Source:
        """Draw a source by how busy it is."""
        return rng.choices(self.sources, cum_weights=self.totals)[0]


SMALL = {
    "determiner": (words.DETERMINERS, 6.0),
    "pronoun": (words.PRONOUNS, 2.0),
    "auxiliary": (words.AUXILIARIES, 2.0),
    "preposition": (words.PREPOSITIONS, 3.0),
    "conjunction": (words.CONJUNCTIONS, 2.0),
    "opener": (words.OPENERS, 0.5),
    "marker": (words.MARKERS, 0.3),
    "degree": (words.DEGREES, 1.0),
    "noun": (" ".join(f"{word} 1" for word in words.GENERAL_NOUNS.split()), 0.5),
    "verb": (" ".join(f"{word} 1" for word in words.GENERAL_VERBS.split()), 0.5),
    "adjective": (" ".join(f"{word} 1" for word in words.GENERAL_ADJECTIVES.split()), 0.5),
}
"""Word class -> (table, gamma shape): the smaller the shape, the more authors differ."""


def make_world(rng: Random) -> World:
    """Draw topics, sources and authors."""
    taken = _known_words()
    inventor = Inventor(rng, taken)
    lines = [line for line in words.TOPICS.strip().splitlines() if line]
    topics = tuple(_topic(line, rng, inventor) for line in lines)
    regions = [_region(inventor) for _ in range(REGIONS)]
    sources = tuple(
        _source(index, topics, regions[index % REGIONS], rng) for index in range(SOURCES)
    )
    return World(topics, sources, taken)


def _known_words() -> set[str]:
    lists = [table for table, _ in SMALL.values()] + [words.TOPICS]
    return set(" ".join(lists).lower().replace("/", " ").split())


def _topic(line: str, rng: Random, inventor: Inventor) -> Topic:
    name, rest = line.split(":")
    nouns, verbs, adjectives = (part.split() for part in rest.split("|"))
    nouns += [_noun(rng, inventor) for _ in range(TOPIC_NOUNS)]
    verbs += inventor.words(TOPIC_VERBS)
    adjectives += inventor.words(TOPIC_ADJECTIVES)
    verb_choice = Choice.zipf([f"{verb}/{words.past(verb)}" for verb in verbs])
    adjective_choice = Choice.zipf(adjectives)
    company = {
        noun: (
            tuple(adjective_choice.draw(rng) for _ in range(3)),
            tuple(verb_choice.draw(rng) for _ in range(3)),
        )
        for noun in nouns
    }
    hosts = tuple(f"{inventor.word()}-{name}.{rng.choice(words.TLDS)}" for _ in range(5))
    return Topic(name, Choice.zipf(nouns), verb_choice, adjective_choice, hosts, company)


def _noun(rng: Random, inventor: Inventor) -> str:
    """A noun; one in five is a fixed expression of two words."""
    word = inventor.word()
    return f"{word} {inventor.word()}" if rng.random() < 0.2 else word


def _region(inventor: Inventor) -> tuple[list[str], list[str]]:
    """First names and surnames of one part of the world."""
    first = [word.capitalize() for word in inventor.words(24)]
    return first, [word.capitalize() for word in inventor.words(60)]


def _source(
    index: int, topics: Sequence[Topic], region: tuple[list[str], list[str]], rng: Random
) -> Source:
    main = topics[index % len(topics)]
    others = rng.sample(topics, 3)
    first, last = region
    people = tuple((rng.choice(first), rng.choice(last)) for _ in range(12))
    label = rng.choice(["club", "talk", "corner", "notes", "board", "ask", "daily", "beginners"])
    name = f"{main.name}-{label}-{index:03d}"
    authors = tuple(_author(f"{name}-{n}", rng) for n in range(AUTHORS_PER_SOURCE))
    return Source(
        name=name,
        topics=(main, *others),
        weights=(0.75, 0.15, 0.07, 0.03),
        authors=authors,
        people=people,
        numbers=tuple(str(int(10 ** rng.uniform(2, 5))) for _ in range(8)),
        years=tuple(str(rng.randint(1890, 2024)) for _ in range(3)),
        busy=rng.lognormvariate(0, 0.7),
    )


def _author(name: str, rng: Random) -> Author:
    small = {}
    for kind, (table, shape) in SMALL.items():
        items, weights = words.weighted(table)
        own = [weight * rng.gammavariate(shape, 1 / shape) for weight in weights]
        small[kind] = Choice.of(items, own)
    return Author(name, small)
