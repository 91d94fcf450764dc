"""From band keys to tight clusters: candidate pairs, verified edges, components, medoids.

Documents are ordinals in order of identity, so every tie is broken the same way however the
corpus was sharded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from scanners.duplicates.sketches import Sketches

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
U64 = npt.NDArray[np.uint64]

SMALL_BUCKET = 32
"""Buckets up to this size try all their pairs."""

LEADERS = 8
"""A larger bucket tries this many leaders against all that no earlier leader took, then
neighbours in order; what one bucket so misses, the same documents' other bands may find."""

SMALL_COMPONENT = 256
"""Components up to this size compare all their pairs."""

_COMPARISONS = 4_000_000
"""In a larger one, so many comparisons with medoids; after that only verified edges count."""


@dataclass(frozen=True)
class Edges:
    """Verified pairs, ``left < right``, distinct and sorted: int64[e] each."""

    left: I64
    right: I64


@dataclass(frozen=True)
class Cluster:
    """Documents within the threshold of their medoid; ``members`` int64[n] sorted."""

    medoid: int
    members: I64
    component: int
    """The smallest ordinal of the component that the cluster is part of."""


def verified_edges(keys: U64, documents: I64, sketches: Sketches, threshold: float) -> Edges:
    """Pairs that share a key and are as similar as ``threshold``.

    ``keys`` uint64[r] with ``documents`` int64[r], sorted by key, then document; no repeats.
    """
    bucket = np.cumsum(np.append(False, keys[1:] != keys[:-1]))[: len(keys)]
    large = np.bincount(bucket)[bucket] > SMALL_BUCKET
    small = pairs_within(bucket[~large], documents[~large])
    found = [_verify(small, sketches, threshold)[0]]
    found.extend(_led(bucket[large], documents[large], sketches, threshold))
    codes = np.unique(np.concatenate([left << 32 | right for left, right in found]))
    return Edges(codes >> 32, codes & 0xFFFFFFFF)


Pairs = tuple[I64, I64]


def pairs_within(bucket: I64, documents: I64) -> Pairs:
    """All pairs of documents in the same bucket, distinct; rows sorted by bucket, document."""
    codes = [np.zeros(0, np.int64)]
    for step in range(1, SMALL_BUCKET):
        same = np.flatnonzero(bucket[step:] == bucket[:-step])
        if len(same) == 0:
            break
        codes.append(np.unique(documents[same] << 32 | documents[same + step]))
    distinct = np.unique(np.concatenate(codes))
    return distinct >> 32, distinct & 0xFFFFFFFF


def _verify(pairs: Pairs, sketches: Sketches, threshold: float) -> tuple[Pairs, I64]:
    """Pairs that are similar enough, and which of the given ones they are."""
    left, right = pairs
    good = np.flatnonzero(sketches.similarity(left, right) >= threshold)
    return (left[good], right[good]), good


def _led(bucket: I64, documents: I64, sketches: Sketches, threshold: float) -> Iterator[Pairs]:
    """Edges of large buckets: to leaders, then between neighbours."""
    for _ in range(LEADERS):
        if len(bucket) == 0:
            return
        first = np.concatenate([[True], bucket[1:] != bucket[:-1]])
        leader = documents[np.flatnonzero(first)][np.cumsum(first) - 1]
        rest = np.flatnonzero(~first)
        edges, good = _verify((leader[rest], documents[rest]), sketches, threshold)
        yield edges
        taken = first.copy()
        taken[rest[good]] = True
        bucket, documents = bucket[~taken], documents[~taken]
    same = np.flatnonzero(bucket[1:] == bucket[:-1])
    yield _verify((documents[same], documents[same + 1]), sketches, threshold)[0]


def components(edges: Edges, count: int) -> I64:
    """Component int64[count] of each document: its smallest ordinal; -1 for those alone."""
    ones = np.ones(len(edges.left), dtype=np.int8)
    graph = coo_matrix((ones, (edges.left, edges.right)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    _, first, inverse, sizes = np.unique(
        labels, return_index=True, return_inverse=True, return_counts=True
    )
    return np.where(sizes[inverse] > 1, first[inverse], -1).astype(np.int64)


def tight_clusters(
    edges: Edges, component: I64, sketches: Sketches, threshold: float
) -> list[Cluster]:
    """Clusters of two and more, in order of component, then of being made.

    Greedy: the document with most neighbours (then greatest similarity, then smallest
    identity) is a medoid; all within the threshold of it and not yet taken join it.
    """
    members = np.flatnonzero(component >= 0)
    members = members[np.argsort(component[members], kind="stable")]
    labels = component[members]
    cuts = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    found: list[Cluster] = []
    for group in np.split(members, cuts) if len(members) else []:
        label = int(component[group[0]])
        if len(group) == 2:
            found.append(Cluster(int(group[0]), group, label))
        elif len(group) <= SMALL_COMPONENT:
            found.extend(_small(group, label, sketches, threshold))
        else:
            found.extend(_large(group, label, edges, sketches, threshold))
    return found


def _small(group: I64, label: int, sketches: Sketches, threshold: float) -> Iterator[Cluster]:
    similar = sketches.all_pairs(group)
    near = similar >= threshold
    free = np.ones(len(group), dtype=np.bool_)
    while free.any():
        counts = (near & free).sum(axis=1) * free
        best = np.flatnonzero(counts == counts.max())
        if counts[best[0]] < 2:
            return
        sums = np.round((similar[best] * (near[best] & free)).sum(axis=1), 9)
        medoid = int(best[np.argmax(sums)])
        taken = near[medoid] & free
        free &= ~taken
        yield Cluster(int(group[medoid]), group[taken], label)


def _large(
    group: I64, label: int, edges: Edges, sketches: Sketches, threshold: float
) -> Iterator[Cluster]:
    degree = np.bincount(np.concatenate([edges.left, edges.right]), minlength=len(sketches))
    free = group[np.lexsort((group, -degree[group]))]
    budget = _COMPARISONS
    while len(free) > 1 and budget > 0:
        budget -= len(free)
        near = sketches.to_one(int(free[0]), free) >= threshold
        near[0] = True
        if near.sum() > 1:
            yield Cluster(int(free[0]), np.sort(free[near]), label)
        free = free[~near]
    if len(free) > 1:
        yield from _by_edges(free, label, edges, len(sketches))


def _by_edges(order: I64, label: int, edges: Edges, count: int) -> Iterator[Cluster]:
    """As ``_large``, where a medoid takes only those that a verified edge joins to it."""
    ends = np.concatenate([edges.left, edges.right]), np.concatenate([edges.right, edges.left])
    graph = coo_matrix((np.ones(len(ends[0]), np.int8), ends), shape=(count, count)).tocsr()
    free = np.zeros(count, dtype=np.bool_)
    free[order] = True
    for medoid in order.tolist():
        joined = graph.indices[graph.indptr[medoid] : graph.indptr[medoid + 1]]
        members = np.append(joined[free[joined]], medoid).astype(np.int64)
        if free[medoid] and len(members) > 1:
            free[members] = False
            yield Cluster(medoid, np.sort(members), label)
