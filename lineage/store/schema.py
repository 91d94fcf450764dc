"""The tables of the index, as numbered migrations: ``MIGRATIONS[k]`` leads to version k + 1.

Digests are text with their algorithm (``sha256:...``). No table has a primary key or an index:
DuckDB maintains them row by row, and zone maps serve the look-ups. ``event`` in a row names the
journal event that made it. Times stand only in ``event``.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from lineage.errors import StoreError


def _first_tables(connection: duckdb.DuckDBPyConnection) -> None:
    for statement in (
        """CREATE TABLE event (
            number BIGINT NOT NULL, kind VARCHAR NOT NULL, moment VARCHAR NOT NULL)""",
        "CREATE TABLE source (name VARCHAR NOT NULL, facts VARCHAR NOT NULL, event BIGINT)",
        "CREATE TABLE dataset (name VARCHAR NOT NULL, event BIGINT)",
        """CREATE TABLE snapshot (
            dataset VARCHAR NOT NULL, label VARCHAR NOT NULL, root VARCHAR NOT NULL,
            source VARCHAR, shards BIGINT NOT NULL, bytes BIGINT NOT NULL, event BIGINT)""",
        """CREATE TABLE snapshot_shard (
            root VARCHAR NOT NULL, path VARCHAR NOT NULL, digest VARCHAR NOT NULL,
            bytes BIGINT NOT NULL, event BIGINT)""",
        """CREATE TABLE shard (
            digest VARCHAR NOT NULL, recipe VARCHAR NOT NULL, status VARCHAR NOT NULL,
            format VARCHAR NOT NULL, compression VARCHAR NOT NULL, bytes BIGINT NOT NULL,
            text_bytes BIGINT NOT NULL, records BIGINT NOT NULL, documents BIGINT NOT NULL,
            quarantined BIGINT NOT NULL, detail VARCHAR NOT NULL,
            manifest VARCHAR NOT NULL, event BIGINT)""",
        """CREATE TABLE scan (
            scan VARCHAR NOT NULL, root VARCHAR NOT NULL, recipes VARCHAR NOT NULL,
            facts VARCHAR NOT NULL, findings BIGINT NOT NULL, event BIGINT)""",
        """CREATE TABLE finding (
            scan VARCHAR NOT NULL, position BIGINT NOT NULL, id VARCHAR NOT NULL,
            code VARCHAR NOT NULL, severity VARCHAR NOT NULL, title VARCHAR NOT NULL,
            revision VARCHAR NOT NULL, members BIGINT NOT NULL,
            payload VARCHAR NOT NULL, event BIGINT)""",
        """CREATE TABLE sighting (
            file VARCHAR NOT NULL, bytes BIGINT NOT NULL, mtime_ns BIGINT NOT NULL,
            digest VARCHAR NOT NULL)""",
    ):
        connection.execute(statement)


def _graph(connection: duckdb.DuckDBPyConnection) -> None:
    """Entities and edges; sources become entities, and a view adds the edges the store saw."""
    for statement in (
        """CREATE TABLE entity (
            kind VARCHAR NOT NULL, id VARCHAR NOT NULL, facts VARCHAR NOT NULL, event BIGINT)""",
        "INSERT INTO entity SELECT 'source', name, facts, event FROM source",
        "DROP TABLE source",
        """CREATE VIEW source AS SELECT id AS name, facts, event FROM entity
            WHERE kind = 'source'""",
        """CREATE TABLE edge (
            child_kind VARCHAR NOT NULL, child VARCHAR NOT NULL, relation VARCHAR NOT NULL,
            parent_kind VARCHAR NOT NULL, parent VARCHAR NOT NULL, basis VARCHAR NOT NULL,
            facts VARCHAR NOT NULL, event BIGINT)""",
        """CREATE VIEW lineage_edge AS
            FROM edge
            UNION ALL BY NAME SELECT DISTINCT 'snapshot' AS child_kind, root AS child,
                'collected-from' AS relation, 'source' AS parent_kind, source AS parent,
                'declared' AS basis, '{}' AS facts, event FROM snapshot WHERE source IS NOT NULL
            UNION ALL BY NAME SELECT DISTINCT 'snapshot' AS child_kind, root AS child,
                'contains' AS relation, 'shard' AS parent_kind, digest AS parent,
                'recorded' AS basis, '{}' AS facts, event FROM snapshot_shard
            UNION ALL BY NAME SELECT DISTINCT 'finding' AS child_kind, f.id AS child,
                'found-in' AS relation, 'snapshot' AS parent_kind, s.root AS parent,
                'recorded' AS basis, '{}' AS facts, min(f.event) AS event
                FROM finding f JOIN scan s USING (scan) GROUP BY f.id, s.root""",
    ):
        connection.execute(statement)


def _takedowns(connection: duckdb.DuckDBPyConnection) -> None:
    """What was taken down, and what of it came back."""
    for statement in (
        """CREATE TABLE takedown (
            takedown VARCHAR NOT NULL, asked VARCHAR NOT NULL, documents BIGINT NOT NULL,
            records BIGINT NOT NULL, receipt VARCHAR NOT NULL, purged BOOLEAN NOT NULL,
            event BIGINT)""",
        """CREATE TABLE takedown_return (
            takedown VARCHAR NOT NULL, shard VARCHAR NOT NULL, recipe VARCHAR NOT NULL,
            records BIGINT NOT NULL, event BIGINT)""",
    ):
        connection.execute(statement)


MIGRATIONS: tuple[Callable[[duckdb.DuckDBPyConnection], None], ...] = (
    _first_tables,
    _graph,
    _takedowns,
)
VERSION = len(MIGRATIONS)


def version_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Version of the schema in an open index; 0 for an empty one."""
    tables = "SELECT table_name FROM duckdb_tables() WHERE table_name = 'meta'"
    return meta(connection, "schema") if connection.execute(tables).fetchall() else 0


def meta(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """One number of table ``meta``: ``schema``, or ``journal`` (bytes of it applied)."""
    ((value,),) = connection.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchall()
    return int(value)


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring an index to ``VERSION``; StoreError if a newer Foretaste wrote it."""
    version = version_of(connection)
    if version > VERSION:
        raise StoreError(
            f"the store has schema {version}; this Foretaste knows up to {VERSION}",
            hint="use the newer Foretaste that wrote it",
        )
    if version == VERSION:
        return
    connection.execute("BEGIN")
    if version == 0:
        connection.execute("CREATE TABLE meta (name VARCHAR NOT NULL, value BIGINT NOT NULL)")
        connection.execute("INSERT INTO meta VALUES ('schema', 0), ('journal', 0)")
    for step in MIGRATIONS[version:]:
        step(connection)
    connection.execute("UPDATE meta SET value = ? WHERE name = 'schema'", [VERSION])
    connection.execute("COMMIT")
    # DDL left in the write-ahead log has had replay bugs; a checkpoint keeps it out of there.
    connection.execute("CHECKPOINT")
