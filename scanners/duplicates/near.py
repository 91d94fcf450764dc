"""Documents that are nearly the same as others."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import polars as pl

from lineage.fingerprint.batch import Batch
from scanners.duplicates.evidence import Evidence, Tables, clustered
from scanners.duplicates.floods import LISTED, Flood
from scanners.duplicates.identities import table_of
from scanners.duplicates.measures import (
    Statistics,
    listed,
    origin_statistics,
    tightness,
    where,
)
from scanners.duplicates.origins import BASE, documents, members_component
from scanners.duplicates.sketches import kept_per_document
from scanners.duplicates.texts import beginnings, planned, wanted_of
from scanners.scanner import (
    Component,
    Finding,
    Fold,
    Input,
    Observed,
    Observer,
    Plan,
    Scanner,
    Schema,
)
from scanners.severity import Confidence, Consequence

THRESHOLD = 0.8
"""Jaccard similarity; the one that the bands of the bundles are chosen for."""

_LOW_HALF = 0xFFFFFFFF
KEYS_SCHEMA = Schema(
    keys={"key": pl.UInt64},
    values={"least": (pl.UInt32, Fold.MIN), "most": (pl.UInt32, Fold.MAX)},
)
CANDIDATES_SCHEMA = Schema(
    keys={"key": pl.UInt64, "doc_hi": pl.UInt64, "doc_lo": pl.UInt64},
    values={"records": (pl.UInt32, Fold.SUM), "shingles": (pl.UInt32, Fold.MAX)},
)
SETS_SCHEMA = Schema(
    keys={"ordinal": pl.UInt32},
    values={"shingles": (pl.Binary, Fold.MIN), "text": (pl.String, Fold.MIN)},
)


def _with_shingles(records: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Documents that have a shingle at all, and the names of their band columns."""
    rows = documents(records).filter(pl.col("shingles") > 0)
    return rows, [name for name in rows.columns if name.startswith("band_")]


class KeysObserver(Observer):
    """Per band key, the least and the most of a 32-bit piece of its documents' identities.

    Where the two differ, the key has two different documents; exact copies do not count. That
    is 16 bytes a key. Two documents of one key whose pieces collide (1 in 2**32) are missed
    in this band only.
    """

    def __init__(self, plan: Plan) -> None:
        del plan
        self._parts = [pl.DataFrame(schema=KEYS_SCHEMA.columns)]

    def see_records(self, records: pl.DataFrame) -> None:
        """Take the band keys of the documents among these rows."""
        rows, bands = _with_shingles(records)
        piece = (pl.col("doc_lo") & _LOW_HALF).cast(pl.UInt32)
        for band in bands:
            keys = rows.select(pl.col(band).alias("key"), least=piece, most=piece)
            self._parts.append(keys)

    def observation(self) -> pl.DataFrame:
        """Columns of ``KEYS_SCHEMA``."""
        folded = pl.concat(self._parts).group_by("key")
        return folded.agg(pl.col("least").min(), pl.col("most").max())


class CandidatesObserver(Observer):
    """The documents of those keys that the plan lists."""

    def __init__(self, plan: Plan) -> None:
        self._keys = pl.DataFrame({"key": pl.Series(plan.arrays["keys"], dtype=pl.UInt64)})
        self._parts = [pl.DataFrame(schema=CANDIDATES_SCHEMA.columns)]

    def see_records(self, records: pl.DataFrame) -> None:
        """Take the documents among these rows that share a band with another."""
        rows, bands = _with_shingles(records)
        for band in bands:
            keyed = rows.rename({band: "key"}).join(self._keys, on="key", how="semi")
            counts = keyed.group_by("key", "doc_hi", "doc_lo").agg(
                pl.len().cast(pl.UInt32).alias("records"), pl.col("shingles").max().cast(pl.UInt32)
            )
            self._parts.append(counts)

    def observation(self) -> pl.DataFrame:
        """Columns of ``CANDIDATES_SCHEMA``."""
        return pl.concat(self._parts)


class SetsObserver(Observer):
    """Shingle set (its least hashes, little-endian uint32) and beginning of wanted documents."""

    def __init__(self, plan: Plan) -> None:
        self._wanted = wanted_of(plan)
        self._keep = int(plan.facts["keep"])
        self._parts = [pl.DataFrame(schema=SETS_SCHEMA.columns)]

    def see(self, batch: Batch) -> None:
        """Take the wanted documents of one batch."""
        rows, at = planned(batch, self._wanted)
        if len(rows) == 0:
            return
        values, offsets = batch.shingles.values.astype("<u4", copy=False), batch.shingles.offsets
        ends = np.minimum(offsets[rows + 1], offsets[rows] + self._keep)
        spans = zip(offsets[rows].tolist(), ends.tolist(), strict=True)
        sets = [values[low:high].tobytes() for low, high in spans]
        columns = {
            "ordinal": pl.Series(at.astype(np.uint32)),
            "shingles": pl.Series(sets, dtype=pl.Binary),
            "text": beginnings(batch, rows),
        }
        self._parts.append(pl.DataFrame(columns).unique("ordinal", keep="any"))

    def observation(self) -> pl.DataFrame:
        """Columns of ``SETS_SCHEMA``."""
        return pl.concat(self._parts)


KEYS = Component("near-keys1", Input.RECORDS, KEYS_SCHEMA, KeysObserver)
CANDIDATES = Component("near-candidates1", Input.RECORDS, CANDIDATES_SCHEMA, CandidatesObserver)
SETS = Component("near-sets1", Input.WANTED, SETS_SCHEMA, SetsObserver)
MEMBERS = members_component("near-origins1")


class NearDuplicates(Scanner):
    """Clusters of different texts that share most of their five-word shingles.

    What it finds
        Documents that share a MinHash band are compared by the Jaccard similarity of their
        shingle sets (exact up to 1,024 shingles, a bottom-k estimate of standard error .0125
        above); .8 is near. Pairs chain, so each connected component is cut into tight clusters:
        every member is within the threshold of its cluster's medoid. Exact copies count as one
        text. A cluster becomes a finding of its own when it is larger than this corpus
        explains: compared with clusters of texts of about the same length, and with the
        clusters of the source, path or host that holds most of it. A component whose tight
        clusters are all ordinary but which is itself too large is reported as a chain.
        Everything else is one summary finding.

        Null: sizes of natural clusters follow a power law whose exponent is learnt
        from the clusters themselves (``sizes.py``). Anomalous: at most 0.01 clusters of that size
        expected in the whole corpus (Bonferroni over all clusters). The unlikeliest are tested
        for concentration in a place and in time against the corpus's own base rates (binomial,
        Bonferroni over clusters tested, places and windows). Where one is concentrated in all of
        these that the records tell, what is expected are clusters as large *and* sitting as
        closely together, by the share of such clusters in this corpus; it is then likely, or
        certain when both are told. Anomalous by size alone is possible.

    Why it matters
        Lightly edited copies pass an exact deduplication and multiply the weight of what they
        say. A flood of them from one place within hours is how a subject is occupied, and how
        a poisoned text is made to be learnt.

    Known false positives
        Templated pages (manuals, product and vulnerability pages, licences), periodic posts of
        one forum, syndicated news. A template's source usually has many clusters, which make
        its large ones ordinary; a source with a single large template does not, and is
        reported as possible. Very large buckets are compared by leaders, not by all pairs, so
        a cluster there may be reported in two parts.

    What to do
        Read the medoid and two other members. Keep one text of a flood, or none, and look at
        what else came from the same place at the time.
    """

    code: ClassVar[str] = "DUP002"
    name: ClassVar[str] = "near-duplicates"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = (
        (KEYS, BASE),
        (CANDIDATES,),
        (SETS, MEMBERS),
    )

    def plan(self, number: int, observed: Observed) -> Plan:
        """Round 1: keys of two documents or more. Round 2: those documents."""
        if number == 0:
            return Plan()
        if number == 1:
            shared = observed[KEYS.recipe].filter(pl.col("least") != pl.col("most"))
            return Plan(arrays={"keys": np.sort(shared["key"].to_numpy())})
        candidates = observed[CANDIDATES.recipe]
        identities = table_of(candidates)
        once = candidates.group_by("doc_hi", "doc_lo").agg(pl.col("shingles").max())
        keep = kept_per_document(once["shingles"].cast(pl.Int64).to_numpy())
        return Plan(arrays={"identities": identities}, facts={"keep": keep}, wanted=identities)

    def judge(self, observed: Observed) -> list[Finding]:
        """Floods and chains by themselves, all other clusters in one summary."""
        plan = self.plan(2, observed)
        evidence = clustered(
            wanted_of(plan),
            int(plan.facts["keep"]),
            Tables(*(observed[part.recipe] for part in (CANDIDATES, SETS, MEMBERS, BASE))),
            THRESHOLD,
        )
        if not evidence.clusters:
            return []
        floods = evidence.floods([cluster.members for cluster in evidence.clusters])
        told = {evidence.clusters[flood.group].component for flood in floods}
        parts = evidence.components
        chains = [
            chain for chain in evidence.floods(parts) if int(parts[chain.group][0]) not in told
        ]
        return [
            *(_flood(flood, evidence) for flood in floods[:LISTED]),
            *(_chain(chain, evidence) for chain in chains[:LISTED]),
            *_summary(floods, chains, evidence),
        ]


def _flood(flood: Flood, evidence: Evidence) -> Finding:
    cluster = evidence.clusters[flood.group]
    size = len(cluster.members)
    statistics: Statistics = {"texts": size, "records": evidence.records_of(cluster.members)}
    statistics |= {"medoid": evidence.names[cluster.medoid]}
    statistics |= tightness(cluster.medoid, cluster.members, evidence.sketches)
    statistics |= {"texts_of_component": evidence.component_size(cluster)}
    return Finding(
        code=NearDuplicates.code,
        key=evidence.names[int(cluster.members[0])],
        title=f"{size:,} near-copies of one text{where(flood)}",
        consequence=Consequence.DISTORTION,
        confidence=flood.confidence,
        strength=size,
        members=tuple(evidence.names[member] for member in cluster.members.tolist()),
        statistics=statistics | origin_statistics(flood),
        excerpts=evidence.excerpts(cluster),
    )


def _chain(chain: Flood, evidence: Evidence) -> Finding:
    members = evidence.components[chain.group]
    inside = [c for c in evidence.clusters if c.component == int(members[0])]
    largest = max(inside, key=lambda cluster: (len(cluster.members), -cluster.medoid))
    statistics: Statistics = {
        "texts": len(members),
        "records": evidence.records_of(members),
        "tight_clusters": len(inside),
        "texts_of_largest_cluster": len(largest.members),
        "medoid": evidence.names[largest.medoid],
    }
    statistics |= tightness(largest.medoid, members, evidence.sketches)
    return Finding(
        code=NearDuplicates.code,
        key=evidence.names[int(members[0])],
        title=f"a chain of {len(members):,} texts, each a near-copy of another{where(chain)}",
        consequence=Consequence.DISTORTION,
        confidence=chain.confidence,
        strength=len(members),
        members=tuple(evidence.names[member] for member in members.tolist()),
        statistics=statistics | origin_statistics(chain),
        excerpts=evidence.excerpts(largest),
    )


def _summary(floods: list[Flood], chains: list[Flood], evidence: Evidence) -> list[Finding]:
    """One low finding for all clusters that are not findings of their own."""
    shown = {flood.group for flood in floods[:LISTED]}
    told = {int(evidence.components[chain.group][0]) for chain in chains[:LISTED]}
    rest = [
        cluster
        for group, cluster in enumerate(evidence.clusters)
        if group not in shown and cluster.component not in told
    ]
    if not rest:
        return []
    texts = sum(len(cluster.members) for cluster in rest)
    largest = max(rest, key=lambda cluster: (len(cluster.members), -cluster.medoid))
    statistics: Statistics = {
        "clusters": len(rest),
        "texts": texts,
        "surplus": texts - len(rest),
        "pairs": sum(len(cluster.members) == 2 for cluster in rest),
        "largest_cluster": len(largest.members),
        "largest_component": max(len(part) for part in evidence.components),
        "candidates_compared": len(evidence.names),
        "not_listed": max(0, len(floods) - LISTED) + max(0, len(chains) - LISTED),
    }
    statistics |= tightness(largest.medoid, largest.members, evidence.sketches)
    names = [evidence.names[member] for cluster in rest for member in cluster.members.tolist()]
    return [
        Finding(
            code=NearDuplicates.code,
            key="summary",
            title=f"{texts:,} texts in {len(rest):,} ordinary clusters of near-copies",
            consequence=Consequence.NUISANCE,
            confidence=Confidence.CERTAIN,
            strength=texts - len(rest),
            members=listed(names),
            statistics=statistics,
            excerpts=evidence.excerpts(largest),
        )
    ]
