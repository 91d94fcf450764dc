"""The answer of ``impact`` as one table: a row says in its first column what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lineage.graph import Basis
from lineage.queries.reach import Reached
from lineage.queries.spread import Copied, Counts
from lineage.store.matching import Match

if TYPE_CHECKING:
    import pyarrow as pa

    from lineage.queries.impact import Exposure, Impact, Snapshot

_TEXTS = "section name basis match source dataset_path record_id way role"
_COUNTS = (
    "records documents bytes tokens copied_records copied_tokens edges_without_epochs "
    "undated record"
)
_NUMBERS = "epochs tokens_epochs copied_tokens_epochs token_share similarity similarity_most"
Row = dict[str, Any]


def table(impact: Impact) -> pa.Table:
    """Rows of sections total, shard, snapshot, run, model, training, copies, example, upstream.

    ``copied_*`` are of copies in other places, all else of the subject's own records.
    """
    import pyarrow as pa  # noqa: PLC0415

    columns = [(name, pa.string()) for name in _TEXTS.split()]
    columns += [(name, pa.int64()) for name in _COUNTS.split()]
    columns += [(name, pa.float64()) for name in _NUMBERS.split()]
    return pa.Table.from_pylist(list(_rows(impact)), schema=pa.schema(columns))


def way(reached: Reached) -> str:
    """``trained-on snapshot:sha256:..., fine-tuned-from artifact:x``; '' for a start."""
    return ", ".join(f"{edge.relation} {edge.parent}" for edge in reached.way)


def _rows(impact: Impact) -> Iterator[Row]:
    yield _total(impact)
    for own in impact.shards:
        yield {
            "section": "shard",
            "name": own.holding.digest,
            "basis": str(own.basis),
            "dataset_path": _place(own.holding.held),
            "documents": len(own.documents),
            **_counts(own.counts),
        }
    for snapshot in impact.snapshots:
        yield {**_reached("snapshot", snapshot.reached), **_snapshot(snapshot)}
    for run in impact.runs:
        yield _reached("run", run)
    for model in impact.models:
        both = (*model.own, *model.inherited)
        yield {
            **_reached("model", model.reached),
            "tokens_epochs": sum(e.seen(e.snapshot.counts.tokens) or 0 for e in both),
            "copied_tokens_epochs": sum(e.seen(_copied(e.snapshot).tokens) or 0 for e in both),
            "edges_without_epochs": sum(e.epochs is None for e in both),
        }
    for exposure in impact.exposures:
        yield _training(exposure)
    for (source, match), (counts, documents) in impact.copied.items():
        alike = [c.similarity for c in impact.copies if (c.source, c.match) == (source, match)]
        yield {
            "section": "copies",
            "match": str(match),
            "basis": str(Basis.INFERRED_SKETCH if match is Match.NEAR else Basis.INFERRED_EXACT),
            "source": source,
            "documents": documents,
            **_counts(counts),
            "similarity": min(least for least, _ in alike),
            "similarity_most": max(most for _, most in alike),
        }
    for copied in impact.copies:
        yield from _examples(copied)
    for reached in impact.upstream:
        yield _reached("upstream", reached)


def _total(impact: Impact) -> Row:
    own, copied, unknown = impact.seen
    copies = sum((one.counts for one in impact.copies), Counts())
    return {
        "section": "total",
        "name": str(impact.subject),
        "documents": impact.documents,
        **_counts(impact.counts),
        "copied_records": copies.records,
        "copied_tokens": copies.tokens,
        "tokens_epochs": own,
        "copied_tokens_epochs": copied,
        "edges_without_epochs": unknown,
        "undated": impact.undated,
    }


def _reached(section: str, reached: Reached) -> Row:
    return {
        "section": section,
        "name": str(reached.node),
        "basis": str(reached.basis),
        "way": way(reached),
    }


def _snapshot(snapshot: Snapshot) -> Row:
    copied = _copied(snapshot)
    return {
        "dataset_path": ", ".join(snapshot.names),
        **_counts(snapshot.counts),
        "copied_records": copied.records,
        "copied_tokens": copied.tokens,
    }


def _training(exposure: Exposure) -> Row:
    snapshot = exposure.snapshot
    copied = _copied(snapshot)
    return {
        "section": "training",
        "name": f"artifact:{exposure.model}",
        "basis": str(exposure.basis),
        "role": exposure.role,
        **_snapshot(snapshot),
        "epochs": exposure.epochs,
        "token_share": exposure.token_share,
        "tokens_epochs": exposure.seen(snapshot.counts.tokens),
        "copied_tokens_epochs": exposure.seen(copied.tokens),
    }


def _examples(copied: Copied) -> Iterator[Row]:
    for record, name, similarity in copied.examples:
        yield {
            "section": "example",
            "name": copied.holding.digest,
            "match": str(copied.match),
            "source": copied.source,
            "dataset_path": _place(copied.holding.held),
            "record": record,
            "record_id": name,
            "similarity": similarity,
        }


def _counts(counts: Counts) -> Row:
    return {"records": counts.records, "bytes": counts.bytes, "tokens": counts.tokens}


def _copied(snapshot: Snapshot) -> Counts:
    return sum(snapshot.copied.values(), Counts())


def _place(held: tuple[Any, ...]) -> str:
    return ", ".join(f"{one.snapshot} {one.path}" for one in held[:3])
