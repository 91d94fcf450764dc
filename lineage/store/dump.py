"""The canonical dump: all that was committed, as text that equal stores have in common."""

from __future__ import annotations

from collections.abc import Iterator

from lineage.store.files import file_sha256
from lineage.store.journal import canonical
from lineage.store.store import Store

_TABLES = {
    "entity": "kind, id, facts",
    "edge": "child_kind, child, relation, parent_kind, parent, basis, facts",
    "dataset": "name",
    "snapshot": "dataset, label, root, source, shards, bytes",
    "snapshot_shard": "root, path, digest, bytes",
    "shard": "digest, recipe, status, format, compression, bytes, text_bytes, records, "
    "documents, quarantined, detail, manifest",
    "scan": "scan, root, recipes, facts, findings",
    "takedown": "takedown, asked, documents, records, receipt, purged",
    "takedown_return": "takedown, shard, recipe, records",
    "finding": "scan, position, id, code, severity, title, revision, members, payload",
}
"""Tables with their columns; left out: events (times, and how often a run was interrupted),
sightings (times), and the key."""


def canonical_dump(store: Store) -> Iterator[str]:
    """Lines of JSON: every row of every table, sorted, and the digest of every bundle file."""
    with store.reading() as connection:
        rows = {
            table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()
            for table, columns in _TABLES.items()
        }
    for table, columns in _TABLES.items():
        names = columns.split(", ")
        for row in rows[table]:
            yield canonical({"table": table, **dict(zip(names, row, strict=True))})
    for folder in sorted((store.root / "bundles").glob("*/*")):
        for file in sorted(folder.iterdir()):
            name = file.relative_to(store.root).as_posix()
            yield canonical({"file": name, "sha256": file_sha256(file)})
