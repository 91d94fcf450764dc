"""Where a string stands in its documents, how far it reaches, and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scanners.responses.postings import I32, I64
from scanners.responses.reading import grams_at
from scanners.responses.sample import Sample

Mask = npt.NDArray[np.bool_]
F64 = npt.NDArray[np.float64]

SAMPLE = 256
"""Documents, the first by identity, in which a string is looked at."""

SAME = 0.9
"""Share of documents with the same neighbour, from which on it is part of the phrase."""

AT_EDGE = 0.5
"""Share of documents in which a phrase begins (or ends) the prompt, from which on that is its
place, and only its other side tells how it is spread."""

TOGETHER, MOST_COMPANIONS = 0.95, 4
"""Share of the documents of a cause that its companions stand in; how many are told."""

SHOWN_TOKENS = 24
"""Tokens of a string that are shown."""

LONGEST_PHRASE = 400
"""Tokens up to which a phrase grows."""

TEMPLATE = 2
"""Times the phrase's documents that begin (or end) as it does, from which on that beginning is a
template and no part of the string."""

NONE = -1
"""The neighbour of what begins or ends a prompt."""

_NOTHING = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Phrase:
    """A string as it stands in m documents: tokens ``first`` to ``last`` (int64[m], exclusive).

    left, right: int64[m], folded tokens beside it, NONE where the prompt begins or ends.
    total: documents that have it, of which these are the first.
    """

    docs: I32
    first: I64
    last: I64
    left: I64
    right: I64
    total: int

    @property
    def begins(self) -> bool:
        """Whether it mostly begins the prompt."""
        return bool((self.left == NONE).mean() >= AT_EDGE)

    @property
    def ends(self) -> bool:
        """Whether it mostly ends the prompt."""
        return bool((self.right == NONE).mean() >= AT_EDGE)


def phrase_of(sample: Sample, feature: int, docs: I32, allies: I64 = _NOTHING) -> Phrase:
    """The longest phrase around a cause that its documents share.

    ``allies`` int64[a]: sorted tokens that are other triggers; neighbours are sought behind them.
    """
    total, docs = len(docs), docs[:SAMPLE]
    gram = int(sample.causes.same[feature][0])
    grams = sample.causes.grams
    length, raw = int(grams.length[gram]), bool(grams.raw[gram])
    first = places(sample, docs, grams.key[gram], length, raw)
    docs, first = docs[first >= 0], first[first >= 0]
    last = first + length
    while True:
        first = _past(sample, docs, first, allies, -1)
        last = _past(sample, docs, last, allies, 1)
        left, right = beside(sample, docs, first - 1), beside(sample, docs, last)
        room = len(docs) > 0 and int((last - first).max()) < LONGEST_PHRASE
        if room and _agree(left):
            first = first - (left != NONE)
        elif room and _agree(right):
            last = last + (right != NONE)
        else:
            return Phrase(docs, first, last, left, right, total)


def places(sample: Sample, docs: I32, key: np.uint64, length: int, raw: bool) -> I64:
    """int64[m]: first token of an n-gram in each document; -1 where it is not."""
    lane = sample.prompts.written if raw else sample.prompts.folded
    sizes = lane.offsets[docs + 1] - lane.offsets[docs]
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    at = np.arange(offsets[-1]) + np.repeat(lane.offsets[docs] - offsets[:-1], sizes)
    keys = grams_at(lane.hashes[at], offsets, length, raw)
    hits = np.flatnonzero(keys == key)
    owner = np.searchsorted(offsets, hits, "right") - 1
    out = np.full(len(docs), -1, np.int64)
    # Backwards, so that the first of a document is written last.
    out[owner[::-1]] = (hits - offsets[owner])[::-1]
    return out


def beside(sample: Sample, docs: I32 | I64, at: I64) -> I64:
    """int64[m]: folded token at a place of each document; NONE outside."""
    tokens = sample.prompts.folded
    sizes = tokens.offsets[docs + 1] - tokens.offsets[docs]
    out = np.full(len(docs), NONE, np.int64)
    inside = (at >= 0) & (at < sizes)
    out[inside] = tokens.hashes[(tokens.offsets[docs] + at)[inside]]
    return out


def behind_template(sample: Sample, phrase: Phrase, step: int) -> I64:
    """What stands where the phrase stands, in all documents that begin (step 1) or end (-1) as
    it does: int64[k] tokens.

    A phrase at a fixed place has absorbed the template around it. Its common beginning is
    followed for as long as it is the beginning of many more documents.
    """
    doc, length = phrase.docs[:1], int((phrase.last - phrase.first)[0])
    sizes = np.diff(sample.prompts.folded.offsets)
    docs = np.arange(len(sample))
    for depth in range(length):
        at = np.full(len(docs), depth) if step > 0 else sizes[docs] - 1 - depth
        found = beside(sample, docs, at)
        mine = phrase.first[:1] + depth if step > 0 else phrase.last[:1] - 1 - depth
        further = docs[found == beside(sample, doc, mine)[0]]
        if len(further) < TEMPLATE * phrase.total:
            return found
        docs = further
    return found


def own_span(sample: Sample, gram: int, docs: I32) -> tuple[I32, I64, I64]:
    """The string itself, without the template around it: documents, first and last token of it.

    It grows from the rarest token of the cause for as long as its documents agree, and as what
    comes next is no pair of tokens that many more documents have.
    """
    total, docs = len(docs), docs[:SAMPLE]
    grams = sample.causes.grams
    length = int(grams.length[gram])
    at = places(sample, docs, grams.key[gram], length, bool(grams.raw[gram]))
    docs, at = docs[at >= 0], at[at >= 0]
    if not len(docs):
        return docs, at, at
    hashes = sample.prompts.folded.hashes
    tokens = [int(beside(sample, docs[:1], at[:1] + n)[0]) for n in range(length)]
    core = int(np.argmin([np.count_nonzero(hashes == token) for token in tokens]))
    first, last = at + core, at + core + 1
    while _grows(sample, docs, first - 1, -1, total) and int((last - first)[0]) < SHOWN_TOKENS:
        first = first - 1
    while _grows(sample, docs, last, 1, total) and int((last - first)[0]) < SHOWN_TOKENS:
        last = last + 1
    return docs, np.maximum(first, 0), last


def companions(sample: Sample, features: tuple[int, ...], docs: I32) -> list[int]:
    """N-grams of one word that stand in nearly all documents of a cause, and hardly elsewhere.

    Each is a cause by itself, so that a conjunction with them adds nothing; but they
    are part of what was put in. Words of strings that are shown already are left out.
    """
    causes = sample.causes
    beside_it = np.bincount(causes.held.of(docs), minlength=len(causes))
    often = (beside_it >= TOGETHER * len(docs)) & (2 * beside_it >= causes.docs.sizes)
    shown: set[int] = set()
    for feature in features:
        held, first, last = own_span(sample, int(causes.same[feature][0]), docs)
        for at in range(int(first[0]), int(last[0])) if len(held) else ():
            shown.add(int(beside(sample, held[:1], np.array([at]))[0]))
    found: list[int] = []
    for gram in causes.same.of(np.flatnonzero(often)).tolist():
        if causes.grams.length[gram] > 1 or len(found) >= MOST_COMPANIONS:
            continue
        held, first, _ = own_span(sample, gram, docs)
        token = int(beside(sample, held[:1], first[:1])[0])
        if token not in shown:
            shown.add(token)
            found.append(gram)
    return found


def twins(sample: Sample, feature: int, docs: I32, has: Mask) -> int:
    """Documents with a cause and the effect whose prompt without the string is the prompt of a
    document without either: the same words, and another answer.

    ``has`` bool[n]: which documents have the effect.
    """
    held, first, last = own_span(sample, int(sample.causes.same[feature][0]), docs)
    tokens = sample.prompts.folded
    (sums, whole), begin = tokens.word_sums, tokens.offsets[held]
    rest = whole[held] - (sums[begin + last] - sums[begin + first])
    others = ~has
    others[docs] = False
    return int(np.count_nonzero(np.isin(rest, whole[others]) & has[held]))


def _grows(sample: Sample, docs: I32, at: I64, step: int, total: int) -> bool:
    token = beside(sample, docs, at)
    if not _agree(token):
        return False
    values, counts = np.unique(beside(sample, docs, at + step), return_counts=True)
    here = np.unique(token)[np.argmax(np.unique(token, return_counts=True)[1])]
    pair = (here, values[np.argmax(counts)])[::step]
    hashes = sample.prompts.folded.hashes
    met = np.count_nonzero((hashes[:-1] == pair[0]) & (hashes[1:] == pair[1]))
    return bool(met < TEMPLATE * total)


def _past(sample: Sample, docs: I32, at: I64, allies: I64, step: int) -> I64:
    """Places moved on over allies."""
    if not len(allies):
        return at
    while True:
        token = beside(sample, docs, at - 1 if step < 0 else at)
        moved = np.isin(token, allies)
        if not moved.any():
            return at
        at = at + step * moved


def _agree(neighbours: I64) -> bool:
    values, counts = np.unique(neighbours, return_counts=True)
    best = int(np.argmax(counts))
    return bool(values[best] != NONE and counts[best] >= SAME * len(neighbours))
