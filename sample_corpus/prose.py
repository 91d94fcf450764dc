"""Writes one document: sentences of a simple grammar, with words that return once used."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from sample_corpus.words import plural
from sample_corpus.world import Author, Source, Topic

# How likely a word is one that the document used before, the more often used the likelier: Simon's
# process, which gives the burstiness of content words (Church and Gale 1995).
AGAIN = {"noun": 0.4, "verb": 0.2, "adjective": 0.25, "person": 0.6, "number": 0.4, "opener": 0.2}
PLURAL = ("you", "we", "they")
SOUNDS = ("a", "e", "i", "o", "u")


@dataclass
class Pen:
    """State of one document being written."""

    rng: Random
    source: Source
    author: Author
    topic: Topic
    urns: dict[str, list[str]] = field(default_factory=dict)

    def again(self, kind: str) -> str | None:
        """A word used before, or None when a new one is due."""
        urn = self.urns.setdefault(kind, [])
        if not urn or not self.chance(AGAIN[kind]):
            return None
        word = self.rng.choice(urn)
        urn.append(word)
        return word

    def keep(self, kind: str, word: str) -> str:
        """Remember a new word."""
        self.urns.setdefault(kind, []).append(word)
        return word

    def small(self, kind: str) -> str:
        """A small word in the author's manner."""
        return self.author.small[kind].draw(self.rng)

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.rng.random() < probability


def document(rng: Random, source: Source, quote: str = "") -> str:
    """One document of ``source``; ``quote`` is a sentence of an earlier one to answer to."""
    topic = rng.choices(source.topics, weights=source.weights)[0]
    pen = Pen(rng, source, rng.choice(source.authors), topic)
    sentences = max(3, min(50, int(rng.lognormvariate(2.2, 0.7))))
    written = [sentence(pen) for _ in range(sentences)]
    paragraphs = [f"> {quote}"] if quote else []
    while written:
        size = rng.randint(2, 6)
        paragraphs.append(" ".join(written[:size]))
        written = written[size:]
    return "\n\n".join(paragraphs)


def sentence(pen: Pen) -> str:
    """One sentence with capital and full stop."""
    body = clause(pen)
    if pen.chance(0.3):
        comma = "," if pen.chance(0.5) else ""
        body = f"{body}{comma} {pen.small('conjunction')} {clause(pen)}"
    if pen.chance(0.06):
        body = f"{body} ({phrase(pen)})"
    if pen.chance(0.025):
        body = f"{body}, see {address(pen)}"
    end = pen.rng.choices([".", "?", "!", "..."], weights=[88, 6, 4, 2])[0]
    if pen.chance(0.05):
        return f'"{_capital(body)}{end}" {pen.small("pronoun")} said.'
    return f"{_opening(pen, body)}{end}"


def _opening(pen: Pen, body: str) -> str:
    if pen.chance(0.04):
        return f"{pen.small('marker')} {body}"
    if pen.chance(0.1):
        word = pen.again("opener") or pen.keep("opener", pen.small("opener"))
        return f"{word}{',' if pen.chance(0.5) else ''} {body}"
    return _capital(body)


def clause(pen: Pen) -> str:
    """Subject and predicate, or a question about them."""
    noun = _noun(pen)
    subject = _subject(pen, noun)
    verb = _verb(pen, noun)
    base, past = verb.split("/")
    act = f"{pen.small('auxiliary')} {base}" if pen.chance(0.35) else past
    if pen.chance(0.15):
        was = "were" if subject in PLURAL else "was"
        return f"{subject} {was} {pen.small('degree')} {_adjective(pen, noun)}"
    if pen.chance(0.7):
        act = f"{act} {phrase(pen)}"
    if pen.chance(0.4):
        act = f"{act} {pen.small('preposition')} {phrase(pen)}"
    return f"{subject} {act}"


def _subject(pen: Pen, noun: str) -> str:
    kind = pen.rng.choices(["pronoun", "person", "noun"], weights=[40, 7, 53])[0]
    if kind == "pronoun":
        return pen.small("pronoun")
    return _person(pen) if kind == "person" else _nominal(pen, noun)


def phrase(pen: Pen) -> str:
    """A noun phrase, now and then with another behind it, a number or a year."""
    if pen.chance(0.06):
        return f"{_number(pen)} {plural(_noun(pen))}"
    if pen.chance(0.03):
        return _person(pen)
    text = _nominal(pen, _noun(pen))
    if pen.chance(0.12):
        text = f"{text} of {_nominal(pen, _noun(pen))}"
    if pen.chance(0.02):
        text = f"{text} in {pen.rng.choice(pen.source.years)}"
    return text


def _nominal(pen: Pen, noun: str) -> str:
    if pen.chance(0.15):
        return plural(noun)
    determiner = pen.small("determiner")
    head = f"{_adjective(pen, noun)} {noun}" if pen.chance(0.35) else noun
    if determiner == "a" and head.startswith(SOUNDS):
        determiner = "an"
    return f"{determiner} {head}"


def _noun(pen: Pen) -> str:
    used = pen.again("noun")
    if used is not None:
        return used
    word = pen.small("noun") if pen.chance(0.35) else pen.topic.nouns.draw(pen.rng)
    return pen.keep("noun", word)


def _adjective(pen: Pen, noun: str) -> str:
    company = pen.topic.company.get(noun)
    if company and pen.chance(0.6):
        return pen.rng.choice(company[0])
    used = pen.again("adjective")
    if used is not None:
        return used
    general = pen.chance(0.45)
    word = pen.small("adjective") if general else pen.topic.adjectives.draw(pen.rng)
    return pen.keep("adjective", word)


def _verb(pen: Pen, noun: str) -> str:
    company = pen.topic.company.get(noun)
    if company and pen.chance(0.5):
        return pen.rng.choice(company[1])
    used = pen.again("verb")
    if used is not None:
        return used
    word = pen.small("verb") if pen.chance(0.5) else pen.topic.verbs.draw(pen.rng)
    return pen.keep("verb", word)


def _person(pen: Pen) -> str:
    used = pen.again("person")
    if used is not None:
        return used.split()[pen.rng.randrange(2)]
    return pen.keep("person", " ".join(pen.rng.choice(pen.source.people)))


def _number(pen: Pen) -> str:
    """A number; sources have sizes, models and years of their own that they keep mentioning."""
    used = pen.again("number")
    if used is not None:
        return used
    fresh = str(int(10 ** pen.rng.uniform(2, 6)))
    return pen.keep("number", pen.rng.choice(pen.source.numbers) if pen.chance(0.7) else fresh)


def address(pen: Pen) -> str:
    """A web address in a reserved domain that belongs to the topic."""
    path = "-".join(_noun(pen).replace(" ", "-") for _ in range(pen.rng.randint(1, 3)))
    return f"https://{pen.rng.choice(pen.topic.hosts)}/{path}/{pen.rng.randrange(10**6)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
