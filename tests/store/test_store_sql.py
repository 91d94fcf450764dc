"""Ad-hoc SQL answers questions and can do nothing else."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from lineage.errors import UsageError
from lineage.model import Digest
from lineage.store import Store, canonical_dump, run_sql

LOCAL = pa.table({"secret": [1]})


def test_views(filled: Store) -> None:
    (row,) = run_sql(
        filled,
        "SELECT count(*) AS n, count(DISTINCT doc) AS docs, count(DISTINCT shard) AS shards, "
        "min(length(doc)) AS low, max(length(norm)) AS high FROM record WHERE reading = 0",
    ).to_pylist()
    assert row == {"n": 200, "docs": 200, "shards": 4, "low": 32, "high": 32}
    (row,) = run_sql(
        filled,
        "SELECT sum(s.documents)::INT AS n, count(*) AS m FROM snapshot p "
        "JOIN shard s ON p.shard = s.digest WHERE p.dataset = 'd' AND p.label = 'one'",
    ).to_pylist()
    assert row == {"n": 200, "m": 4}
    (row,) = run_sql(filled, "SELECT code, payload->>'k' AS k, root FROM finding").to_pylist()
    assert (row["code"], row["k"]) == ("DUP", "v")
    assert Digest.parse(row["root"]).algorithm == "sha256"


def test_identities_are_the_hex_of_both_halves(filled: Store) -> None:
    from lineage.store import Bundle, committed_shards  # noqa: PLC0415

    expected = set()
    for (_, recipe), shard in committed_shards(filled).items():
        records = Bundle.of(filled.root, shard.digest, recipe).records(["doc_hi", "doc_lo"])
        expected |= {f"{high:016x}{low:016x}" for high, low in records.rows()}
    found = run_sql(filled, "SELECT doc FROM record")["doc"].to_pylist()
    assert set(found) == expected


def test_an_empty_store_has_empty_views(store: Store) -> None:
    for view in ("record", "shard", "snapshot", "finding"):
        assert run_sql(store, f"SELECT * FROM {view}").num_rows == 0


@pytest.mark.parametrize("query", ["FROM shard", "SUMMARIZE record", "SELECT * FROM range(3)"])
def test_other_ways_to_ask(filled: Store, query: str) -> None:
    assert run_sql(filled, query).num_rows > 0


ESCAPES = [
    "COPY (SELECT 1) TO '{out}'",
    "COPY record TO '{out}' (FORMAT parquet)",
    "EXPORT DATABASE '{out}'",
    "ATTACH '{index}' AS other",
    "ATTACH '{out}' AS other",
    "SELECT * FROM read_csv('{csv}')",
    "SELECT * FROM read_csv_auto('{csv}')",
    "SELECT * FROM read_text('{csv}')",
    "SELECT * FROM read_blob('{csv}')",
    "SELECT * FROM read_parquet('{parquet}')",
    "SELECT * FROM parquet_metadata('{parquet}')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('{csv}')",
    "SELECT * FROM '{csv}'",
    'SELECT * FROM "{csv}"',
    "SELECT * FROM '{parquet}'",
    "SELECT * FROM '{index}'",
    "WITH a AS (SELECT * FROM read_text('{csv}')) SELECT * FROM a",
    "SELECT (SELECT max(content) FROM read_text('{csv}'))",
    "SELECT * FROM shard WHERE digest IN (SELECT content FROM read_text('{csv}'))",
    "SELECT * FROM query('SELECT * FROM read_text(''{csv}'')')",
    "SELECT * FROM query_table('{csv}')",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM LOCAL",
    "SELECT * FROM store",
    "SELECT * FROM connection",
    "SELECT * FROM copies",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "PRAGMA enable_external_access = true",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET enable_external_access",
    "CALL pragma_version()",
    "CHECKPOINT",
    "CREATE TABLE x (a INT)",
    "CREATE SECRET s (TYPE s3)",
    "INSERT INTO shard SELECT * FROM shard",
    "DELETE FROM shard",
    "DROP VIEW record",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY (SELECT 1) TO '{out}'",
    "",
    ";",
    "SELECT 1 FROM",
]


@pytest.mark.parametrize("query", ESCAPES)
def test_escapes_are_refused(filled: Store, tmp_path: Path, query: str) -> None:
    csv, out = tmp_path / "some.csv", tmp_path / "out"
    csv.write_text("a,b\n1,2\n")
    parquet = next((filled.root / "bundles").rglob("records.parquet"))
    before = list(canonical_dump(filled))
    with pytest.raises(UsageError):
        run_sql(
            filled,
            query.format(out=out, csv=csv, index=filled.root / "lineage.duckdb", parquet=parquet),
        )
    assert not out.exists()
    assert list(canonical_dump(filled)) == before


def test_the_sandbox_holds_without_the_check(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The locks alone must deny files and settings, whatever the check lets through."""
    from lineage.store import sql  # noqa: PLC0415

    monkeypatch.setattr(sql, "_check", lambda *_: None)
    csv = tmp_path / "some.csv"
    csv.write_text("a,b\n1,2\n")
    for query in ESCAPES[:20]:
        with pytest.raises(UsageError):
            run_sql(
                filled,
                query.format(
                    out=tmp_path / "out",
                    csv=csv,
                    index=filled.root / "lineage.duckdb",
                    parquet=next((filled.root / "bundles").rglob("records.parquet")),
                ),
            )
    assert not (tmp_path / "out").exists()
