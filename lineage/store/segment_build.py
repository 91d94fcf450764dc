"""Makes segments: from bundles, a million rows at a time, and from other segments by merging.

Memory is bounded by a piece of ``PIECE`` rows, and while merging by ``PARTITION`` entries:
lists are merged one range of keys after the other.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from lineage.fingerprint.urls import domain_keys, host_of, name_key, normal_url
from lineage.model import Digest
from lineage.store.bundle import ROW_GROUP, SKETCH_NAMES, Bundle, band_names
from lineage.store.files import file_sha256, publish_folder, scratch
from lineage.store.segments import (
    DENSE,
    LISTS,
    Part,
    Segment,
    manifest_text,
    packed_keys,
    segment_name,
)
from lineage.store.store import Store

PIECE = 8 * ROW_GROUP
"""Rows of a bundle that are worked on at a time."""
PARTITION = 1 << 22
"""Entries of a list that are merged at a time."""
BLOCK = 128
"""Rows whose places are compressed together."""
MOST_ROWS = (1 << 32) - 1
_TEXTS = ("source", "path", "url", "id")
_DIGESTS = [f"{name}_{half}" for name in ("doc", "norm", "text") for half in ("hi", "lo")]
_LOW = np.uint64(0xFFFFFFFF)
Pair = tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]


def build(store: Store, parts: Sequence[Part]) -> Path:
    """Make one segment of whole bundles and put it in place."""
    with scratch(store.staging) as aside:
        pieces: list[Segment] = []
        for part in parts:
            for first in range(0, max(part.rows, 1), PIECE):
                last = min(first + PIECE, part.rows)
                folder = aside / f"piece-{len(pieces)}"
                pieces.append(_piece(store, part, first, last, folder))
        return _publish(store, merge_into(aside / "segment", pieces, parts))


def merge(store: Store, segments: Sequence[Segment]) -> Path:
    """Make one segment of several and put it in place."""
    parts = [part for segment in segments for part in segment.parts]
    with scratch(store.staging) as aside:
        return _publish(store, merge_into(aside / "segment", segments, parts))


def _publish(store: Store, folder: Path) -> Path:
    name = segment_name((folder / "manifest.json").read_text(encoding="ascii"))
    target = store.root / "segments" / name
    publish_folder(folder, target)
    return target


def _piece(store: Store, part: Part, first: int, last: int, folder: Path) -> Segment:
    """Rows ``first`` to ``last`` (excluded) of a bundle as a segment of their own."""
    folder.mkdir()
    where = Bundle.of(store.root, Digest.parse(part.digest), part.recipe).folder
    rows = _read(where / "records.parquet", first, last)
    n = last - first
    number = np.arange(n, dtype=np.int64)
    column = {name: rows[name].to_numpy() for name in (*_DIGESTS, *band_names(), *SKETCH_NAMES)}
    _save(folder, "doc", np.column_stack([column["doc_hi"], column["doc_lo"]]))
    _save(folder, "norm", column["norm_hi"])
    _save(folder, "text", np.column_stack([column["text_hi"], column["text_lo"]]))
    _save(folder, "sketch", np.column_stack([column[name] for name in SKETCH_NAMES]))
    lists: dict[str, Pair] = {
        "doc": _there(column["doc_hi"], number),
        "norm": _there(np.where(column["band_00"] != 0, column["norm_hi"], 0), number),
        "text": _there(column["text_hi"], number),
        "band": _there(
            np.concatenate([column[name] for name in band_names()]),
            np.tile(number, len(band_names())),
        ),
        **_url_keys(rows["url"].to_pylist()),
    }
    for name, (keys, where_) in lists.items():
        _save(folder, f"{name}.keys", packed_keys(keys, where_))
    value, row = _passages(where / "passages.parquet", first, last)
    order = np.lexsort((row, value))
    _save(folder, "passage.hash", value[order])
    _save(folder, "passage.row", row[order])
    _write_places(folder, rows)
    return _close(folder, [Part(part.digest, part.recipe, part.manifest, n)])


def _read(path: Path, first: int, last: int) -> pa.Table:
    columns = ["record", "reading", "shingles", *_TEXTS, *_DIGESTS, *band_names(), *SKETCH_NAMES]
    with pq.ParquetFile(path) as file:
        groups = range(first // ROW_GROUP, -(-last // ROW_GROUP))
        return file.read_row_groups(list(groups), columns=columns).combine_chunks()


def _there(keys: npt.NDArray[np.uint64], rows: npt.NDArray[np.int64]) -> Pair:
    """Keys that are not 0, with their rows: 0 stands for nothing."""
    there = keys != 0
    return keys[there], rows[there]


def _url_keys(urls: Sequence[str | None]) -> dict[str, Pair]:
    full = [(name_key(normal_url(url)), row) for row, url in enumerate(urls) if url]
    hosts = [(key, row) for row, url in enumerate(urls) if url for key in domain_keys(host_of(url))]
    return {"url": _pair(full), "host": _pair(hosts)}


def _pair(entries: Sequence[tuple[int, int]]) -> Pair:
    keys = np.array([key for key, _ in entries], np.uint64)
    return keys, np.array([row for _, row in entries], np.int64)


def _passages(path: Path, first: int, last: int) -> tuple[Any, Any]:
    """Hashes and rows (from 0) of passages in these rows of a bundle."""
    with pq.ParquetFile(path) as file:
        groups = []
        for number in range(file.metadata.num_row_groups):
            known = file.metadata.row_group(number).column(0).statistics
            if known is None or (known.max >= first and known.min < last):
                groups.append(number)
        table = file.read_row_groups(groups)
    row, value = table["row"].to_numpy(), table["hash"].to_numpy()
    here = (row >= first) & (row < last)
    return value[here], (row[here] - np.uint32(first)).astype(np.uint32)


def _write_places(folder: Path, rows: pa.Table) -> None:
    columns = [rows[name].to_pylist() for name in ("record", "reading", "shingles", *_TEXTS)]
    at = [0]
    with (folder / "places.bin").open("wb") as file:
        for first in range(0, rows.num_rows, BLOCK):
            block = list(zip(*(column[first : first + BLOCK] for column in columns), strict=True))
            text = json.dumps(block, separators=(",", ":"), ensure_ascii=False)
            at.append(at[-1] + file.write(zlib.compress(text.encode("utf-8", "surrogatepass"), 1)))
    _save(folder, "places.row", np.arange(0, rows.num_rows, BLOCK, dtype=np.int64))
    _save(folder, "places.at", np.array(at, np.int64))


def _save(folder: Path, name: str, array: npt.NDArray[Any]) -> None:
    np.save(folder / f"{name}.npy", array)


def _close(folder: Path, parts: Sequence[Part]) -> Segment:
    """Write the manifest of what lies in a folder, and open it."""
    files: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        entries = len(np.load(path, mmap_mode="r")) if path.suffix == ".npy" else 1
        files[path.name] = [path.stat().st_size, file_sha256(path), entries]
    (folder / "manifest.json").write_text(manifest_text(parts, files), encoding="ascii")
    return Segment.open(folder)


def merge_into(folder: Path, segments: Sequence[Segment], parts: Sequence[Part]) -> Path:
    """Write the merger of segments whose rows follow each other into a new folder."""
    starts = np.concatenate([[0], np.cumsum([segment.rows for segment in segments])])
    if starts[-1] > MOST_ROWS:
        raise ValueError("a segment cannot hold more than 2^32 rows")
    folder.mkdir()
    for name in DENSE:
        _write(folder, name, [segment.array(name) for segment in segments])
    for name in LISTS:
        arrays = [segment.array(f"{name}.keys") for segment in segments]
        _write_runs(folder, f"{name}.keys", arrays, _merged_keys(arrays, starts))
    hashes = [segment.array("passage.hash") for segment in segments]
    rows = [segment.array("passage.row") for segment in segments]
    pairs = _merged_passages(hashes, rows, starts)
    total = sum(map(len, hashes))
    with (
        _Array(folder / "passage.hash.npy", np.uint64, total) as one,
        _Array(folder / "passage.row.npy", np.uint32, total) as other,
    ):
        for value, row in pairs:
            one.add(value)
            other.add(row)
    _merge_places(folder, segments, starts)
    _close(folder, parts)
    return folder


class _Array:
    """A ``.npy`` file of known length that is written piece by piece."""

    def __init__(self, path: Path, kind: Any, length: int, tail: tuple[int, ...] = ()) -> None:
        self.file = path.open("wb")
        header = {
            "descr": np.lib.format.dtype_to_descr(np.dtype(kind)),
            "fortran_order": False,
            "shape": (length, *tail),
        }
        np.lib.format.write_array_header_1_0(self.file, header)

    def add(self, array: npt.NDArray[Any]) -> None:
        self.file.write(np.ascontiguousarray(array).data)

    def __enter__(self) -> _Array:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


def _write(folder: Path, name: str, arrays: Sequence[npt.NDArray[Any]]) -> None:
    first = arrays[0]
    length = sum(map(len, arrays))
    with _Array(folder / f"{name}.npy", first.dtype, length, first.shape[1:]) as out:
        for array in arrays:
            for at in range(0, len(array), PARTITION):
                out.add(array[at : at + PARTITION])


def _write_runs(
    folder: Path,
    name: str,
    arrays: Sequence[npt.NDArray[Any]],
    runs: Iterator[npt.NDArray[Any]],
) -> None:
    with _Array(folder / f"{name}.npy", np.uint64, sum(map(len, arrays))) as out:
        for run in runs:
            out.add(run)


def _ranges(arrays: Sequence[npt.NDArray[Any]]) -> Iterator[list[slice]]:
    """Slices of sorted arrays, range of keys by range of keys; equal ranges of hashes."""
    parts = max(1, -(-sum(map(len, arrays)) // PARTITION))
    cuts = [(k << 64) // parts >> 32 << 32 for k in range(1, parts)]
    bounds = [
        [0, *np.searchsorted(array, np.array(cuts, np.uint64)).tolist(), len(array)]
        for array in arrays
    ]
    for k in range(parts):
        yield [slice(bound[k], bound[k + 1]) for bound in bounds]


def _merged_keys(
    arrays: Sequence[npt.NDArray[Any]], starts: npt.NDArray[np.int64]
) -> Iterator[npt.NDArray[np.uint64]]:
    for slices in _ranges(arrays):
        moved = [
            array[here] + np.uint64(start)
            for array, here, start in zip(arrays, slices, starts[:-1], strict=True)
        ]
        yield np.sort(np.concatenate(moved))


def _merged_passages(
    hashes: Sequence[npt.NDArray[Any]],
    rows: Sequence[npt.NDArray[Any]],
    starts: npt.NDArray[np.int64],
) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    for slices in _ranges(hashes):
        value = np.concatenate([one[here] for one, here in zip(hashes, slices, strict=True)])
        row = np.concatenate(
            [
                one[here] + np.uint32(start)
                for one, here, start in zip(rows, slices, starts[:-1], strict=True)
            ]
        )
        order = np.argsort(value, kind="stable")  # rows are in order within a hash
        yield value[order], row[order]


def _merge_places(folder: Path, segments: Sequence[Segment], starts: npt.NDArray[np.int64]) -> None:
    firsts, ats, size = [], [np.zeros(1, np.int64)], 0
    with (folder / "places.bin").open("wb") as out:
        for segment, start in zip(segments, starts[:-1], strict=True):
            firsts.append(segment.array("places.row") + start)
            ats.append(segment.array("places.at")[1:] + size)
            with (segment.folder / "places.bin").open("rb") as file:
                while chunk := file.read(1 << 20):
                    size += out.write(chunk)
    _save(folder, "places.row", np.concatenate(firsts))
    _save(folder, "places.at", np.concatenate(ats))
