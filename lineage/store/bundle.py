"""Bundles: what is kept of a shard's records, content addressed and immutable.

A bundle is a folder ``bundles/<shard digest>/<recipe>/`` of ``records.parquet`` (one row per
row of the batches), ``passages.parquet`` (row and hash of winnowed passages),
``remarks.parquet`` and ``coverage.json``, the manifest. Bytes depend on the shard and the
recipe alone: not on batch boundaries, threads, paths or times.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from lineage.errors import StoreError
from lineage.fingerprint.batch import Batch
from lineage.fingerprint.minhash import DEFAULT_BANDS, shingle_counts
from lineage.model import Digest, Remark, Role, ShardCoverage, Status
from lineage.store.files import file_sha256, publish_folder, safe_name, scratch
from lineage.store.journal import canonical

KEPT_ROLES = (Role.SOURCE, Role.PATH, Role.URL, Role.TIMESTAMP, Role.ID)

RECORD_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "record": pl.Int64,
    "reading": pl.UInt8,
    "doc_hi": pl.UInt64,
    "doc_lo": pl.UInt64,
    "norm_hi": pl.UInt64,
    "norm_lo": pl.UInt64,
    "text_hi": pl.UInt64,
    "text_lo": pl.UInt64,
    "bytes": pl.UInt32,
    "tokens": pl.UInt32,
    "shingles": pl.UInt32,
    **{str(role): pl.String for role in KEPT_ROLES},
}
"""Columns of every bundle; ``band_00``, ``band_01`` ... (UInt64) follow, as many as the recipe
has bands: one column each reads ten times faster than lists, and one band can be read alone;
then ``sketch_0``, ``sketch_1`` ... (UInt64), the compact signature.
``bytes`` is the UTF-8 length of the text, ``shingles`` the number of shingle windows."""

ROW_GROUP = 1 << 17
"""Rows a Parquet row group; fixed, so that bytes do not follow batch boundaries."""

_ARROW: dict[Any, pa.DataType] = {
    pl.Int64: pa.int64(),
    pl.UInt8: pa.uint8(),
    pl.UInt32: pa.uint32(),
    pl.UInt64: pa.uint64(),
    pl.String: pa.large_string(),
}
_READINGS = pa.list_(pa.struct([("reader", pa.large_string()), ("text", pa.large_string())]))
_PASSAGES = pa.schema(
    [pa.field("row", pa.uint32(), nullable=False), pa.field("hash", pa.uint64(), nullable=False)]
)
_REMARKS = pa.schema(
    [
        ("record", pa.int64()),
        ("offset", pa.int64()),
        ("reason", pa.large_string()),
        ("detail", pa.large_string()),
        ("quarantined", pa.bool_()),
        ("readings", _READINGS),
    ]
)
_VERSION = 1


def band_names(bands: int = DEFAULT_BANDS.bands) -> list[str]:
    """Names of the band columns."""
    return [f"band_{band:02}" for band in range(bands)]


SKETCH_NAMES = [f"sketch_{word}" for word in range(8)]
"""Names of the columns of the compact signature."""


def record_schema(bands: int = DEFAULT_BANDS.bands) -> pa.Schema:
    """Arrow schema of ``records.parquet``; without bands, without compact signatures too."""
    hashes = [*band_names(bands), *SKETCH_NAMES] if bands else []
    kinds = {**RECORD_COLUMNS, **dict.fromkeys(hashes, pl.UInt64)}
    return pa.schema(
        [pa.field(name, _ARROW[kind], nullable=kind is pl.String) for name, kind in kinds.items()]
    )


@dataclass(frozen=True)
class Manifest:
    """The content of ``coverage.json``. ``files`` maps a name to (bytes, SHA-256)."""

    recipe: str
    coverage: ShardCoverage
    rows: int
    remarks: int
    files: Mapping[str, tuple[int, str]]

    @cached_property
    def text(self) -> str:
        """Canonical JSON; its path is left out, for one bundle serves every path."""
        covered = {
            name: getattr(self.coverage, name)
            for name in ShardCoverage.__slots__
            if name not in ("path", "digest", "status", "fields")
        }
        return canonical(
            {
                **covered,
                "version": _VERSION,
                "recipe": self.recipe,
                "digest": str(self.coverage.digest),
                "status": str(self.coverage.status),
                "fields": sorted(self.coverage.fields),
                "rows": self.rows,
                "remarks": self.remarks,
                "files": {name: list(facts) for name, facts in self.files.items()},
            }
        )

    @property
    def sha256(self) -> str:
        """Hex digest of ``text``: stands for the whole bundle."""
        return hashlib.sha256(self.text.encode("ascii")).hexdigest()

    @classmethod
    def parse(cls, text: str) -> Manifest:
        """Read ``text`` back; ValueError, KeyError or TypeError on anything else."""
        facts = json.loads(text)
        if facts.pop("version") != _VERSION:
            raise ValueError("the bundle is of another version")
        recipe, rows, remarks = (facts.pop(name) for name in ("recipe", "rows", "remarks"))
        files = {name: (int(size), str(sha)) for name, (size, sha) in facts.pop("files").items()}
        coverage = ShardCoverage(
            path="",
            digest=Digest.parse(facts.pop("digest")),
            status=Status(facts.pop("status")),
            fields=tuple((path, role, size) for path, role, size in facts.pop("fields")),
            **facts,
        )
        return cls(recipe, coverage, rows, remarks, files)


@dataclass(frozen=True)
class Bundle:
    """Where the bundle of one shard under one recipe lies, there or not."""

    folder: Path

    @classmethod
    def of(cls, root: Path, digest: Digest, recipe: str) -> Bundle:
        """Bundle in the store at ``root``."""
        return cls(root / "bundles" / digest.hex / safe_name(recipe))

    def manifest(self) -> Manifest | None:
        """The manifest if bundle and manifest are there and all files have their sizes."""
        try:
            manifest = Manifest.parse((self.folder / "coverage.json").read_text(encoding="ascii"))
            sizes = {name: (self.folder / name).stat().st_size for name in manifest.files}
        except (OSError, ValueError, KeyError, TypeError):
            return None
        whole = all(sizes[name] == size for name, (size, _) in manifest.files.items())
        return manifest if whole else None

    def coverage(self, path: str) -> ShardCoverage:
        """What was read of the shard, under the path it has now."""
        manifest = self.manifest()
        if manifest is None:
            raise _damaged(self.folder, "it is missing or incomplete")
        return replace(manifest.coverage, path=path)

    def records(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Rows in the order of the batches; columns as in ``RECORD_COLUMNS``, then bands."""
        return self._frame("records.parquet", columns)

    def remarks(self) -> pl.DataFrame:
        """Remarks in record order: record, offset, reason, detail, quarantined, readings."""
        return self._frame("remarks.parquet", None)

    def passages(self) -> pl.DataFrame:
        """Winnowed passages: row of ``records`` (UInt32), hash (UInt64), sorted, each once."""
        return self._frame("passages.parquet", None)

    def _frame(self, name: str, columns: Sequence[str] | None) -> pl.DataFrame:
        path = self.folder / name
        try:
            with path.open("rb") as file:
                return pl.read_parquet(
                    file,
                    columns=None if columns is None else list(columns),
                    hive_partitioning=False,
                )
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _damaged(self.folder, str(error).splitlines()[0]) from error

    def discard(self, staging: Path) -> None:
        """Remove the bundle, so that the next ingest makes it again."""
        if not self.folder.exists():
            return
        with scratch(staging) as aside:
            # Renamed first: a half-deleted bundle must never be seen in place.
            self.folder.rename(aside / "bundle")
            shutil.rmtree(aside / "bundle", ignore_errors=True)


class BundleWriter:
    """Writes a bundle batch by batch in a scratch folder; ``publish`` puts it in place."""

    def __init__(self, scratch_folder: Path) -> None:
        self.folder = scratch_folder / "bundle"
        self.folder.mkdir()
        self._records = _TableWriter(self.folder / "records.parquet", record_schema())
        self._passages = _TableWriter(self.folder / "passages.parquet", _PASSAGES)
        self._remarks = _TableWriter(self.folder / "remarks.parquet", _REMARKS)
        self._rows = 0

    def add(self, batch: Batch) -> None:
        """Take one batch, in the order of the shard."""
        if len(batch):
            self._records.add(_record_table(batch, self._records.schema))
            row, value = batch.passages
            row = (row + np.uint32(self._rows)).astype(np.uint32)
            self._passages.add(pa.table([row, value], schema=_PASSAGES))
            self._rows += len(batch)
        if batch.documents.remarks:
            self._remarks.add(_remark_table(batch.documents.remarks))

    def add_tables(self, records: pa.Table, passages: pa.Table, remarks: pa.Table) -> None:
        """Take whole tables, as the files of another bundle hold them."""
        for writer, table in (
            (self._records, records),
            (self._passages, passages),
            (self._remarks, remarks),
        ):
            names = writer.schema.names
            writer.add(pa.table([table[name] for name in names], schema=writer.schema))

    def publish(self, bundle: Bundle, recipe: str, coverage: ShardCoverage) -> Manifest:
        """Finish the files, write the manifest, and put the folder in place."""
        manifest = self.finish(recipe, coverage)
        publish_folder(self.folder, bundle.folder)
        return manifest

    def finish(self, recipe: str, coverage: ShardCoverage) -> Manifest:
        """Finish the files and write the manifest."""
        rows, remarks, _ = (
            table.close() for table in (self._records, self._remarks, self._passages)
        )
        names = ("records.parquet", "remarks.parquet", "passages.parquet")
        files = {
            name: ((self.folder / name).stat().st_size, file_sha256(self.folder / name))
            for name in names
        }
        manifest = Manifest(recipe, replace(coverage, path=""), rows, remarks, files)
        (self.folder / "coverage.json").write_text(manifest.text, encoding="ascii")
        return manifest

    def abandon(self) -> None:
        """Close the files of a bundle that will not be published."""
        for table in (self._records, self._remarks, self._passages):
            table.close()


class _TableWriter:
    """A Parquet file in row groups of exactly ``ROW_GROUP`` rows."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.schema = schema
        self._pieces: list[pa.Table] = []
        self._waiting = 0
        self._rows = 0
        sparse = ("text_hi", "text_lo")  # zero for most documents
        wide = [name for name in schema.names if pa.types.is_uint64(schema.field(name).type)]
        hashes = [name for name in wide if name not in sparse]
        compressed = [name for name in schema.names if name not in hashes]
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression={
                **dict.fromkeys(_leaves(compressed), "zstd"),
                **dict.fromkeys(hashes, "none"),  # hashes do not compress
            },
            use_dictionary=[n for n in ("source", "path", "reason") if n in schema.names],
            column_encoding={
                name: "DELTA_BINARY_PACKED" for name in ("record", "row") if name in schema.names
            },
            write_statistics=[name for name in ("record", "row") if name in schema.names],
            store_schema=False,
        )

    def add(self, table: pa.Table) -> None:
        self._pieces.append(table)
        self._waiting += table.num_rows
        if self._waiting >= ROW_GROUP:
            self._flush(last=False)

    def close(self) -> int:
        self._flush(last=True)
        self._writer.close()
        return self._rows

    def _flush(self, *, last: bool) -> None:
        table = pa.concat_tables(self._pieces) if self._pieces else self.schema.empty_table()
        while table.num_rows >= ROW_GROUP or (last and table.num_rows):
            # One chunk a column, or page boundaries would follow the batches.
            group = table.slice(0, ROW_GROUP).combine_chunks()
            self._writer.write_table(group, row_group_size=ROW_GROUP)
            self._rows += group.num_rows
            table = table.slice(ROW_GROUP)
        self._pieces, self._waiting = [table], table.num_rows


def _leaves(names: Sequence[str]) -> list[str]:
    """Parquet column paths of top-level columns."""
    paths = []
    for name in names:
        if name == "readings":
            paths += [f"readings.list.element.{part}" for part in ("reader", "text")]
        else:
            paths.append(name)
    return paths


def _record_table(batch: Batch, schema: pa.Schema) -> pa.Table:
    documents, tokens = batch.documents, batch.tokens
    offsets = np.asarray(tokens.offsets)
    lengths = pa.compute.binary_length(documents.text).cast(pa.uint32())
    empty = pa.nulls(len(batch), pa.large_string())
    columns: dict[str, Any] = {
        "record": documents.record,
        "reading": documents.reading,
        "doc_hi": batch.doc[:, 0],
        "doc_lo": batch.doc[:, 1],
        "norm_hi": batch.norm[:, 0],
        "norm_lo": batch.norm[:, 1],
        "text_hi": batch.text_digest[:, 0],
        "text_lo": batch.text_digest[:, 1],
        "bytes": lengths,
        "tokens": np.diff(offsets).astype(np.uint32),
        "shingles": shingle_counts(tokens).astype(np.uint32),
        **{str(role): documents.roles.get(role, empty) for role in KEPT_ROLES},
    }
    bands = np.ascontiguousarray(batch.bands.T)
    columns.update(zip(band_names(len(bands)), bands, strict=True))
    columns.update(zip(SKETCH_NAMES, np.ascontiguousarray(batch.compact.T), strict=True))
    return pa.table([pa.array(columns[name]) for name in schema.names], schema=schema)


def _remark_table(remarks: Sequence[Remark]) -> pa.Table:
    rows = [
        {
            "record": remark.record,
            "offset": remark.offset,
            "reason": str(remark.reason),
            "detail": _utf8(remark.detail),
            "quarantined": remark.quarantined,
            "readings": [
                {"reader": reader, "text": _utf8(text)} for reader, text in remark.readings
            ],
        }
        for remark in remarks
    ]
    return pa.Table.from_pylist(rows, schema=_REMARKS)


def _utf8(text: str) -> str:
    """Text that Arrow can hold: lone surrogates written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _damaged(folder: Path, why: str) -> StoreError:
    return StoreError(
        f"the bundle {folder} cannot be read: {why}",
        hint="run `foretaste store verify`; then remove that folder and ingest the shard again",
    )
