"""One reader over all formats: batches first, then what was covered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lineage.errors import ReadingError
from lineage.model import Digest, ShardCoverage, Status
from lineage.shards.arrays import total_bytes
from lineage.shards.batch import DocumentBatch, Reading
from lineage.shards.csv import read_csv, read_tsv
from lineage.shards.jsonl import read_jsonl
from lineage.shards.locate import Located, format_of
from lineage.shards.open import Source, begins_with_list, compression_of, open_source
from lineage.shards.parquet import ParquetRows
from lineage.shards.recipe import ReadingRecipe
from lineage.shards.rows import add_fields, merged
from lineage.shards.text import read_text

FORMATS: dict[str, Callable[[Source, ReadingRecipe], Iterator[DocumentBatch]] | None] = {
    "jsonl": read_jsonl,
    "json": read_jsonl,
    "csv": read_csv,
    "tsv": read_tsv,
    "text": read_text,
    "parquet": None,
}
"""Formats that are read as a stream; parquet needs the file itself. ``json`` may turn out to be
one array, which is refused."""


class ShardReader:
    """Reads one shard once: iterate over it, then ask for its ``coverage``.

    Damage in the middle ends the iteration; ``coverage`` then says FAILED, and where. An error
    of the machine that reads is no property of the bytes: ReadingError, and no coverage.
    """

    def __init__(self, located: Located, recipe: ReadingRecipe) -> None:
        """Find out how the file is to be read. ReadingError where it cannot be opened."""
        self.located = located
        self.recipe = recipe
        self.format = recipe.format or format_of(located.file.name) or ""
        if self.format not in FORMATS:
            raise ReadingError(f"{located.name}: unknown format {self.format!r}")
        self.compression = compression_of(located.file)
        self._bytes = located.file.stat().st_size
        self._damage = ""
        self._begun = self._ended = False
        self._records = self._documents = self._quarantined = self._text_bytes = 0
        self._fields: dict[tuple[str, str], int] = {}
        self._open: ParquetRows | Source = self._opened()

    def _opened(self) -> ParquetRows | Source:
        file, limits = self.located.file, self.recipe.limits
        if self.format == "parquet":
            return ParquetRows(file, self.recipe)
        if self.format == "json" and begins_with_list(file, self.compression, limits):
            raise ReadingError(
                f"{self.located.name} is one JSON array, not one object a line",
                hint=f"jq -c '.[]' {self.located.name} > {file.stem}.jsonl",
            )
        return open_source(file, self.compression, limits)

    def __iter__(self) -> Iterator[DocumentBatch]:
        """Batches in the order of the shard, of about 1 to 4 MiB of text; once."""
        if self._begun:
            raise RuntimeError("a shard reader can be iterated once")
        self._begun = True
        try:
            for batch in merged(self._batches()):
                self._count(batch)
                yield batch
        except ReadingError as error:
            self._damage = f"{error}, after {self._records} records"
        except OSError as error:
            raise ReadingError(f"{self.located.name} cannot be read on: {error}") from error
        self._ended = True

    def _batches(self) -> Iterator[DocumentBatch]:
        if isinstance(self._open, ParquetRows):
            yield from self._open.batches()
            return
        source = self._open
        read = FORMATS[self.format]
        assert read is not None
        try:
            yield from read(source, self.recipe)
        finally:
            source.close()
        if source.damage:
            raise ReadingError(source.damage)

    def _count(self, batch: DocumentBatch) -> None:
        documents = batch.reading == Reading.DOCUMENT
        self._records += batch.records
        self._documents += int(documents.sum())
        self._quarantined += sum(remark.quarantined for remark in batch.remarks)
        self._text_bytes += total_bytes(batch.text)
        add_fields(self._fields, batch.fields)

    def coverage(self, digest: Digest | None) -> ShardCoverage:
        """What was read; SCANNED only after the last batch was taken."""
        status = Status.SCANNED if self._ended and not self._damage else Status.FAILED
        detail = self._damage or ("" if self._ended else "not read to its end")
        fields = tuple((path, role, n) for (path, role), n in sorted(self._fields.items()))
        return ShardCoverage(
            path=self.located.name,
            digest=digest,
            status=status,
            format=self.format,
            compression=self.compression,
            bytes=self._bytes,
            text_bytes=self._text_bytes,
            records=self._records,
            documents=self._documents,
            quarantined=self._quarantined,
            detail=detail,
            fields=fields,
        )


def open_shard(located: Located, recipe: ReadingRecipe | None = None) -> ShardReader:
    """Open a located file. ReadingError where it is skipped, unreadable, or not of its format."""
    if located.skipped:
        raise ReadingError(f"{located.name}: {located.skipped}")
    try:
        return ShardReader(located, recipe or ReadingRecipe())
    except OSError as error:
        raise ReadingError(f"cannot open {located.name}: {error.strerror or error}") from error


def skipped_coverage(located: Located, reason: str = "") -> ShardCoverage:
    """Coverage of a file that is no shard, or could not be opened at all."""
    status = Status.FAILED if reason else Status.SKIPPED
    return ShardCoverage(located.name, None, status, detail=reason or located.skipped)
