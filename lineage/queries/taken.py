"""Which rows a takedown is about: copies and near-copies of texts, records of URLs and domains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lineage.errors import ReadingError
from lineage.fingerprint.batch import Batch
from lineage.fingerprint.passages import WIDTH, WINDOW
from lineage.fingerprint.query import Prints, prints_of, text_batch
from lineage.model import Digest
from lineage.reread import Again, again, read_rows
from lineage.store.bundle import Bundle
from lineage.store.lookup import Lookup, Opened
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
from lineage.store.store import Store

I64 = npt.NDArray[np.int64]
Name = tuple[str, str]
"""Shard digest and recipe of a bundle."""

CONTAINED = 0.8
"""Share of a text's shingles that a longer document has to be said to contain it."""


@dataclass
class Taken:
    """Rows to be taken down, by bundle: row -> how it was found (``exact``, ``near`` ...).

    ``unread`` counts those whose shard could not be read again, so that only fingerprints speak
    for them; ``quoting`` records that share a passage but contain less than most of a text:
    they are told, not taken. ``missed`` are positions of texts of which nothing was found.
    """

    rows: dict[Name, dict[int, str]] = field(default_factory=dict)
    unread: int = 0
    quoting: int = 0
    missed: list[int] = field(default_factory=list)

    def add(self, name: Name, row: int, how: str) -> None:
        """Take a row, unless it is taken already."""
        self.rows.setdefault(name, {}).setdefault(row, how)

    @property
    def records(self) -> int:
        """How many rows."""
        return sum(map(len, self.rows.values()))

    def counts(self) -> dict[str, int]:
        """Rows by how they were found."""
        hows = [how for rows in self.rows.values() for how in rows.values()]
        return {how: hows.count(how) for how in sorted(set(hows))}

    def sorted(self) -> dict[Name, list[int]]:
        """Rows as the store keeps them."""
        return {name: sorted(rows) for name, rows in sorted(self.rows.items())}


def take_texts(
    store: Store, lookup: Lookup, texts: Sequence[str], threshold: float, taken: Taken
) -> None:
    """Take every copy, near-copy and containing document of texts.

    Near ones and those that contain a text are read again where their shard is in its place.
    """
    candidates: dict[Name, dict[int, list[tuple[int, Match]]]] = {}
    quoting: set[tuple[Name, int]] = set()
    found: set[int] = set()
    for number, text in enumerate(texts):
        prints = prints_of(text)
        for hit in matches(lookup, prints, threshold):
            rows = _promising(hit, prints)
            names = _names(hit.opened, hit.rows)
            for row, (name, own) in zip(hit.rows.tolist(), names, strict=True):
                if hit.match in (Match.EXACT, Match.NORMALISED):
                    taken.add(name, own, str(hit.match))
                    found.add(number)
                elif row in rows:
                    candidates.setdefault(name, {}).setdefault(own, []).append((number, hit.match))
                else:
                    quoting.add((name, own))
    for name, row, number, how in _judged(store, texts, candidates, threshold, taken):
        if how:
            taken.add(name, row, how)
            found.add(number)
        else:
            quoting.add((name, row))
    taken.quoting += sum(row not in taken.rows.get(name, {}) for name, row in quoting)
    taken.missed += [number for number in range(len(texts)) if number not in found]


def _promising(hit: Hits, prints: Prints) -> set[int]:
    """Rows that may be near or contain the text, as far as fingerprints tell."""
    if hit.match is not Match.PASSAGE:
        return set(hit.rows.tolist())
    least = CONTAINED * prints.words
    enough = hit.strength * WINDOW + WIDTH >= least
    rows = hit.rows[enough].tolist()
    shared = shared_words(hit.opened, rows, prints)
    return {row for row, (_, likely) in zip(rows, shared, strict=True) if likely >= least}


def _names(opened: Opened, rows: I64) -> list[tuple[Name, int]]:
    """Bundle of each row of a segment, and its row there."""
    parts = opened.part_of(rows)
    own = rows - opened.segment.starts[parts]
    listed = opened.segment.parts
    return [
        ((listed[part].digest, listed[part].recipe), int(row))
        for part, row in zip(parts.tolist(), own.tolist(), strict=True)
    ]


def _judged(
    store: Store,
    texts: Sequence[str],
    candidates: dict[Name, dict[int, list[tuple[int, Match]]]],
    threshold: float,
    taken: Taken,
) -> Iterator[tuple[Name, int, int, str]]:
    """(bundle, row, text, how; '' for neither near nor containing) of candidates."""
    queries: dict[int, Batch] = {}
    for shard in again(store, {digest for digest, _ in candidates}):
        name = str(shard.digest), shard.bundle
        waiting = dict(candidates.get(name, {}))
        for rows, batch in _readable(store, shard, sorted(waiting)):
            for at, row in enumerate(rows.tolist()):
                for number, _ in waiting.pop(row, ()):
                    if number not in queries:
                        queries[number] = text_batch(texts[number])
                    yield name, row, number, _how(batch, at, queries[number], threshold)
        for row, pairs in waiting.items():
            taken.unread += 1
            for number, match in pairs:
                yield name, row, number, "near" if match is Match.NEAR else "contains"


def _readable(store: Store, shard: Again, rows: Sequence[int]) -> Iterator[tuple[I64, Batch]]:
    if not rows:
        return
    try:
        yield from read_rows(store, shard, np.array(rows, np.int64))
    except (ReadingError, OSError):
        return


def _how(batch: Batch, row: int, query: Batch, threshold: float) -> str:
    common, union = batch.shingles.shared(row, query.shingles)
    if not common:
        return ""
    if common >= threshold * union:
        return "near"
    return "contains" if common >= CONTAINED * len(query.shingles.of(0)) else ""


def take_urls(lookup: Lookup, urls: Iterable[str], taken: Taken) -> None:
    """Take all records of URLs."""
    for number, url in enumerate(urls):
        before = taken.records
        for opened in lookup.opened:
            for name, row in _names(opened, of_url(opened, url)):
                taken.add(name, row, "url")
        if taken.records == before:
            taken.missed.append(number)


def take_domain(lookup: Lookup, domain: str, taken: Taken) -> None:
    """Take all records of a domain and those in it."""
    for opened in lookup.opened:
        for name, row in _names(opened, of_domain(opened, domain)):
            taken.add(name, row, "domain")


def take_copies(store: Store, lookup: Lookup, taken: Taken) -> None:
    """Take all records with the identity or the words of those that are taken."""
    docs, norms = [np.zeros((0, 2), np.uint64)], [np.zeros(0, np.uint64)]
    for name, rows in taken.rows.items():
        bundle = Bundle.of(store.root, Digest.parse(name[0]), name[1])
        frame = bundle.records(["doc_hi", "doc_lo", "norm_hi", "band_00"])[sorted(rows)]
        docs.append(frame.select("doc_hi", "doc_lo").to_numpy())
        norms.append(frame.filter(frame["band_00"] != 0)["norm_hi"].to_numpy())
    doc, norm = np.unique(np.concatenate(docs), axis=0), np.unique(np.concatenate(norms))
    for opened in lookup.opened:
        for how, found in (
            ("exact", identified(opened, "doc", doc)),
            ("normalised", normalised(opened, norm)),
        ):
            for name, row in _names(opened, found[opened.visible(found)]):
                taken.add(name, row, how)
