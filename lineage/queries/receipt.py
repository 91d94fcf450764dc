"""Whether a receipt of a takedown holds: what it says was done is so, and what remains now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lineage.errors import StoreError, UsageError
from lineage.model import Digest
from lineage.store.bundle import Bundle
from lineage.store.lookup import indexed, read_segments
from lineage.store.read import committed_shards
from lineage.store.store import Store
from lineage.store.takedowns import (
    folder_of,
    known_again,
    load_takedowns,
    read_prints,
    returns_in,
    rows_of,
    sealed,
)
from lineage.store.tombstones import read_tombstones, tombstone_keys

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Check:
    """One statement of a receipt; ``holds`` is None for what is told, not claimed."""

    what: str
    holds: bool | None
    detail: str


@dataclass(frozen=True)
class Verified:
    """All checks of a receipt."""

    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing that the receipt claims is wrong."""
        return all(check.holds is not False for check in self.checks)

    def table(self) -> pa.Table:
        """One row a check."""
        import pyarrow as pa  # noqa: PLC0415

        schema = pa.schema([("what", pa.string()), ("holds", pa.bool_()), ("detail", pa.string())])
        return pa.Table.from_pylist([vars(check) for check in self.checks], schema=schema)


def verify_receipt(store: Store, text: str) -> Verified:
    """Check a receipt (its JSON) against the store. UsageError if it is none."""
    try:
        facts = json.loads(text)
        name = str(facts["takedown"])
        whole = json.loads(sealed(facts))["sha256"] == facts["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"not a receipt of a takedown: {error!r}") from error
    first = Check("receipt is whole", whole, facts["sha256"])
    return Verified((first, *_checks(store, facts, name)))


def _checks(store: Store, facts: Mapping[str, Any], name: str) -> Iterator[Check]:
    keys = tombstone_keys(store)
    ours = facts["store"] == keys.name("store")
    yield Check("receipt is of this store", ours, facts["store"])
    known = {one.takedown: one for one in load_takedowns(store)}.get(name)
    if known is None:
        yield Check("takedown is in the journal", False, name)
        return
    kept = folder_of(store, name) / f"receipt-{facts['sha256'][:16]}.json"
    yield Check("receipt is one that the store gave", kept.exists(), kept.name)
    yield _tombstones(store, facts, name)
    if facts["purge"] is not None:
        yield from _purged(store, name)
        yield _segments(store)
    for shard in facts["shards"]:
        for path in shard["files"]:
            if Path(path).is_file():
                yield Check("remains", None, f"{path} holds {shard['records']} of the records")
    for model in facts["models"]:
        yield Check("remains", None, f"model {model['name']}: {model['how']}")
    for _, shard, records in (one for one in returns_in(store) if one[0] == name):
        yield Check("came back", None, f"{records} records in shard {shard}")


def _tombstones(store: Store, facts: Mapping[str, Any], name: str) -> Check:
    try:
        stones = read_tombstones(folder_of(store, name))
        counts = {kind: len(macs) for kind, macs in stones.macs.items()}
    except StoreError as error:
        return Check("tombstones are there", False, str(error))
    told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    return Check("tombstones are there", counts == facts["tombstones"], told)


def _purged(store: Store, name: str) -> Iterator[Check]:
    """Rows are blank, and no other row of the store is known again but what came back."""
    keys, stones = tombstone_keys(store), read_tombstones(folder_of(store, name))
    rows = rows_of(store, name)
    back = {shard for takedown, shard, _ in returns_in(store) if takedown == name}
    blank, held = 0, 0
    for (digest, recipe), part in committed_shards(store).items():
        if not part.manifest:
            continue
        bundle = Bundle.of(store.root, Digest.parse(digest), recipe)
        prints = read_prints(bundle)
        numbers = rows.get((digest, recipe), [])
        blank += int((~prints.doc[numbers].any(axis=1)).sum())
        again = known_again(keys, stones, prints, 1.0)
        exact = [row for row, kind in again.items() if kind in ("exact", "normalised")]
        held += 0 if digest in back else len(exact)
    total = sum(map(len, rows.values()))
    yield Check("rows of the store are blank", blank == total, f"{blank:,} of {total:,}")
    yield Check("no other row is a copy", held == 0, f"{held:,} copies")


def _segments(store: Store) -> Check:
    wanted = indexed(committed_shards(store))
    stale = sum(
        part.manifest != wanted[part.digest, part.recipe].manifest
        for segment in read_segments(store)
        for part in segment.parts
        if (part.digest, part.recipe) in wanted
    )
    return Check("the look-up is without them", stale == 0, f"{stale:,} bundles from before")
