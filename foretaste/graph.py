"""Questions to the lineage graph as functions: where things came from, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from foretaste.stores import Where, opened, opened_as_of
from lineage.export import openlineage
from lineage.queries import ai_act as summary
from lineage.queries import coverage as unknowns
from lineage.queries import impact as blast
from lineage.queries import lineage as around
from lineage.queries.ai_act import AiAct
from lineage.queries.coverage import Gaps
from lineage.queries.impact import THRESHOLD, Impact
from lineage.queries.lineage import Lineage
from scanners import COMPARING, select
from scanners.corpus import code_digest


def lineage(  # noqa: PLR0913
    name: str,
    *,
    direction: str = "both",
    depth: int | None = None,
    everything: bool = False,
    store: Where = None,
    as_of: str | None = None,
) -> Lineage:
    """The graph around what is called so: ``direction`` both, upstream or downstream.

    ``everything`` lists shards and findings of snapshots, which else are counted. UsageError if
    nothing is called so.
    """
    with opened_as_of(store, as_of) as there:
        return around.lineage(there, name, direction=direction, depth=depth, everything=everything)


def impact(  # noqa: PLR0913
    subject: str,
    *,
    since: str | None = None,
    until: str | None = None,
    threshold: float = THRESHOLD,
    store: Where = None,
    as_of: str | None = None,
) -> Impact:
    """The blast radius of a source, a domain, a shard, a finding or an artifact.

    ``since`` and ``until`` bound the records' own timestamps; ``threshold`` is the similarity of
    near-copies. UsageError for a name that means nothing, or several things.
    """
    with opened_as_of(store, as_of) as there:
        return blast.impact(there, subject, since=since, until=until, threshold=threshold)


def coverage(*, store: Where = None, as_of: str | None = None) -> Gaps:
    """What is not known: how many of how many, examples, and which command would fill it."""
    codes = [code for code in select() if code not in COMPARING]
    with opened_as_of(store, as_of) as there:
        return unknowns.coverage(there, code=f"scanners-{code_digest()}", codes=codes)


def ai_act(
    model: str,
    *,
    sme: bool = False,
    own: bool = False,
    store: Where = None,
    as_of: str | None = None,
) -> AiAct:
    """The training-content summary of a model; ``sme`` lists the domains of a small provider.

    ``own`` counts what the model itself learned, not what it is made from. UsageError for a
    model that is unknown.
    """
    with opened_as_of(store, as_of) as there:
        return summary.ai_act(there, model, sme=sme, own=own)


def export_openlineage(*, store: Where = None) -> Iterator[dict[str, Any]]:
    """Run events of all that was declared and seen, as OpenLineage has them."""
    return openlineage.export_openlineage(opened(store))
