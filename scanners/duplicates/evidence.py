"""Everything that a judgement on near-copies looks at: clusters, names, origins, texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from scanners.duplicates.clusters import Cluster, components, tight_clusters, verified_edges
from scanners.duplicates.floods import Flood, Groups, judged
from scanners.duplicates.identities import I64, U64, hexes, positions
from scanners.duplicates.sketches import Sketches
from scanners.duplicates.texts import excerpt
from scanners.scanner import Excerpt

SHOWN = 3
"""Members of a cluster that are quoted."""


@dataclass(frozen=True)
class Tables:
    """Combined observations: candidates, their shingle sets and origins, and base rates."""

    candidates: pl.DataFrame
    sets: pl.DataFrame
    origins: pl.DataFrame
    base: pl.DataFrame


@dataclass(frozen=True)
class Evidence:
    """Candidates are ordinals 0 to n - 1 in order of identity.

    ``component`` int64[n] is -1 for candidates that are near to none; ``records`` and
    ``shingles`` int64[n] count records and shingles of each.
    """

    names: list[str]
    records: I64
    shingles: I64
    component: I64
    clusters: list[Cluster]
    sketches: Sketches
    texts: list[str]
    tables: Tables

    @cached_property
    def components(self) -> list[I64]:
        """Members of each component, sorted; components in order of their first member."""
        members = np.flatnonzero(self.component >= 0)
        members = members[np.argsort(self.component[members], kind="stable")]
        labels = self.component[members]
        return list(np.split(members, np.flatnonzero(labels[1:] != labels[:-1]) + 1))

    def component_size(self, cluster: Cluster) -> int:
        """Texts of the component that a cluster is part of."""
        return int(np.count_nonzero(self.component == cluster.component))

    def records_of(self, members: I64) -> int:
        """Records of some documents, exact copies included."""
        return int(self.records[members].sum())

    def floods(self, groups: list[I64]) -> list[Flood]:
        """The anomalous ones of some groups of documents."""
        sizes = np.array([len(group) for group in groups], dtype=np.int64)
        member = pl.DataFrame(
            {
                "ordinal": np.concatenate(groups).astype(np.uint32),
                "group": np.repeat(np.arange(len(groups)), sizes),
            }
        )
        origins = (
            self.tables.origins.join(member, on="ordinal", how="inner")
            .group_by("group", "kind", "origin")
            .agg(weight=pl.len().cast(pl.Int64), name=pl.col("name").min())
        )
        lengths = [int(np.median(self.shingles[group])) for group in groups]
        return judged(Groups(sizes, np.array(lengths), origins), self.tables.base)

    def excerpts(self, cluster: Cluster) -> tuple[Excerpt, ...]:
        """Beginnings of the medoid, of the member least like it, and of the smallest one."""
        similar = self.sketches.to_one(cluster.medoid, cluster.members)
        chosen = [cluster.medoid, int(cluster.members[np.argmin(similar)])]
        chosen += cluster.members[:SHOWN].tolist()
        return tuple(
            excerpt(self.names[one], self.texts[one]) for one in list(dict.fromkeys(chosen))[:SHOWN]
        )


def clustered(identities: U64, keep: int, tables: Tables, threshold: float) -> Evidence:
    """Compare candidates (``identities`` uint64[n, 2] sorted), and cluster them."""
    at = positions(identities, tables.candidates.select("doc_hi", "doc_lo").to_numpy())
    rows = tables.candidates.with_columns(ordinal=pl.Series(at))
    once = rows.group_by("ordinal").agg(pl.col("records", "shingles").max()).sort("ordinal")
    sets = once.select(pl.col("ordinal").cast(pl.UInt32)).join(
        tables.sets, on="ordinal", how="left", maintain_order="left"
    )
    sketches = Sketches.of(sets["shingles"].fill_null(b""), keep)
    edges = verified_edges(rows["key"].to_numpy(), at, sketches, threshold)
    component = components(edges, len(identities))
    return Evidence(
        names=hexes(identities),
        records=_integers(once["records"]),
        shingles=_integers(once["shingles"]),
        component=component,
        clusters=tight_clusters(edges, component, sketches, threshold),
        sketches=sketches,
        texts=sets["text"].fill_null("").to_list(),
        tables=tables,
    )


def _integers(column: pl.Series) -> npt.NDArray[np.int64]:
    return column.cast(pl.Int64).to_numpy()
