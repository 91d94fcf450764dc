"""What was taken down and came back with a snapshot, told on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretaste.cli.talk import say

if TYPE_CHECKING:
    from lineage.model import Snapshot
    from lineage.store.store import Store


def told_returns(store: Store, snapshot: Snapshot) -> bool:
    """Say which takedowns this snapshot has records of; whether there are any."""
    if not (store.root / "takedowns").exists():
        return False
    from lineage.store.takedowns import returns_in  # noqa: PLC0415

    paths = {str(shard.digest): shard.path for shard in snapshot.shards}
    found = returns_in(store, paths)
    for takedown, shard, records in found:
        word = "record" if records == 1 else "records"
        say(f"taken down before: {records:,} {word} in {paths[shard]} (takedown {takedown})")
    return bool(found)
