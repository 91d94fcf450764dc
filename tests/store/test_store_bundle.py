"""Bundles: their bytes follow the shard alone, and damage is seen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.errors import StoreError
from lineage.fingerprint.batch import Batch
from lineage.model import Digest, Reason, Remark, Role, ShardCoverage, Status
from lineage.shards.batch import DocumentBatch
from lineage.store import bundle as module
from lineage.store.bundle import (
    RECORD_COLUMNS,
    SKETCH_NAMES,
    Bundle,
    BundleWriter,
    Manifest,
    band_names,
)

DIGEST = Digest("sha256", "ab" * 32)
TEXTS = st.lists(st.text(alphabet="ab \u00e9\u4e2d", max_size=30), max_size=40)


def batch_of(texts: Sequence[str], first: int) -> Batch:
    text = pa.array(texts, pa.large_string())
    urls = [None if "b" in t else f"http://x/{t}" for t in texts]
    remarks = [
        Remark(first + k, -1, Reason.MALFORMED, "odd \ud800", False, (("json", t),))
        for k, t in enumerate(texts)
        if t.startswith("a")
    ]
    return Batch(
        DocumentBatch(
            record=np.arange(first, first + len(texts), dtype=np.int64),
            reading=np.zeros(len(texts), np.uint8),
            text=text,
            leaves=pa.array([""] * len(texts), pa.large_string()),
            roles={Role.TEXT: text, Role.URL: pa.array(urls, pa.large_string())},
            records=len(texts),
            remarks=tuple(remarks),
        ),
        key=7,
    )


def write(root: Path, texts: Sequence[str], cuts: Sequence[int]) -> Bundle:
    """Write a bundle from texts handed over in batches that end at ``cuts``."""
    bounds = sorted({0, len(texts), *(cut % (len(texts) + 1) for cut in cuts)})
    root.mkdir(exist_ok=True)
    writer = BundleWriter(root)
    for first, last in pairwise(bounds):
        writer.add(batch_of(texts[first:last], first))
    coverage = ShardCoverage(
        "name", DIGEST, Status.SCANNED, records=len(texts), documents=len(texts)
    )
    bundle = Bundle.of(root, DIGEST, "recipe")
    writer.publish(bundle, "recipe", coverage)
    return bundle


@settings(deadline=None, max_examples=25)
@given(TEXTS, st.lists(st.integers(0, 40), max_size=6))
def test_bytes_do_not_depend_on_batches(texts: list[str], cuts: list[int]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROW_GROUP", 7)
        whole = write(Path(folder) / "whole", texts, [])
        parts = write(Path(folder) / "parts", texts, cuts)
        for name in ("records.parquet", "remarks.parquet", "coverage.json"):
            assert (whole.folder / name).read_bytes() == (parts.folder / name).read_bytes()
        assert len(whole.records()) == len(texts)


def test_columns_are_as_documented(tmp_path: Path) -> None:
    texts = ["one two three four five six", "", "ab"]
    records = write(tmp_path, texts, []).records()
    bands = dict.fromkeys(band_names(), pl.UInt64)
    sketch = dict.fromkeys(SKETCH_NAMES, pl.UInt64)
    assert dict(records.schema) == {**RECORD_COLUMNS, **bands, **sketch}
    assert records["bytes"].to_list() == [27, 0, 2]
    assert records["tokens"].to_list() == [6, 0, 1]
    assert records["shingles"].to_list() == [2, 0, 1]
    expected = batch_of(texts, 0)
    assert np.array_equal(records[["doc_hi", "doc_lo"]].to_numpy(), expected.doc)
    assert np.array_equal(records[band_names()].to_numpy(), expected.bands)
    assert records["url"].to_list() == [f"http://x/{texts[0]}", "http://x/", None]


def test_an_empty_shard_has_the_same_columns(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty", [], []).records()
    full = write(tmp_path / "full", ["x"], []).records()
    assert empty.schema == full.schema
    assert len(empty) == 0


def test_remarks_come_back_with_surrogates_written_out(tmp_path: Path) -> None:
    remarks = write(tmp_path, ["a b", "x"], []).remarks()
    assert remarks.to_dicts() == [
        {
            "record": 0,
            "offset": -1,
            "reason": "malformed",
            "detail": "odd \\ud800",
            "quarantined": False,
            "readings": [{"reader": "json", "text": "a b"}],
        }
    ]


def test_manifest_comes_back_without_the_path(tmp_path: Path) -> None:
    bundle = write(tmp_path, ["x y"], [])
    manifest = bundle.manifest()
    assert manifest is not None
    assert Manifest.parse(manifest.text) == manifest
    assert "name" not in manifest.text
    assert bundle.coverage("elsewhere").path == "elsewhere"


@pytest.mark.parametrize("name", ["records.parquet", "remarks.parquet", "coverage.json"])
def test_a_truncated_file_makes_the_bundle_absent(tmp_path: Path, name: str) -> None:
    bundle = write(tmp_path, ["x y"], [])
    file = bundle.folder / name
    file.write_bytes(file.read_bytes()[:-1])
    assert bundle.manifest() is None
    with pytest.raises(StoreError) as caught:
        bundle.coverage("x")
    assert "verify" in caught.value.hint


def test_unreadable_records_say_what_to_do(tmp_path: Path) -> None:
    bundle = write(tmp_path, ["x y"], [])
    (bundle.folder / "records.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(StoreError, match="cannot be read"):
        bundle.records()


def test_discard_leaves_nothing(tmp_path: Path) -> None:
    bundle = write(tmp_path, ["x y"], [])
    bundle.discard(tmp_path / "staging")
    assert not bundle.folder.exists()
    assert list((tmp_path / "staging").iterdir()) == []
