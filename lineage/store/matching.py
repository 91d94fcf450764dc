"""Rows of the look-up that match a text's fingerprints, each by the strongest way it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from lineage.fingerprint.compact import similarity, standard_error
from lineage.fingerprint.passages import WIDTH, WINDOW
from lineage.fingerprint.query import Prints
from lineage.fingerprint.urls import host_of, name_key, normal_url
from lineage.store.lookup import Lookup, Opened
from lineage.store.segments import spread

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

MARGIN = 3.0
"""Standard errors below the threshold down to which an estimate counts: a pair at the threshold
is lost once in 700."""
MOST_POSTINGS = 1 << 22
"""Passage entries of a segment that are looked at, those of the rarest passages first."""


class Match(StrEnum):
    """How a record matches, strongest first."""

    EXACT = "exact"
    """Its text is the text asked for, byte for byte; or its identity, or its URL."""
    NORMALISED = "normalised"
    """The same words in the same order: case, punctuation and white space may differ."""
    NEAR = "near"
    """Much the same 5-word shingles, as its signature tells."""
    PASSAGE = "passage"
    """A run of words in common."""


@dataclass(frozen=True)
class Hits:
    """Rows of one segment that match in one way, m of them, best first.

    ``strength`` is the estimated similarity of near ones, the number of shared fingerprints of
    passages, else 1. ``whole`` is false where there were too many passages to look at all.
    """

    opened: Opened
    match: Match
    rows: I64
    strength: Floats
    whole: bool = True


def matches(lookup: Lookup, prints: Prints, threshold: float) -> Iterator[Hits]:
    """Hits by segment and match; a row is in one of them. Those without rows are left out."""
    for opened in lookup.opened:
        taken = np.zeros(0, np.int64)
        for match, find in _WAYS.items():
            rows, strength, whole = find(opened, prints, threshold)
            fresh = ~np.isin(rows, taken) & opened.visible(rows)
            rows, strength = rows[fresh], strength[fresh]
            if len(rows):
                taken = np.union1d(taken, rows)
                order = np.lexsort((rows, -strength))
                yield Hits(opened, match, rows[order], strength[order], whole)


_Found = tuple[I64, Floats, bool]


def _exact(opened: Opened, prints: Prints, _threshold: float) -> _Found:
    pairs = np.array(prints.lone, np.uint64)
    found = [identified(opened, name, pairs) for name in ("doc", "text")]
    return _all(np.unique(np.concatenate(found)))


def identified(opened: Opened, name: str, pairs: U64) -> I64:
    """Rows whose 128 bits of ``doc`` or ``text`` are among uint64[m, 2]."""
    which, rows = opened.segment.find(name, pairs[:, 0])
    same = (opened.segment.array(name)[rows] == pairs[which]).all(axis=1)
    return np.unique(rows[same])


def normalised(opened: Opened, highs: U64) -> I64:
    """Rows whose ``norm1`` begins with one of these 64 bits."""
    which, rows = opened.segment.find("norm", highs)
    return np.unique(rows[opened.segment.array("norm")[rows] == highs[which]])


def _normalised(opened: Opened, prints: Prints, _threshold: float) -> _Found:
    if not prints.words:
        return _all(np.zeros(0, np.int64))
    return _all(normalised(opened, np.array([prints.norm[0]], np.uint64)))


def _near(opened: Opened, prints: Prints, threshold: float) -> _Found:
    if not prints.words:
        return _all(np.zeros(0, np.int64))
    rows = np.unique(opened.segment.find("band", prints.bands)[1])
    estimates = similarity(opened.segment.array("sketch")[rows], prints.compact)
    enough = estimates >= least_estimate(threshold)
    return rows[enough], estimates[enough], True


def least_estimate(threshold: float) -> float:
    """The least estimate of similarity that may belong to a pair at the threshold."""
    return threshold - MARGIN * standard_error(threshold)


def _passages(opened: Opened, prints: Prints, _threshold: float) -> _Found:
    hashes = np.unique(prints.passages)
    first, last = opened.segment.find_passages(hashes)
    sizes = last - first
    order = np.argsort(sizes, kind="stable")
    kept = order[np.cumsum(sizes[order]) <= MOST_POSTINGS]
    _, at = spread(first[kept], last[kept])
    rows, counts = np.unique(opened.segment.array("passage.row")[at], return_counts=True)
    whole = bool(sizes[kept].sum() == sizes.sum())
    return rows.astype(np.int64), counts.astype(np.float64), whole


_WAYS: dict[Match, Callable[[Opened, Prints, float], _Found]] = {
    Match.EXACT: _exact,
    Match.NORMALISED: _normalised,
    Match.NEAR: _near,
    Match.PASSAGE: _passages,
}


def _all(rows: I64) -> _Found:
    return rows, np.ones(len(rows)), True


def shared_words(opened: Opened, rows: Sequence[int], prints: Prints) -> list[tuple[int, int]]:
    """Of each row: words of the text that surely are in a common passage, and those that may be.

    Sure are the words of passages that both have. Between two of them that lie no further apart
    than a window, all words may be common: an unbroken run has no larger gap.
    """
    hashes, position = np.unique(prints.passages, return_inverse=True)
    first, last = opened.segment.find_passages(hashes)
    sizes = last - first
    kept = np.flatnonzero(sizes <= MOST_POSTINGS)
    which, at = spread(first[kept], last[kept])
    found = opened.segment.array("passage.row")[at]
    out = []
    for row in rows:
        mine = kept[which[found == row]]
        at_words = np.flatnonzero(np.isin(position, mine))
        gaps = np.diff(at_words)
        sure = WIDTH + np.minimum(gaps, WIDTH).sum() if len(at_words) else 0
        maybe = WIDTH + np.where(gaps <= WINDOW, gaps, WIDTH).sum() if len(at_words) else 0
        out.append((int(sure), int(maybe)))
    return out


def of_url(opened: Opened, url: str) -> I64:
    """Visible rows of a URL, however it is written (see ``normal_url``)."""
    normal = normal_url(url)
    return _checked(opened, "url", normal, lambda found: normal_url(found) == normal)


def of_domain(opened: Opened, domain: str) -> I64:
    """Visible rows whose URL lies in a domain."""
    name = host_of(domain)
    end = f".{name}"
    return _checked(opened, "host", name, lambda url: f".{host_of(url)}".endswith(end))


def _checked(opened: Opened, name: str, text: str, same: Callable[[str], bool]) -> I64:
    key = np.array([name_key(text)], np.uint64)
    rows = np.unique(opened.segment.find(name, key)[1])
    rows = rows[opened.visible(rows)]
    places = opened.segment.places(rows.tolist())
    return rows[[place.url is not None and same(place.url) for place in places]]
