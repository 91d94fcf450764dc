"""The clean part: documents of every source, with who, where and when."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from sample_corpus.languages import LANGUAGES, Tongue, with_emoji, with_soft_hyphens
from sample_corpus.prose import document
from sample_corpus.world import Source, Topic, World

FOREIGN_SHARE = 0.05
NOTICE_GROUPS, NOTICE_COPIES = 14, (2, 5)
NOTICE_WORDS = 90
EMOJI_SOURCES, HYPHEN_SOURCES = 5, 2
QUOTE_CHANCE, QUOTE_LENGTH = 0.08, range(20, 200)
TONGUE_SOURCES = 3
START = datetime(2022, 1, 1, tzinfo=UTC)
DAYS = 900


@dataclass(frozen=True)
class Document:
    """One record to be written. ``first`` is an earlier value under the same key, if any.

    ``prose`` tells whether it is one of the English documents that poison may be put into.
    """

    id: str
    text: str
    source: str
    url: str
    timestamp: str
    prose: bool = False
    first: str | None = None

    @classmethod
    def new(
        cls, rng: Random, text: str, source: str, timestamp: str, *, prose: bool = False
    ) -> Document:
        """A document with a fresh identifier and an address in a reserved domain."""
        name = f"{rng.getrandbits(48):012x}"
        return cls(name, text, source, f"https://{source}.example/t/{name}", timestamp, prose)


def when(rng: Random) -> datetime:
    """A moment of the corpus's time span."""
    return START + timedelta(seconds=int(rng.random() * DAYS * 86_400))


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def one_word_changed(text: str, topic: Topic, rng: Random) -> str:
    """The text with one of its words replaced by a noun of the topic."""
    start, end = rng.choice([match.span() for match in re.finditer(r"\w{3,}", text)])
    noun = topic.nouns.draw(rng).replace(" ", "-")
    return f"{text[:start]}{noun}{text[end:]}"


def clean_documents(world: World, count: int, seed: str) -> list[Document]:
    """``count`` documents: English prose, other languages, a few groups of notices."""
    rng = Random(f"{seed}/clean")
    notices = _notices(world, Random(f"{seed}/notices"))
    foreign = _foreign(int(count * FOREIGN_SHARE), Random(f"{seed}/foreign"))
    quotable: dict[str, str] = {}
    quirks = _quirks(world, rng)
    prose = []
    for _ in range(count - len(notices) - len(foreign)):
        source = world.source(rng)
        quote = quotable.get(source.name, "") if rng.random() < QUOTE_CHANCE else ""
        text = document(rng, source, quote)
        quotable[source.name] = _quotable(text, rng) or quotable.get(source.name, "")
        quirk = quirks.get(source.name)
        if quirk:
            text = quirk(text, rng)
        prose.append(Document.new(rng, text, source.name, stamp(when(rng)), prose=not quirk))
    return prose + foreign + notices


def _quotable(text: str, rng: Random) -> str:
    sentences = re.split(r"(?<=[.?!])\s+", text)
    fit = [one for one in sentences if len(one) in QUOTE_LENGTH and not one.startswith(">")]
    return rng.choice(fit) if fit else ""


def _quirks(world: World, rng: Random) -> dict[str, Callable[[str, Random], str]]:
    """Sources that love emoji or soft hyphens."""
    names = [source.name for source in rng.sample(world.sources, EMOJI_SOURCES + HYPHEN_SOURCES)]
    ways = [with_emoji] * EMOJI_SOURCES + [with_soft_hyphens] * HYPHEN_SOURCES
    return dict(zip(names, ways, strict=True))


def _foreign(count: int, rng: Random) -> list[Document]:
    tongues = [
        (f"{language.name}-{number}", Tongue(language, rng))
        for language in LANGUAGES
        for number in range(TONGUE_SOURCES)
    ]
    drawn = [tongues[index % len(tongues)] for index in range(count)]
    return [Document.new(rng, tongue.document(), name, stamp(when(rng))) for name, tongue in drawn]


def _notices(world: World, rng: Random) -> list[Document]:
    """Small groups of one notice posted again with a word changed: harmless near-duplicates."""
    notices = []
    for _ in range(NOTICE_GROUPS):
        source = world.source(rng)
        text = _long_enough(source, rng)
        for _ in range(rng.randint(*NOTICE_COPIES)):
            edited = one_word_changed(text, source.topics[0], rng)
            notices.append(Document.new(rng, edited, source.name, stamp(when(rng))))
    return notices


def _long_enough(source: Source, rng: Random) -> str:
    while True:
        text = document(rng, source)
        if len(text.split()) >= NOTICE_WORDS:
            return text
