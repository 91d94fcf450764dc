"""Is this text, a near-copy or a passage of it in any shard, snapshot or model's training set?

Answered from fingerprints alone: no shard is read, and no text is kept. What a match means, and
how sure it is, stands in ``Match`` and in the columns of the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lineage.errors import UsageError
from lineage.fingerprint.compact import standard_error
from lineage.fingerprint.query import Prints, prints_of
from lineage.model import identity_name
from lineage.queries.descendants import Model, models_from
from lineage.queries.reach import Links, links
from lineage.store.lookup import Lookup, open_lookup
from lineage.store.matching import (
    Hits,
    Match,
    identified,
    matches,
    normalised,
    of_domain,
    of_url,
    shared_words,
)
from lineage.store.segments import Place
from lineage.store.store import Store
from lineage.store.where import Where, wheres

if TYPE_CHECKING:
    import pyarrow as pa

THRESHOLD = 0.8
LIMIT = 20
Say = Callable[[str], object]


@dataclass(frozen=True)
class Checked:
    """A record as it was read again.

    ``same`` tells whether its text is the text asked for, ``jaccard`` the true similarity; None
    where no text was asked for. ``run`` is the longest run of ``words`` words in common, as it
    stands in the record; where no text was asked for, the whole text.
    """

    same: bool | None
    jaccard: float | None
    words: int
    run: str


@dataclass(frozen=True)
class Found:
    """A record that matches.

    ``similarity`` is 1 for the exact and the normalised, the estimated Jaccard similarity of
    5-word shingles with its standard error ``error`` for the near, and unknown for passages.
    Of passages ``words`` are words of the text in passages that surely are common,
    ``words_likely`` also those between them. ``document`` is the record's identity; ``where``
    every snapshot and path that holds its shard, none where no snapshot does.
    """

    match: Match
    similarity: float | None
    error: float | None
    words: int
    words_likely: int
    document: str
    shard: str
    place: Place
    where: tuple[Where, ...]
    checked: Checked | None = None
    """Filled by ``verified`` alone."""


@dataclass(frozen=True)
class Held:
    """How many records of a snapshot match, by match; ``models`` are what descends from it."""

    dataset: str
    label: str
    root: str
    records: Counter[Match]
    models: tuple[str, ...]


@dataclass(frozen=True)
class Trace:
    """The answer. ``found`` is bounded, best first; all else is about all that match.

    ``totals`` counts records by match; ``words`` is the number of words asked for, 0 for digests
    and URLs; ``rows`` how many rows were looked at, ``older`` how many shards could not be,
    because an older Foretaste fingerprinted them. ``whole`` is false where a passage is so
    common that not all its records were counted.
    """

    found: tuple[Found, ...]
    totals: Counter[Match]
    snapshots: tuple[Held, ...]
    models: tuple[Model, ...]
    words: int
    rows: int
    older: int
    whole: bool = True

    def table(self) -> pa.Table:
        """One row a found record and place; ``total`` counts the records with its match.

        ``jaccard``, ``run`` and ``text`` are what ``verified`` read again.
        """
        import pyarrow as pa  # noqa: PLC0415

        return pa.Table.from_pylist(list(self._rows()), schema=_schema(pa))

    def _rows(self) -> Iterator[dict[str, Any]]:
        trained = {held.root: ", ".join(held.models) for held in self.snapshots}
        for found in self.found:
            for where in found.where or (None,):
                yield {
                    "match": str(found.match),
                    "total": self.totals[found.match],
                    "similarity": found.similarity,
                    "error": found.error,
                    "words": found.words,
                    "words_likely": found.words_likely,
                    "dataset": where and where.dataset,
                    "label": where and where.label,
                    "path": where and where.path,
                    "record": found.place.record,
                    "reading": found.place.reading,
                    "source": found.place.source,
                    "url": found.place.url,
                    "document": found.document,
                    "shard": found.shard,
                    "models": trained[where.root] if where else "",
                    "jaccard": found.checked and found.checked.jaccard,
                    "run": found.checked and found.checked.words,
                    "text": found.checked and found.checked.run,
                }


def _schema(pa: Any) -> pa.Schema:
    counts = ("total", "words", "words_likely", "record", "reading", "run")
    numbers = dict.fromkeys(counts, pa.int64())
    numbers |= dict.fromkeys(("similarity", "error", "jaccard"), pa.float64())
    names = (
        "match total similarity error words words_likely dataset label path record reading "
        "source url document shard models jaccard run text"
    )
    return pa.schema([(name, numbers.get(name, pa.string())) for name in names.split()])


class Tracer:
    """A store opened for many questions: what it held when it was opened."""

    def __init__(self, store: Store, say: Say = lambda _text: None) -> None:
        self.store = store
        self.lookup: Lookup = open_lookup(store, say)
        self._wheres: dict[str, list[Where]] = {}
        self._links: Links = {}

    def text(
        self,
        text: str,
        *,
        threshold: float = THRESHOLD,
        limit: int = LIMIT,
        lenient_end: bool = False,
    ) -> Trace:
        """Trace a text; ``lenient_end`` for one whose last line feed may be its file's.

        UsageError where there is nothing to look for.
        """
        if not text:
            raise UsageError("there is no text to trace", hint="give a text, or --file")
        if not 0 < threshold <= 1:
            raise UsageError(f"a similarity lies above 0 and at most 1, not {threshold}")
        prints = prints_of(text, lenient_end=lenient_end)
        return self._answer(list(matches(self.lookup, prints, threshold)), limit, prints)

    def digest(self, digest: str, *, limit: int = LIMIT) -> Trace:
        """Trace an identity: 32 hex digits of a document (or of its normal form or text), or
        ``sha256:`` and 64 of a shard."""
        name = digest.removeprefix("sha256:").lower()
        try:
            number = int(name, 16)
        except ValueError:
            number = -1
        if number < 0 or len(name) not in (32, 64):
            raise UsageError(
                f"not a digest: {digest!r}",
                hint="32 hex digits of a document, or sha256: and 64 of a shard",
            )
        if len(name) == 64:
            return self._answer(list(self._shard(f"sha256:{name}")), limit)
        pair = np.array([[number >> 64, number & (1 << 64) - 1]], np.uint64)
        return self._answer(list(self._identity(pair)), limit)

    def url(self, url: str, *, limit: int = LIMIT) -> Trace:
        """Trace a URL, in whatever way it is written."""
        return self._answer(_exactly((one, of_url(one, url)) for one in self.lookup.opened), limit)

    def domain(self, domain: str, *, limit: int = LIMIT) -> Trace:
        """Trace all records from a domain and those in it."""
        hits = _exactly((one, of_domain(one, domain)) for one in self.lookup.opened)
        return self._answer(hits, limit)

    def _identity(self, pair: Any) -> Iterator[Hits]:
        for one in self.lookup.opened:
            exact = np.union1d(identified(one, "doc", pair), identified(one, "text", pair))
            alike = np.setdiff1d(normalised(one, pair[:, 0]), exact)
            for match, rows in ((Match.EXACT, exact), (Match.NORMALISED, alike)):
                rows = rows[one.visible(rows)]  # noqa: PLW2901
                if len(rows):
                    yield Hits(one, match, rows, np.ones(len(rows)))

    def _shard(self, digest: str) -> Iterator[Hits]:
        for one in self.lookup.opened:
            starts = one.segment.starts
            for number, part in enumerate(one.segment.parts):
                if part.digest == digest and one.shown[number]:
                    rows = np.arange(starts[number], starts[number + 1])
                    yield Hits(one, Match.EXACT, rows, np.ones(len(rows)))

    def _answer(self, hits: Sequence[Hits], limit: int, prints: Prints | None = None) -> Trace:
        if limit < 0:
            raise UsageError(f"a limit is 0 or more, not {limit}")
        shards = _by_shard(hits)
        self._learn({digest for digest, _ in shards})
        found = self._found(hits, limit, prints)
        held = self._held(shards)
        return Trace(
            tuple(found),
            sum((Counter({hit.match: len(hit.rows)}) for hit in hits), Counter()),
            tuple(held),
            tuple(models_from(self._links, [one.root for one in held])),
            prints.words if prints else 0,
            self.lookup.rows,
            self.lookup.older,
            all(hit.whole for hit in hits),
        )

    def _learn(self, digests: set[str]) -> None:
        unknown = digests - self._wheres.keys()
        if unknown:
            self._wheres |= {digest: [] for digest in unknown}
            found, edges = wheres(self.store, unknown)
            self._wheres |= found
            self._links = links(edges)

    def _held(self, shards: Counter[tuple[str, Match]]) -> list[Held]:
        snapshots: dict[tuple[str, str, str], Counter[Match]] = {}
        for (digest, match), count in shards.items():
            names = {(w.dataset, w.label, w.root) for w in self._wheres[digest]}
            for name in names:
                snapshots.setdefault(name, Counter())[match] += count
        return [
            Held(*name, counts, tuple(model.name for model in models_from(self._links, [name[2]])))
            for name, counts in sorted(snapshots.items())
        ]

    def _found(self, hits: Sequence[Hits], limit: int, prints: Prints | None) -> Iterator[Found]:
        chosen = self._best(hits, limit)
        listed: dict[tuple[int, int], Found] = {}
        for number, hit in enumerate(hits):
            ats = [at for of, at in chosen if of == number]
            for at, found in zip(ats, self._of(hit, ats, prints), strict=True):
                listed[number, at] = found
        for number, at in chosen:
            yield listed[number, at]

    def _best(self, hits: Sequence[Hits], limit: int) -> list[tuple[int, int]]:
        """(hit, position in it), best first; those alike by where they lie, as people are told,
        and not by segments, which come and go."""
        parts = {part.digest for hit in hits for part in hit.opened.segment.parts}
        places = {digest: self._wheres.get(digest, [])[:1] for digest in parts}
        ranked = sorted(parts, key=lambda digest: (not places[digest], places[digest], digest))
        rank = {digest: number for number, digest in enumerate(ranked)}
        best = []
        for number, hit in enumerate(hits):
            segment, part = hit.opened.segment, hit.opened.part_of(hit.rows)
            shard = np.array([rank[one.digest] for one in segment.parts])[part]
            row = hit.rows - segment.starts[part]
            match = list(Match).index(hit.match)
            for at in np.lexsort((row, shard, -hit.strength))[:limit].tolist():
                best.append((match, -float(hit.strength[at]), shard[at], row[at], number, at))
        return [(number, at) for *_, number, at in sorted(best)[:limit]]

    def _of(self, hit: Hits, ats: Sequence[int], prints: Prints | None) -> Iterator[Found]:
        rows = hit.rows[list(ats)]
        segment = hit.opened.segment
        shared = [(0, 0)] * len(rows)
        if prints is not None and hit.match in (Match.NEAR, Match.PASSAGE):
            shared = shared_words(hit.opened, rows.tolist(), prints)
        elif prints is not None:
            shared = [(prints.words, prints.words)] * len(rows)
        places = segment.places(rows.tolist())
        parts = hit.opened.part_of(rows)
        for at, row, part, place, words in zip(ats, rows, parts, places, shared, strict=True):
            digest = segment.parts[part].digest
            similarity, error = _similarity(hit.match, float(hit.strength[at]))
            document = identity_name(*segment.array("doc")[row].tolist())
            where = tuple(self._wheres[digest])
            yield Found(hit.match, similarity, error, *words, document, digest, place, where)


def _similarity(match: Match, strength: float) -> tuple[float | None, float | None]:
    if match is Match.NEAR:
        return strength, standard_error(strength)
    return (None, None) if match is Match.PASSAGE else (1.0, 0.0)


def _exactly(found: Iterator[tuple[Any, Any]]) -> list[Hits]:
    return [Hits(one, Match.EXACT, rows, np.ones(len(rows))) for one, rows in found if len(rows)]


def _by_shard(hits: Sequence[Hits]) -> Counter[tuple[str, Match]]:
    """Matching records by (shard digest, match)."""
    counts: Counter[tuple[str, Match]] = Counter()
    for hit in hits:
        part, count = np.unique(hit.opened.part_of(hit.rows), return_counts=True)
        for number, many in zip(part.tolist(), count.tolist(), strict=True):
            counts[hit.opened.segment.parts[number].digest, hit.match] += many
    return counts


@dataclass(frozen=True)
class Asked:
    """What is traced: one of these.

    ``file`` is a file that holds a text, in UTF-8; its last line feed need not be the text's.
    """

    text: str | None = None
    file: str | None = None
    digest: str | None = None
    url: str | None = None

    def answer(self, tracer: Tracer, *, threshold: float = THRESHOLD, limit: int = LIMIT) -> Trace:
        """Trace it. UsageError unless one thing is asked for."""
        if sum(value is not None for value in vars(self).values()) != 1:
            raise UsageError("trace one of a text, --file, --digest and --url")
        if self.digest is not None:
            return tracer.digest(self.digest, limit=limit)
        if self.url is not None:
            return tracer.url(self.url, limit=limit)
        text, lenient = self.content() or "", self.file is not None
        return tracer.text(text, threshold=threshold, limit=limit, lenient_end=lenient)

    def content(self) -> str | None:
        """The text that is asked for, if any."""
        return self.text if self.file is None else _text_of(self.file)


def _text_of(file: str) -> str:
    try:
        return Path(file).read_bytes().decode()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is no UTF-8: {error}") from error


def trace(  # noqa: PLR0913
    store: Store,
    text: str | None = None,
    *,
    file: str | None = None,
    digest: str | None = None,
    url: str | None = None,
    threshold: float = THRESHOLD,
    limit: int = LIMIT,
) -> Trace:
    """Ask once; see ``Tracer`` for many questions. UsageError unless one thing is asked for."""
    asked = Asked(text, file, digest, url)
    return asked.answer(Tracer(store), threshold=threshold, limit=limit)
