"""Ad-hoc questions in SQL, one SELECT each, in a sandbox that can read six views and no file.

The sandbox is a database in memory. Small tables are copied into it, bundles are handed over as
an Arrow dataset; then external access is switched off and the configuration locked. Nothing of
the store's own index is attached, so nothing can be written to it.

Views:

``record``    one row per row of the committed bundles: ``shard`` (hex of its SHA-256),
              ``recipe``, ``record``, ``reading`` (0: the document), ``doc`` and ``norm`` (hex of
              128 bits), ``bytes``, ``tokens``, ``shingles``, ``source``, ``path``, ``url``,
              ``timestamp``, ``id``
``shard``     one row per committed shard and recipe: ``digest``, ``recipe``, ``status``,
              ``format``, ``compression``, ``bytes``, ``text_bytes``, ``records``,
              ``documents``, ``quarantined``, ``detail``
``snapshot``  one row per shard of a snapshot: ``dataset``, ``label``, ``root``, ``source``,
              ``path``, ``shard``, ``bytes``
``finding``   one row per finding of a scan: ``scan``, ``root``, ``position``, ``id``, ``code``,
              ``severity``, ``title``, ``revision``, ``members``, ``payload`` (JSON)
``entity``    one row per node of which facts were declared: ``kind``, ``id``, ``facts`` (JSON),
              ``event``
``edge``      one row per edge of the lineage graph: ``child_kind``, ``child``, ``relation``,
              ``parent_kind``, ``parent``, ``basis``, ``facts`` (JSON), ``event``
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds

from lineage.errors import StoreError, UsageError
from lineage.store.bundle import Bundle, record_schema
from lineage.store.graph import NAMED_EDGES
from lineage.store.read import committed_shards
from lineage.store.store import Store

VIEWS = ("record", "shard", "snapshot", "finding", "entity", "edge")

_COPIES = {
    "shard": "SELECT replace(digest, 'sha256:', '') AS digest, * EXCLUDE (digest, manifest, event) "
    "FROM shard ORDER BY digest, recipe",
    "snapshot": "SELECT s.dataset, s.label, s.root, s.source, m.path, "
    "replace(m.digest, 'sha256:', '') AS shard, m.bytes "
    "FROM snapshot s JOIN snapshot_shard m USING (root) ORDER BY s.event, s.label, m.path",
    "finding": "SELECT f.scan, s.root, f.* EXCLUDE (scan, event) "
    "FROM finding f JOIN scan s USING (scan) ORDER BY s.event, f.position",
    "entity": "SELECT kind, id, facts, event FROM entity ORDER BY kind, id",
    "edge": f"{NAMED_EDGES} ORDER BY ALL",
}
_RECORD = """CREATE VIEW record AS
    SELECT shard, recipe, record, reading,
           printf('%016x%016x', doc_hi, doc_lo) AS doc,
           printf('%016x%016x', norm_hi, norm_lo) AS norm,
           * EXCLUDE (shard, recipe, record, reading, doc_hi, doc_lo, norm_hi, norm_lo,
                      text_hi, text_lo)
    FROM bundled_record"""
_LOCKS = (
    "SET enable_external_access = false",
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET lock_configuration = true",
)
_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree"})
"""Table functions that a question may call; all others reach for files, memory or settings."""


def run_sql(store: Store, query: str, *, memory: str = "1GB") -> pa.Table:
    """Answer one SELECT over the views; UsageError for anything else, or if DuckDB refuses."""
    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": memory})
    try:
        _check(connection, query)
        _furnish(connection, store)
        for statement in _LOCKS:
            connection.execute(statement)
        return connection.sql(query).to_arrow_table()
    except duckdb.Error as error:
        raise UsageError(
            f"the query failed: {error}", hint=f"one SELECT over the views {', '.join(VIEWS)}"
        ) from error
    finally:
        connection.close()


def _check(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    statements = connection.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise _refused("only a single SELECT can be asked")
    ((text,),) = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchall()
    tree = json.loads(text)
    if tree.get("error"):
        raise _refused("only a plain SELECT can be asked")
    for function in _table_functions(tree):
        if function.lower() not in _TABLE_FUNCTIONS:
            raise _refused(f"the table function {function} cannot be called here")


def _table_functions(tree: Any) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            if node.get("type") == "TABLE_FUNCTION":
                yield str(node["function"].get("function_name", ""))


def _refused(why: str) -> UsageError:
    return UsageError(why, hint=f"views: {', '.join(VIEWS)}")


def _furnish(connection: duckdb.DuckDBPyConnection, store: Store) -> None:
    with store.reading() as index:
        copies = {name: index.sql(query).to_arrow_table() for name, query in _COPIES.items()}
    for name, table in copies.items():
        connection.register(f"copied_{name}", table)
        connection.execute(f"CREATE TABLE {name} AS FROM copied_{name}")
        connection.unregister(f"copied_{name}")
    connection.register("bundled_record", _records(store))
    connection.execute(_RECORD)


def _records(store: Store) -> ds.Dataset:
    """Records of all committed bundles as one dataset; folders become shard and recipe."""
    files = []
    for (_, recipe), shard in committed_shards(store).items():
        file = Bundle.of(store.root, shard.digest, recipe).folder / "records.parquet"
        if shard.manifest and not file.exists():
            raise StoreError(f"{file} is missing", hint="run `foretaste store verify`")
        if shard.manifest:
            files.append(str(file))
    schema = record_schema(bands=0)
    folders = ds.DirectoryPartitioning(pa.schema([("shard", pa.string()), ("recipe", pa.string())]))
    schema = pa.schema([*schema, *folders.schema])
    if not files:
        return ds.dataset(schema.empty_table())
    return ds.dataset(
        files,
        schema=schema,
        format="parquet",
        partitioning=folders,
        partition_base_dir=str(store.root / "bundles"),
    )
