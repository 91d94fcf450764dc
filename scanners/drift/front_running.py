"""Edits bunched in time just before a snapshot was taken."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import polars as pl

from scanners.drift.counts import excess_ln_p
from scanners.drift.keys import KEYED, Pairs, both_sides, paired
from scanners.drift.texts import ORIGINS
from scanners.duplicates.identities import hexes, positions
from scanners.scanner import Component, Finding, Observed, Plan, Scanner, rounded
from scanners.severity import Confidence, Consequence

WINDOWS = (24, 72, 168)
"""Hours before the snapshot that are tried."""

LEAST_WINDOWS = 8
"""Earlier windows without which a source's own rate is unknown."""

LEAST_EDITS = 10
SIGNIFICANT = 1e-3


class FrontRunning(Scanner):
    """Edits that came just before the newer snapshot, faster than their source is edited.

    What it finds. Changed documents that carry times, by source: how many fall into the last
    1, 3 or 7 days before the source's latest time, against the number in earlier windows of
    that length since the first of them (negative binomial with their own mean and variance,
    Bonferroni over sources and windows).

    Why it matters. Snapshots of collaborative sites are announced; who edits just before one is
    in it, however soon the edit is undone (front-running, Carlini et al. 2023, arXiv
    2302.10149).

    Known false positives. A release, a clean-up, a contest of editors. Times of crawling are no
    times of editing: where most changes fall into the last window, nothing is said, and an
    attack that large is not seen. Needs eight windows of history.

    What to do. Compare these documents with a snapshot taken at random later.
    """

    code: ClassVar[str] = "DRF002"
    name: ClassVar[str] = "front-running"
    compares: ClassVar[bool] = True
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = (
        (KEYED, KEYED.of_reference),
        (ORIGINS,),
    )

    def __init__(self) -> None:
        self._pairs: Pairs | None = None

    def plan(self, number: int, observed: Observed) -> Plan:
        """Keys, then times of what changed; the same plans as those of DRF001."""
        if number == 0:
            return Plan()
        older, newer = observed.pop(KEYED.of_reference.name), observed.pop(KEYED.name)
        self._pairs = paired(older, newer, self.settings.get("key", ""))
        none = np.zeros((0, 2), np.uint64)
        return Plan(wanted=none if self._pairs is None else both_sides(self._pairs))

    def judge(self, observed: Observed) -> list[Finding]:
        """One finding a source."""
        if self._pairs is None:
            return []
        at = positions(both_sides(self._pairs), self._pairs.new)
        changed = pl.DataFrame({"ordinal": at.astype(np.uint32), "row": np.arange(len(at))})
        timed = observed[ORIGINS.name].filter(pl.col("hour").is_not_null())
        rows = changed.join(timed, on="ordinal").with_columns(pl.col("source").fill_null(""))
        sources = rows.partition_by("source", maintain_order=False)
        found = [_bunched(source, len(sources), self._pairs) for source in sources]
        return sorted((f for f in found if f is not None), key=lambda finding: finding.order)


def _bunched(rows: pl.DataFrame, sources: int, pairs: Pairs) -> Finding | None:
    hours = rows["hour"].to_numpy()
    ago = hours.max() - hours
    best: tuple[float, int, int, float] | None = None
    for width in WINDOWS:
        counts = np.bincount(ago // width)
        inside, history = int(counts[0]), counts[1:]
        if inside < LEAST_EDITS or len(history) < LEAST_WINDOWS or 2 * inside > len(hours):
            continue
        ln_p = excess_ln_p(inside, history) + math.log(sources * len(WINDOWS))
        if best is None or ln_p < best[0]:
            best = ln_p, width, inside, float(history.mean())
    if best is None or best[0] > math.log(SIGNIFICANT):
        return None
    ln_p, width, inside, usual = best
    members = hexes(pairs.new[rows["row"].to_numpy()[ago < width]])
    source = rows["source"][0]
    return Finding(
        code=FrontRunning.code,
        key=f"source {source}",
        title=f"{inside:,} documents were edited in the {width} hours before the snapshot",
        consequence=Consequence.CONTROL,
        confidence=Confidence.POSSIBLE,
        strength=round(-1000 * ln_p),
        members=tuple(sorted(set(members))),
        statistics={
            "source": source,
            "edits": inside,
            "usual in such a time": rounded(usual),
            "hours": width,
            "log10 p, corrected": rounded(ln_p / math.log(10)),
        },
    )
