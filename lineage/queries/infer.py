"""Which snapshots share content, how much, and what follows: lineage that nobody recorded.

Identities of documents survive new shards and other compression, so content alone tells what
is in what. It does not tell which was first: every edge is undirected (``overlaps``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from lineage.errors import UsageError
from lineage.graph import Edge, Relation
from lineage.queries.compare import Comparison, Options, Pair, Relationship, equal_pair
from lineage.queries.held import Held, Known, classes_of, hold, known_descent, named_roots
from lineage.queries.sets import MEASURES
from lineage.queries.shares import CONFIDENCE, Part, Share
from lineage.store.graph import declare
from lineage.store.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

UNDIRECTED = "undirected"


@dataclass(frozen=True)
class Inferred:
    """The answer: snapshots in classes of equal content, and pairs, most in common first.

    ``implied`` counts pairs that follow from others and are not listed; ``written`` the edges
    that were new to the store, None where none were to be written.
    """

    classes: tuple[tuple[Held, ...], ...]
    pairs: tuple[Pair, ...]
    implied: int
    written: int | None
    options: Options

    def table(self) -> pa.Table:
        """One row a pair and direction: how much of ``snapshot`` is in ``other``."""
        import pyarrow as pa  # noqa: PLC0415

        rows = [row for pair in self.pairs for row in _rows(pair)]
        return pa.Table.from_pylist(rows, schema=_schema())


def infer(
    store: Store, *snapshots: str, options: Options | None = None, dry_run: bool = False
) -> Inferred:
    """Compare snapshots with each other: those named, or all of the store.

    Edges are written to the graph unless ``dry_run``, or the store is looked at as of the past.
    UsageError for a single name, or one that is not known.
    """
    options = options or Options()
    if len(snapshots) == 1:
        raise UsageError("one snapshot alone cannot be compared", hint="name two, or none for all")
    names = named_roots(store, snapshots)
    if snapshots and len(names) == 1:
        (called,) = names.values()
        raise UsageError(f"{' and '.join(snapshots)} are one snapshot: {called[0]}")
    held, samples, shards = hold(store, names, options.sample)
    classes = [[held[n] for n in members] for members in classes_of(held)]
    firsts = [members[0] for members in classes_of(held)]
    compared = Comparison(
        [held[n] for n in firsts],
        [samples[n] for n in firsts],
        [shards[n] for n in firsts],
        options,
        every=bool(snapshots),
    ).pairs()
    shown = [pair for pair in compared if options.full or not pair.through]
    pairs = _directed([*_equals(classes), *shown], classes, known_descent(store, names))
    edges = [_edge(pair, options) for pair in pairs if pair.kind is not Relationship.APART]
    written = None if dry_run or store.past is not None else declare(store, edges=edges)
    groups = tuple(tuple(members) for members in classes)
    return Inferred(groups, pairs, len(compared) - len(shown), written, options)


def _equals(classes: Sequence[Sequence[Held]]) -> Iterator[Pair]:
    """The first of each class with every other of it."""
    for first, *others in classes:
        yield from (equal_pair(first, other) for other in others)


def _directed(
    pairs: Sequence[Pair], classes: Sequence[Sequence[Held]], known: Known
) -> tuple[Pair, ...]:
    """Pairs with what is known of their descent, of any two members of their classes."""
    roots = {one.root: [m.root for m in members] for members in classes for one in members}

    def descent(pair: Pair) -> str:
        equal = pair.kind is Relationship.EQUAL
        first, second = (
            [one.root] if equal else roots[one.root] for one in (pair.first, pair.second)
        )
        for child, parent, ends in (
            (first, second, (pair.first, pair.second)),
            (second, first, (pair.second, pair.first)),
        ):
            basis = [known[c, p] for c in child for p in parent if (c, p) in known]
            if basis:
                return f"{basis[0]}: {ends[0].name} from {ends[1].name}"
        return UNDIRECTED

    return tuple(replace(pair, descent=descent(pair)) for pair in pairs)


def _edge(pair: Pair, options: Options) -> Edge:
    """An edge without direction: its ends are the smaller snapshot and the larger one."""
    method = "counted" if pair.counted else f"sample of {options.sample}, {CONFIDENCE:.0%}"
    facts = {
        "content": str(pair.kind),
        "direction": UNDIRECTED,
        "method": f"doc1, {method}",
        "near": f"estimated similarity of {options.threshold} or more",
        "child_in_parent": _written(pair.share),
        "parent_in_child": _written(pair.other),
    }
    if not pair.share.near:
        del facts["near"]
    if pair.kind is Relationship.EQUAL:
        facts["copies"] = "same" if pair.first.copies == pair.second.copies else "other"
    return Edge(pair.first.node, Relation.OVERLAPS, pair.second.node, pair.basis, facts)


def _written(share: Share) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(share).items() if value is not None}
    return {
        name: {measure: round(part, 6) for measure, part in value.items()}
        if isinstance(value, Mapping)
        else round(value, 6)
        for name, value in facts.items()
    }


def _rows(pair: Pair) -> Iterator[dict[str, Any]]:
    for mine, other, share in (
        (pair.first, pair.second, pair.share),
        (pair.second, pair.first, pair.other),
    ):
        yield {
            "snapshot": mine.name,
            "other": other.name,
            "content": str(pair.kind),
            **{name: mine.totals[name] for name in MEASURES},
            "share": share.exact.documents,
            "low": share.low,
            "high": share.high,
            **_columns("share", share.exact, 1),
            **_columns("words", share.words),
            **_columns("near", share.near),
            "basis": str(pair.basis),
            "descent": pair.descent,
            "through": pair.through or None,
            "root": mine.root,
            "other_root": other.root,
        }


def _columns(level: str, part: Part | None, start: int = 0) -> dict[str, float | None]:
    """A level's share of documents by its own name, of the other measures by ``level_measure``."""
    return {
        name: None if part is None else getattr(part, measure)
        for name, measure in list(zip(_names(level), MEASURES, strict=True))[start:]
    }


def _names(level: str) -> list[str]:
    return [level, *(f"{level}_{measure}" for measure in MEASURES[1:])]


def _schema() -> pa.Schema:
    import pyarrow as pa  # noqa: PLC0415

    text, share, number = pa.string(), pa.float64(), pa.int64()
    shares = ["share", "low", "high", *_names("share")[1:], *_names("words"), *_names("near")]
    return pa.schema(
        [
            *((name, text) for name in ("snapshot", "other", "content")),
            *((name, number) for name in MEASURES),
            *((name, share) for name in shares),
            *((name, text) for name in ("basis", "descent", "through", "root", "other_root")),
        ]
    )
