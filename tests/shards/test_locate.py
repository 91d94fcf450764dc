"""Finding shards."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineage.errors import ReadingError, UsageError
from lineage.model import Status
from lineage.shards import open_shard, skipped_coverage
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ["b.jsonl", "a/x.csv.gz", "a/y.PARQUET", "a/notes.md", ".hidden.jsonl", "t.txt"]:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"")
    (tmp_path / ".foretaste").mkdir()
    (tmp_path / ".foretaste" / "c.jsonl").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("corpus")
def test_folders_are_searched_and_nothing_is_dropped() -> None:
    found = locate(["."], None)
    assert [f.name for f in found] == [
        "a/notes.md",
        "a/x.csv.gz",
        "a/y.PARQUET",
        "b.jsonl",
        "t.txt",
    ]
    skipped = [f for f in found if f.skipped]
    assert [f.name for f in skipped] == ["a/notes.md"] and "unknown format" in skipped[0].skipped
    assert skipped_coverage(skipped[0]).status is Status.SKIPPED
    assert not any(f.skipped for f in locate(["."], None, format="text"))


@pytest.mark.usefixtures("corpus")
def test_each_file_is_found_once() -> None:
    stdin = io.StringIO("b.jsonl\n\na\n")
    names = [f.name for f in locate(["*.jsonl", "b.jsonl", "./b.jsonl", "-", "**/*.gz"], stdin)]
    assert names == ["a/notes.md", "a/x.csv.gz", "a/y.PARQUET", "b.jsonl"]


@pytest.mark.usefixtures("corpus")
def test_an_explicit_hidden_file_is_taken() -> None:
    assert [f.name for f in locate([".hidden.jsonl"], None)] == [".hidden.jsonl"]


@pytest.mark.parametrize("paths", [["missing"], ["*.nothing"], ["-"], [], [".foretaste/empty"]])
def test_nothing_found_is_an_error_with_a_hint(corpus: Path, paths: list[str]) -> None:
    (corpus / ".foretaste" / "empty").mkdir()
    with pytest.raises(UsageError) as error:
        locate(paths, None)
    assert str(error.value)


def test_special_files_and_compressed_parquet_are_skipped(corpus: Path) -> None:
    os.mkfifo(corpus / "pipe.jsonl")
    (corpus / "z.parquet.gz").write_bytes(b"")
    reasons = {f.name: f.skipped for f in locate(["pipe.jsonl", "z.parquet.gz"], None)}
    assert "regular" in reasons["pipe.jsonl"] and "compressed parquet" in reasons["z.parquet.gz"]
    with pytest.raises(ReadingError):
        open_shard(locate(["z.parquet.gz"], None)[0])


@pytest.mark.usefixtures("corpus")
def test_a_forced_format_and_a_vanished_file() -> None:
    located = locate(["a/notes.md"], None, format="text")[0]
    located.file.write_text("words")
    batches = list(open_shard(located, ReadingRecipe(format="text")))
    assert batches[0].text.to_pylist() == ["words"]
    located.file.unlink()
    with pytest.raises(ReadingError, match="cannot open"):
        open_shard(located, ReadingRecipe(format="text"))


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, lineage.shards, lineage.shards.locate, lineage.shards.recipe;"
        "sys.exit(any(name in sys.modules for name in ('pyarrow', 'numpy', 'polars')))"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_real_corpora_read_without_a_remark(shared_data: Path) -> None:
    file = shared_data / "corpora" / "imdb-reviews.jsonl.zst"
    reader = open_shard(locate([str(file)], None)[0])
    assert sum(len(batch.remarks) for batch in reader) == 0
    assert reader.coverage(None).documents == 20_000
