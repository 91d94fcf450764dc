"""Takedowns in the store: tombstones, the rows they were made of, receipts, and what came back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from lineage.errors import StoreError, UsageError
from lineage.fingerprint.compact import similarity, standard_error
from lineage.fingerprint.query import text_batch
from lineage.model import Digest
from lineage.store.bundle import SKETCH_NAMES, Bundle, band_names
from lineage.store.files import publish_file, publish_folder, scratch
from lineage.store.journal import canonical
from lineage.store.store import Store
from lineage.store.tombstones import (
    Keys,
    Prints,
    Tombstones,
    joined,
    read_tombstones,
    tombstone_keys,
    write_tombstones,
)

Rows = Mapping[tuple[str, str], Sequence[int]]
"""(shard digest, bundle recipe) -> rows of the bundle, sorted."""

ENOUGH = 0.8
"""Share of a text's passages that a document must have to be said to contain it."""
_WIDE = [f"{kind}_{half}" for kind in ("doc", "norm") for half in ("hi", "lo")]


@dataclass(frozen=True)
class StoredTakedown:
    """One row of table ``takedown``; ``receipt`` is the SHA-256 of the newest receipt."""

    takedown: str
    asked: str
    documents: int
    records: int
    receipt: str
    purged: bool
    at: str


@dataclass(frozen=True)
class Return:
    """Records of a shard that were taken down before: ``kinds`` counts them by how it is known.

    Kinds are ``same rows`` (the shard itself was there), ``exact``, ``normalised``, ``near`` and
    ``contains``.
    """

    takedown: str
    shard: str
    recipe: str
    kinds: tuple[tuple[str, int], ...]

    @property
    def records(self) -> int:
        """How many records."""
        return sum(count for _, count in self.kinds)


def folder_of(store: Store, takedown: str) -> Path:
    """Where a takedown's files lie."""
    return store.root / "takedowns" / takedown


def load_takedowns(store: Store) -> list[StoredTakedown]:
    """All takedowns, oldest first."""
    query = (
        "SELECT t.takedown, t.asked, t.documents, t.records, t.receipt, t.purged, e.moment "
        "FROM takedown t JOIN event e ON e.number = t.event ORDER BY t.event"
    )
    with store.reading() as connection:
        return [StoredTakedown(*row) for row in connection.execute(query).fetchall()]


def find_takedown(store: Store, prefix: str) -> StoredTakedown:
    """The takedown whose id begins so; UsageError if there is none, or several."""
    found = [one for one in load_takedowns(store) if prefix and one.takedown.startswith(prefix)]
    if len(found) != 1:
        what = "several takedowns begin" if found else "no takedown begins"
        raise UsageError(f"{what} with {prefix!r}", hint="`foretaste takedown list` shows all")
    return found[0]


def keep_takedown(store: Store, takedown: str, rows: Rows, stones: Tombstones) -> None:
    """Write tombstones and rows durably; nothing if they are there already."""
    listed = [[*name, list(numbers)] for name, numbers in sorted(rows.items())]
    with scratch(store.staging) as aside:
        folder = aside / takedown
        folder.mkdir()
        write_tombstones(folder, stones)
        (folder / "rows.json").write_text(canonical(listed), encoding="ascii")
        publish_folder(folder, folder_of(store, takedown))


def rows_of(store: Store, takedown: str) -> dict[tuple[str, str], list[int]]:
    """The rows that a takedown was made of. StoreError if they are damaged."""
    listed = _json(folder_of(store, takedown) / "rows.json")
    return {(digest, recipe): rows for digest, recipe, rows in listed}


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} cannot be read: {error}", hint="restore it from a copy"
        ) from error


def save_receipt(store: Store, facts: Mapping[str, Any]) -> str:
    """Keep a receipt and journal its takedown; returns the receipt's text, canonical JSON.

    Its ``sha256`` is over the same JSON without it.
    """
    text = sealed(facts)
    receipt = json.loads(text)
    target = folder_of(store, receipt["takedown"]) / f"receipt-{receipt['sha256'][:16]}.json"
    publish_file(store.staging, target, lambda file: file.write_text(text, encoding="ascii"))
    event = {
        "kind": "takedown",
        "takedown": receipt["takedown"],
        "asked": receipt["asked"]["by"],
        "documents": receipt["documents"],
        "records": receipt["records"],
        "receipt": receipt["sha256"],
        "purged": receipt["purge"] is not None,
    }
    with store.writing() as writer:
        writer.commit([event])
    return text


def load_receipt(store: Store, takedown: str) -> dict[str, Any]:
    """The newest receipt of a takedown. StoreError if it is not there."""
    receipt = find_takedown(store, takedown).receipt
    return dict(_json(folder_of(store, takedown) / f"receipt-{receipt[:16]}.json"))


def sealed(facts: Mapping[str, Any]) -> str:
    """Canonical JSON with the SHA-256 of itself without that."""
    plain = {name: value for name, value in facts.items() if name != "sha256"}
    sha = hashlib.sha256(canonical(plain).encode("ascii")).hexdigest()
    return canonical({**plain, "sha256": sha})


def read_prints(bundle: Bundle) -> Prints:
    """Fingerprints of all rows of a bundle."""
    columns = [*_WIDE, *band_names(), *SKETCH_NAMES]
    table = pq.read_table(bundle.folder / "records.parquet", columns=columns, partitioning=None)
    column = {name: table[name].to_numpy() for name in columns}
    passages = pq.read_table(bundle.folder / "passages.parquet", partitioning=None)
    return Prints(
        np.column_stack([column["doc_hi"], column["doc_lo"]]),
        np.column_stack([column["norm_hi"], column["norm_lo"]]),
        np.column_stack([column[name] for name in band_names()]),
        np.column_stack([column[name] for name in SKETCH_NAMES]),
        passages["row"].to_numpy().astype(np.int64),
        passages["hash"].to_numpy(),
    )


def prints_of_rows(store: Store, rows: Rows, texts: Sequence[str]) -> Prints:
    """Fingerprints of rows of bundles, and of texts, each document once."""
    parts = [
        read_prints(Bundle.of(store.root, Digest.parse(digest), recipe)).some(np.array(numbers))
        for (digest, recipe), numbers in rows.items()
    ]
    for text in texts:
        batch = text_batch(text)
        row, value = batch.passages
        dense = batch.doc, batch.norm, batch.bands, batch.compact
        parts.append(Prints(*dense, row.astype(np.int64), value))
    whole = joined(parts)
    _, first = np.unique(whole.doc, axis=0, return_index=True)
    return whole.some(np.sort(first[whole.doc[first].any(axis=1)]))


def known_again(keys: Keys, stones: Tombstones, prints: Prints, threshold: float) -> dict[int, str]:
    """Rows that a takedown recognises, each by the strongest kind."""
    found: dict[int, str] = {}
    for kind, name in (("doc", "exact"), ("norm", "normalised")):
        rows, _ = stones.find(keys, kind, prints)
        found |= {row: name for row in np.unique(rows).tolist() if row not in found}
    rows, owners = stones.find(keys, "band", prints)
    if len(rows):
        hidden = prints.compact[rows] ^ keys.pad(8)
        near = similarity(hidden, stones.hidden[owners]) >= threshold - standard_error(threshold)
        found |= {row: "near" for row in np.unique(rows[near]).tolist() if row not in found}
    rows, owners = stones.find(keys, "passage", prints)
    pairs, counts = np.unique(np.column_stack([rows, owners]), axis=0, return_counts=True)
    for (row, owner), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        if count >= ENOUGH * stones.passages[owner]:
            found.setdefault(row, "contains")
    return found


def returned(
    store: Store, bundles: Iterable[tuple[str, str]], threshold: float = 0.8
) -> list[Return]:
    """What came back with these bundles (shard digest, recipe); new returns are journalled.

    A shard that a takedown was made of counts as well: it still holds the records.
    """
    known = load_takedowns(store)
    if not known:
        return []
    keys = tombstone_keys(store)
    stones = {one.takedown: read_tombstones(folder_of(store, one.takedown)) for one in known}
    taken = {one.takedown: rows_of(store, one.takedown) for one in known}
    found = []
    for digest, recipe in sorted(set(bundles)):
        bundle = Bundle.of(store.root, Digest.parse(digest), recipe)
        manifest = bundle.manifest()
        if manifest is None or "passages.parquet" not in manifest.files:
            continue
        prints = read_prints(bundle)
        for one in known:
            rows = dict.fromkeys(taken[one.takedown].get((digest, recipe), ()), "same rows")
            rows |= {
                row: kind
                for row, kind in known_again(keys, stones[one.takedown], prints, threshold).items()
                if row not in rows
            }
            if rows:
                kinds = sorted(rows.values())
                counts = tuple((kind, kinds.count(kind)) for kind in sorted(set(kinds)))
                found.append(Return(one.takedown, digest, recipe, counts))
    _journal(store, found)
    return found


def returns_in(store: Store, shards: Iterable[str] | None = None) -> list[tuple[str, str, int]]:
    """(takedown, shard digest, records) of what came back, in these shards or in any."""
    wanted = None if shards is None else sorted(set(shards))
    query = (
        "SELECT takedown, shard, max(records) FROM takedown_return "
        "WHERE ? OR shard IN (SELECT unnest(?)) GROUP BY ALL ORDER BY ALL"
    )
    with store.reading() as connection:
        rows = connection.execute(query, [wanted is None, wanted or []]).fetchall()
    return [(row[0], row[1], row[2]) for row in rows]


def _journal(store: Store, found: Sequence[Return]) -> None:
    query = "SELECT takedown, shard, recipe, records FROM takedown_return"
    with store.reading() as connection:
        there = set(connection.execute(query).fetchall())
    rows = [(one.takedown, one.shard, one.recipe, one.records) for one in found]
    names = ("takedown", "shard", "recipe", "records")
    fresh = [dict(zip(names, row, strict=True)) for row in rows if row not in there]
    if fresh:
        with store.writing() as writer:
            writer.commit([{"kind": "returned", "returned": fresh}])
