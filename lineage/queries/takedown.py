"""A request for erasure, answered: what was found, who learned it, and a receipt for it.

Texts with their copies and near-copies, records of URLs or of a domain, or what a person
confirmed of another (``persons``, ``confirmed``). Every row that is found is kept by number and
by tombstones, never by content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lineage.errors import ReadingError, UsageError
from lineage.fingerprint.query import text_batch
from lineage.model import Digest, Role, identity_halves, identity_name
from lineage.queries.confirmed import Confirmed
from lineage.queries.descendants import models_from
from lineage.queries.persons import pattern_of
from lineage.queries.reach import links
from lineage.queries.taken import Taken, take_copies, take_domain, take_texts, take_urls
from lineage.reread import again, read_rows
from lineage.store.bundle import Bundle
from lineage.store.journal import canonical
from lineage.store.lookup import open_lookup
from lineage.store.purge import purge_rows
from lineage.store.redact import traces_of
from lineage.store.store import Store
from lineage.store.takedowns import (
    folder_of,
    keep_takedown,
    load_receipt,
    prints_of_rows,
    rows_of,
    save_receipt,
)
from lineage.store.tombstones import (
    Keys,
    make_tombstones,
    read_tombstones,
    tombstone_keys,
)
from lineage.store.where import Where, files_of, wheres

if TYPE_CHECKING:
    import pyarrow as pa

THRESHOLD = 0.8
Say = Callable[[str], object]


@dataclass(frozen=True)
class Request:
    """What is to be taken down: one of these. ``copies`` takes copies from other URLs, too."""

    texts: Sequence[str] = ()
    urls: Sequence[str] = ()
    domain: str | None = None
    confirmed: Confirmed | None = None
    copies: bool = False
    threshold: float = THRESHOLD

    @property
    def by(self) -> str:
        """``texts``, ``urls``, ``domain`` or ``subject``. UsageError unless it is one."""
        given = {
            "texts": bool(self.texts),
            "urls": bool(self.urls),
            "domain": self.domain is not None,
            "subject": self.confirmed is not None,
        }
        chosen = [name for name, there in given.items() if there]
        if len(chosen) != 1:
            raise UsageError("take down one of texts, URLs, a domain and a confirmed subject")
        return chosen[0]

    @property
    def asked(self) -> int:
        """How many texts, URLs or names."""
        names = self.confirmed.names if self.confirmed else ()
        return len(self.texts) + len(self.urls) + len(names) + (self.domain is not None)


@dataclass(frozen=True)
class Excluded:
    """A record that must not be used, with its place in one snapshot's shard."""

    document: str
    shard: str
    path: str | None
    record: int
    reading: int
    match: str


@dataclass(frozen=True)
class Takedown:
    """The answer. ``receipt`` is canonical JSON, '' where nothing was written (dry run)."""

    takedown: str
    excluded: tuple[Excluded, ...]
    facts: dict[str, Any] = field(repr=False)
    receipt: str = ""

    def table(self) -> pa.Table:
        """One row an excluded record and place."""
        import pyarrow as pa  # noqa: PLC0415

        numbers = {"record": pa.int64(), "reading": pa.int64()}
        names = Excluded.__dataclass_fields__
        schema = pa.schema([(name, numbers.get(name, pa.string())) for name in names])
        return pa.Table.from_pylist([vars(one) for one in self.excluded], schema=schema)

    @property
    def manifest(self) -> str:
        """The exclusion manifest: JSON lines of excluded records."""
        return "".join(canonical(vars(one)) + "\n" for one in self.excluded)


def takedown(
    store: Store,
    request: Request,
    *,
    purge: bool = False,
    dry_run: bool = False,
    say: Say = lambda _text: None,
) -> Takedown:
    """Take down what is asked for. With ``purge`` the store forgets it; ``dry_run`` only looks."""
    by = request.by
    lookup = open_lookup(store, say)
    taken = Taken()
    if by == "texts":
        take_texts(store, lookup, request.texts, request.threshold, taken)
    elif by == "urls":
        take_urls(lookup, request.urls, taken)
    elif request.domain is not None:
        take_domain(lookup, request.domain, taken)
    elif request.confirmed is not None:
        for name, rows in request.confirmed.rows.items():
            for row in rows:
                taken.add(name, row, "confirmed")
    if by == "subject" or request.copies:
        take_copies(store, lookup, taken)
    places, edges = wheres(store, {digest for digest, _ in taken.rows})
    excluded = tuple(_excluded(store, taken, places))
    facts = _facts(store, request, taken, places, excluded)
    labels = {one["root"]: f"{one['dataset']}@{one['label']}" for one in facts["snapshots"]}
    facts["models"] = [
        {"name": model.name, "how": model.how(labels), "basis": str(model.basis)}
        for model in models_from(links(edges), [one["root"] for one in facts["snapshots"]])
    ]
    if dry_run:
        return Takedown("", excluded, facts)
    facts |= _laid(store, request, taken)
    found = Takedown(facts["takedown"], excluded, facts)
    sha = hashlib.sha256(found.manifest.encode("ascii")).hexdigest()
    facts["exclusion"] = {"records": len(excluded), "sha256": sha}
    if purge:
        # The takedown first: a purge that is killed is seen, and can be done again.
        save_receipt(store, facts)
        names = request.confirmed.names if request.confirmed else ()
        facts["purge"] = purged(store, facts["takedown"], request.texts, names)
    facts["remains"] = _remains(facts)
    return replace(found, receipt=save_receipt(store, facts))


def _laid(store: Store, request: Request, taken: Taken) -> dict[str, Any]:
    """Lay the tombstones; what the receipt tells of them."""
    keys, rows = tombstone_keys(store, create=True), taken.sorted()
    asked = [
        identity_name(*pair) for text in request.texts for pair in text_batch(text).doc.tolist()
    ]
    name = keys.name(canonical([[[*bundle, numbers] for bundle, numbers in rows.items()], asked]))
    stones = make_tombstones(keys, prints_of_rows(store, rows, request.texts))
    keep_takedown(store, name, rows, stones)
    counts = {kind: len(macs) for kind, macs in stones.macs.items()}
    return {"takedown": name, "tombstones": counts, "store": keys.name("store"), "purge": None}


def _excluded(store: Store, taken: Taken, places: dict[str, list[Where]]) -> Iterator[Excluded]:
    for (digest, recipe), rows in sorted(taken.rows.items()):
        bundle = Bundle.of(store.root, Digest.parse(digest), recipe)
        frame = bundle.records(["record", "reading", "doc_hi", "doc_lo"])[sorted(rows)]
        paths = sorted({where.path for where in places[digest]}) if digest in places else [None]
        for row, (record, reading, high, low) in zip(sorted(rows), frame.iter_rows(), strict=True):
            for path in paths:
                document = identity_name(high, low)
                yield Excluded(document, digest, path, record, reading, rows[row])


def purged(
    store: Store, takedown: str, texts: Sequence[str] = (), names: Sequence[str] = ()
) -> dict[str, int]:
    """Purge the rows of a takedown; how much was removed.

    What betrays their texts is searched for with the texts themselves, read again from shards
    that are in their places, with ``texts`` and ``names`` besides.
    """
    rows, keys = rows_of(store, takedown), tombstone_keys(store)
    stones = read_tombstones(folder_of(store, takedown))
    known = {bytes(mac) for mac in stones.macs["doc"]}
    found, strings = list(texts), list[str]()
    for shard in again(store, {digest for digest, _ in rows}):
        numbers = np.array(rows.get((str(shard.digest), shard.bundle), ()), np.int64)
        if len(numbers) and shard.located is not None:
            with suppress(ReadingError, OSError):
                for _, batch in read_rows(store, shard, numbers):
                    found += batch.documents.text.to_pylist() + batch.documents.leaves.to_pylist()
                    for role in (Role.URL, Role.ID):
                        column = batch.documents.roles.get(role)
                        strings += [] if column is None else column.drop_null().to_pylist()
    traces = traces_of(found, strings, pattern_of(names) if names else None)
    return asdict(purge_rows(store, rows, traces, lambda name: _mac(keys, name) in known))


def purge_again(store: Store, takedown: str) -> Takedown:
    """Purge what was taken down before, or finish that; gives a new receipt."""
    facts = load_receipt(store, takedown)
    facts["purge"] = purged(store, takedown)
    facts["remains"] = _remains(facts)
    return Takedown(takedown, (), facts, save_receipt(store, facts))


def _mac(keys: Keys, document: str) -> bytes:
    try:
        return keys.mac("doc", identity_halves(document))
    except ValueError:
        return b""


def _facts(
    store: Store,
    request: Request,
    taken: Taken,
    places: dict[str, list[Where]],
    excluded: Sequence[Excluded],
) -> dict[str, Any]:
    """What the receipt tells, but for what comes later."""
    files = files_of(store, {digest for digest, _ in taken.rows})
    by_shard: dict[str, int] = {}
    for (digest, _), rows in taken.rows.items():
        by_shard[digest] = by_shard.get(digest, 0) + len(rows)
    snapshots: dict[tuple[str, str, str], int] = {}
    for digest, count in by_shard.items():
        for name in {(w.dataset, w.label, w.root) for w in places.get(digest, ())}:
            snapshots[name] = snapshots.get(name, 0) + count
    confirmed = request.confirmed
    return {
        "version": 1,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "asked": {
            "by": request.by,
            "count": request.asked,
            "threshold": request.threshold,
            "missed": taken.missed,
            "refused": confirmed.refused if confirmed else 0,
            "undecided": confirmed.undecided if confirmed else 0,
        },
        "found": taken.counts(),
        "records": taken.records,
        "documents": len({one.document for one in excluded}),
        "judged_by_fingerprints_alone": taken.unread,
        "quoting_but_not_taken": taken.quoting,
        "shards": [
            {
                "shard": digest,
                "records": count,
                "files": [path for path, _ in files.get(digest, ())],
            }
            for digest, count in sorted(by_shard.items())
        ],
        "snapshots": [
            {"dataset": dataset, "label": label, "root": root, "records": count}
            for (dataset, label, root), count in sorted(snapshots.items())
        ],
    }


def _remains(facts: dict[str, Any]) -> list[str]:
    """What this takedown does not reach, in words."""
    left = []
    for shard in facts["shards"]:
        there = [path for path in shard["files"] if Path(path).is_file()]
        left += [f"file {path} still holds {shard['records']} of the records" for path in there]
    left += [
        f"model {model['name']} has learned from a snapshot that holds them: {model['how']}"
        for model in facts["models"]
    ]
    if facts["purge"] is None:
        left.append("fingerprints and places of the records in this store, for it was not purged")
    left.append("backups and copies of files, of the store and of models, which nobody named here")
    return left
