"""From events to rows: the one fold that commits, catches up and rebuilds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from lineage.store.journal import Event, canonical

Connection = duckdb.DuckDBPyConnection
_MANY = 100
"""Rows from which Arrow is faster than parameters of a statement."""
SHARD_COUNTS = ("bytes", "text_bytes", "records", "documents", "quarantined")


def apply(connection: Connection, events: Iterable[Event], end: int, root: Path) -> None:
    """Write the rows of events in one transaction that also moves the journal mark to ``end``.

    ``root`` is the store's folder: a scan's event names the file of its findings.
    """
    connection.execute("BEGIN")
    try:
        for event in events:
            connection.execute(
                "INSERT INTO event VALUES (?, ?, ?)", [event["number"], event["kind"], event["at"]]
            )
            _APPLY[event["kind"]](connection, event, root)
        connection.execute("UPDATE meta SET value = ? WHERE name = 'journal'", [end])
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def insert_rows(connection: Connection, table: str, rows: list[list[Any]]) -> None:
    """Insert rows into a table of the schema; many go by Arrow, which is faster."""
    if len(rows) < _MANY:
        if rows:
            marks = ",".join(["(" + ",".join("?" * len(rows[0])) + ")"] * len(rows))
            values = [value for row in rows for value in row]
            connection.execute(f"INSERT INTO {table} VALUES {marks}", values)
        return
    import pyarrow as pa  # noqa: PLC0415

    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    arrow = pa.table(columns, [f"c{number}" for number in range(len(columns))])
    connection.register("inserted", arrow)
    connection.execute(f"INSERT INTO {table} FROM inserted")
    connection.unregister("inserted")


def _shards(connection: Connection, event: Event, _root: Path) -> None:
    rows = []
    for shard in event["shards"]:
        connection.execute(
            "DELETE FROM shard WHERE digest = ? AND recipe = ?", [shard["digest"], shard["recipe"]]
        )
        rows.append(
            [
                *(shard[name] for name in ("digest", "recipe", "status", "format", "compression")),
                *(shard[name] for name in SHARD_COUNTS),
                shard["detail"],
                shard["manifest"],
                event["number"],
            ]
        )
    insert_rows(connection, "shard", rows)


def _source(connection: Connection, event: Event, _root: Path) -> None:
    _entities(connection, [["source", event["name"], event["facts"]]], event["number"])


def _graph(connection: Connection, event: Event, _root: Path) -> None:
    _entities(connection, event["entities"], event["number"])
    ends = "child_kind, child, relation, parent_kind, parent, basis"
    rows = [[*edge[:6], canonical(edge[6]), event["number"]] for edge in event["edges"]]
    _replace(connection, "edge", ends, rows)


def _entities(connection: Connection, entities: list[list[Any]], number: int) -> None:
    rows = [[kind, name, canonical(facts), number] for kind, name, facts in entities]
    _replace(connection, "entity", "kind, id", rows)


def _replace(connection: Connection, table: str, key: str, rows: list[list[Any]]) -> None:
    """Insert rows; older rows with the same values in the first columns, ``key``, go."""
    if not rows:
        return
    connection.execute(f"CREATE TEMP TABLE fresh AS FROM {table} LIMIT 0")
    insert_rows(connection, "fresh", rows)
    connection.execute(f"DELETE FROM {table} WHERE ({key}) IN (SELECT ({key}) FROM fresh)")
    connection.execute(f"INSERT INTO {table} FROM fresh")
    connection.execute("DROP TABLE fresh")


def _snapshot(connection: Connection, event: Event, _root: Path) -> None:
    number, dataset, root = event["number"], event["dataset"], event["root"]
    if not _exists(connection, "SELECT 1 FROM dataset WHERE name = ?", [dataset]):
        connection.execute("INSERT INTO dataset VALUES (?, ?)", [dataset, number])
    if not _exists(connection, "SELECT 1 FROM snapshot_shard WHERE root = ?", [root]):
        rows = [[root, path, digest, size, number] for path, digest, size in event["shards"]]
        insert_rows(connection, "snapshot_shard", rows)
    name = [dataset, event["label"], root]
    connection.execute("DELETE FROM snapshot WHERE dataset = ? AND label = ? AND root = ?", name)
    total = sum(size for _, _, size in event["shards"])
    connection.execute(
        "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?)",
        [*name, event["source"], len(event["shards"]), total, number],
    )


def _scan(connection: Connection, event: Event, root: Path) -> None:
    payload = json.loads((root / "scans" / f"{event['scan']}.json").read_bytes())
    for table in ("scan", "finding"):
        connection.execute(f"DELETE FROM {table} WHERE scan = ?", [event["scan"]])
    facts, findings = payload["facts"], payload["findings"]
    connection.execute(
        "INSERT INTO scan VALUES (?, ?, ?, ?, ?, ?)",
        [
            event["scan"],
            payload["root"],
            canonical(payload["recipes"]),
            canonical(facts),
            len(findings),
            event["number"],
        ],
    )
    rows = [
        [
            event["scan"],
            position,
            *(finding[name] for name in ("id", "code", "severity", "title", "revision", "members")),
            canonical(finding["payload"]),
            event["number"],
        ]
        for position, finding in enumerate(findings)
    ]
    insert_rows(connection, "finding", rows)


def _takedown(connection: Connection, event: Event, _root: Path) -> None:
    names = ("takedown", "asked", "documents", "records", "receipt", "purged")
    row = [event[name] for name in names]
    connection.execute("DELETE FROM takedown WHERE takedown = ?", [event["takedown"]])
    insert_rows(connection, "takedown", [[*row, event["number"]]])


def _returned(connection: Connection, event: Event, _root: Path) -> None:
    names = ("takedown", "shard", "recipe", "records")
    rows = [[row[name] for name in names] + [event["number"]] for row in event["returned"]]
    _replace(connection, "takedown_return", "takedown, shard, recipe", rows)


def _exists(connection: Connection, query: str, parameters: list[Any]) -> bool:
    return bool(connection.execute(query + " LIMIT 1", parameters).fetchall())


_APPLY: dict[str, Callable[[Connection, Event, Path], None]] = {
    "shards": _shards,
    "source": _source,
    "graph": _graph,
    "snapshot": _snapshot,
    "scan": _scan,
    "takedown": _takedown,
    "returned": _returned,
}
