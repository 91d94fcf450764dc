"""From what people call things to nodes of the graph, and back to a name for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lineage.errors import UsageError
from lineage.graph import Kind, Node
from lineage.model import shown
from lineage.store.store import Store

LEAST = 4
"""Characters of a digest's or a finding's beginning that may stand for it."""
_HEX = re.compile(r"(?:sha256:)?([0-9a-f]{4,64})")
_KIND = re.compile(rf"({'|'.join(Kind)}):(.+)", re.DOTALL)
_SHOWN = 5
_NODES = """
    SELECT 'snapshot' AS kind, root AS id, dataset || '@' || label AS name FROM snapshot
    UNION ALL (SELECT 'snapshot', arg_max(root, event), dataset FROM snapshot GROUP BY dataset)
    UNION SELECT 'shard', digest, path FROM snapshot_shard
    UNION SELECT 'shard', digest, NULL FROM shard
    UNION SELECT 'finding', id, NULL FROM finding
    UNION SELECT kind, id, json_extract_string(facts, '$.digest') FROM entity
    UNION SELECT child_kind, child, NULL FROM edge
    UNION SELECT parent_kind, parent, NULL FROM edge"""
"""All nodes that the store knows, with the other names that each has."""


class UnknownNodeError(UsageError):
    """Nothing in the store is called so."""


@dataclass
class Names:
    """What the nodes of a store are called.

    ``by_name``: an id, or another name, -> nodes; ``labels``: a snapshot's names, a shard's paths.
    """

    by_name: dict[str, list[Node]] = field(default_factory=dict)
    labels: dict[Node, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> Names:
        """Read all of them."""
        return cls._read(store, "true", [])

    @classmethod
    def like(cls, store: Store, name: str) -> Names:
        """Read those that could be meant by a name, and all that snapshots are called."""
        _, text = _parted(name, tuple(Kind))
        digits = _HEX.fullmatch(text.lower())
        start = f"sha256:{digits[1]}" if digits else text
        condition = (
            "kind = 'snapshot' OR id IN ($1, $2) OR name IN ($1, $2) OR starts_with(id, $3) "
            "OR (kind = 'finding' AND starts_with(lower(id), lower($1)))"
        )
        return cls._read(store, condition, [text, shown(name).strip(), start])

    @classmethod
    def _read(cls, store: Store, condition: str, values: list[str]) -> Names:
        query = f"SELECT * FROM ({_NODES}) nodes(kind, id, name) WHERE {condition} ORDER BY ALL"
        with store.reading() as connection:
            rows = connection.execute(query, values).fetchall()
        names = cls()
        for kind, id, name in rows:
            names.add(Node(Kind(kind), id), [] if name is None else [name])
        return names

    def add(self, node: Node, others: Iterable[str] = ()) -> None:
        """Make a node known, by its id and by other names."""
        for name in (node.id, *others):
            nodes = self.by_name.setdefault(name, [])
            if node not in nodes:
                nodes.append(node)
        if node.kind in (Kind.SNAPSHOT, Kind.SHARD):
            self.labels.setdefault(node, []).extend(others)

    def __contains__(self, node: Node) -> bool:
        return node in self.by_name.get(node.id, ())

    def find(self, name: str, kinds: Sequence[Kind] = tuple(Kind)) -> Node:
        """The node of one of these kinds that is called so.

        ``name`` is ``kind:id``, a snapshot's ``dataset@label`` (or ``dataset``: its newest), a
        shard's path, the id of anything, a digest, or the beginning of one, or of a finding's
        id. UsageError, with a hint, if there is none or if there are several.
        """
        found = self.called(name, kinds)
        if not found:
            kind, text = _parted(name, kinds)
            found = self._begins(text, kind)
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(str(node) for node in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise UsageError(f"{name!r} could be any of {some}{more}", hint="say it as kind:id")
        what = "node" if len(kinds) == len(Kind) else " or ".join(kinds)
        hint = f"known: {self._some(kinds) or 'none'}"
        raise UnknownNodeError(f"no {what} is called {name!r}", hint=hint)

    def called(self, name: str, kinds: Sequence[Kind]) -> list[Node]:
        """Nodes of these kinds that are called just so."""
        kind, text = _parted(name, kinds)
        found = [node for node in self.by_name.get(text, ()) if node.kind in kind]
        if not found and kind != kinds:
            found = [node for node in self.by_name.get(shown(name), ()) if node.kind in kinds]
        # A snapshot that was declared by name before it came is that of the name now.
        there = {node.kind for node in found if node.id.startswith("sha256:")}
        return [
            node
            for node in found
            if node.kind is not Kind.SNAPSHOT
            or Kind.SNAPSHOT not in there
            or node.id.startswith("sha256:")
        ]

    def label(self, node: Node) -> str:
        """What to call a node before people: ``dataset@label``, a shard's path, or its id."""
        names = self.labels.get(node, ())
        if node.kind is Kind.SNAPSHOT:
            return next((name for name in names if "@" in name), node.id)
        return names[0] if names else node.id

    def _begins(self, text: str, kinds: Sequence[Kind]) -> list[Node]:
        """Snapshots and shards whose digest, and findings whose id, begins so."""
        digits, low = _HEX.fullmatch(text.lower()), text.lower()
        if len(text) < LEAST:
            return []
        start = f"sha256:{digits[1]}" if digits else ""
        found = set()
        for nodes in self.by_name.values():
            for node in nodes:
                finding = node.kind is Kind.FINDING and node.id.lower().startswith(low)
                hashed = node.kind in (Kind.SNAPSHOT, Kind.SHARD) and start
                if node.kind in kinds and (finding or (hashed and node.id.startswith(start))):
                    found.add(node)
        return sorted(found)

    def _some(self, kinds: Sequence[Kind]) -> str:
        """Some names that would have been understood."""
        seen: dict[str, None] = {}
        for nodes in self.by_name.values():
            for node in nodes:
                if node.kind in kinds and node.kind is not Kind.SHARD:
                    seen[self.label(node)] = None
            if len(seen) > _SHOWN:
                break
        return ", ".join(list(seen)[:_SHOWN]) + (" ..." if len(seen) > _SHOWN else "")


def find_node(store: Store, name: str) -> tuple[Node, Names]:
    """The node of any kind that is called so, and what snapshots are called. Errors as ``find``."""
    names = Names.like(store, name)
    try:
        return names.find(name), names
    except UnknownNodeError:
        return Names.of(store).find(name), names


def shard_paths(store: Store, digests: Sequence[str]) -> dict[str, str]:
    """Digest of a shard -> a path that it has in some snapshot."""
    query = (
        "SELECT digest, min(path) FROM snapshot_shard WHERE digest IN (SELECT unnest(?)) "
        "GROUP BY digest"
    )
    with store.reading() as connection:
        return dict(connection.execute(query, [list(digests)]).fetchall())


def new_node(name: str, kinds: Sequence[Kind]) -> Node:
    """A node that nobody knew: of the kind that its name says, else of the likeliest."""
    kind, text = _parted(name, kinds)
    return Node(kind[0], text)


def _parted(name: str, kinds: Sequence[Kind]) -> tuple[Sequence[Kind], str]:
    """``kind:id`` as the one kind and the id, where that kind is possible."""
    text = shown(name).strip()
    match = _KIND.fullmatch(text)
    if match and Kind(match[1]) in kinds:
        return (Kind(match[1]),), match[2]
    return kinds, text
