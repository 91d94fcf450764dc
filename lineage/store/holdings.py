"""What of each shard can be asked about: its newest bundle, its places, its declared sources."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property

from lineage.fingerprint.recipe import FINGERPRINTS
from lineage.model import Digest
from lineage.store.bundle import Bundle
from lineage.store.commit import Connection
from lineage.store.store import Store


@dataclass(frozen=True, order=True)
class Held:
    """One path of one snapshot; ``root`` is the snapshot's."""

    dataset: str
    label: str
    path: str
    root: str

    @property
    def snapshot(self) -> str:
        """``dataset@label``."""
        return f"{self.dataset}@{self.label}"


@dataclass(frozen=True)
class Holding:
    """A shard (``sha256:...``) with its newest bundle, and where it is held, maybe nowhere.

    A shard that was read in several ways counts once, in the way it was read last. ``sources``
    are those that it, or a snapshot that holds it, was declared to come from.
    """

    digest: str
    recipe: str
    bundle: Bundle
    held: tuple[Held, ...]
    sources: tuple[str, ...]

    @property
    def current(self) -> bool:
        """Whether today's fingerprints are in the bundle; others cannot tell near-copies."""
        return self.recipe.endswith(FINGERPRINTS)

    @cached_property
    def times(self) -> Counter[str]:
        """How often each snapshot holds it, under so many paths; by root."""
        return Counter(root for root, _ in {(held.root, held.path) for held in self.held})

    @property
    def roots(self) -> frozenset[str]:
        """Snapshots that hold it."""
        return frozenset(self.times)


def holdings(store: Store) -> list[Holding]:
    """Every shard that has a bundle, by digest."""
    query = (
        "SELECT digest, arg_max(recipe, (event, recipe)) FROM shard WHERE manifest <> '' "
        "GROUP BY digest ORDER BY digest"
    )
    with store.reading() as connection:
        shards = connection.execute(query).fetchall()
        places = _held(connection)
        sources = _sources(connection)
    found = []
    for digest, recipe in shards:
        held = tuple(places.get(digest, ()))
        declared = {s for name in (digest, *(one.root for one in held)) for s in sources[name]}
        bundle = Bundle.of(store.root, Digest.parse(digest), recipe)
        found.append(Holding(digest, recipe, bundle, held, tuple(sorted(declared))))
    return found


def _held(connection: Connection) -> dict[str, list[Held]]:
    """Every path of every snapshot, by digest of the shard."""
    query = (
        "SELECT DISTINCT m.digest, s.dataset, s.label, m.path, s.root "
        "FROM snapshot s JOIN snapshot_shard m USING (root) ORDER BY ALL"
    )
    found: dict[str, list[Held]] = defaultdict(list)
    for digest, *held in connection.execute(query).fetchall():
        found[digest].append(Held(*held))
    return found


def _sources(connection: Connection) -> dict[str, list[str]]:
    """Declared sources by shard digest and by root of a snapshot."""
    query = (
        "SELECT DISTINCT child, parent FROM lineage_edge WHERE relation = 'collected-from' "
        "AND parent_kind = 'source' AND child_kind IN ('snapshot', 'shard')"
    )
    found: dict[str, list[str]] = defaultdict(list)
    for child, source in connection.execute(query).fetchall():
        found[child].append(source)
    return found
