"""Finding shards."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
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
        ".foretaste",
        ".hidden.jsonl",
        "a/notes.md",
        "a/x.csv.gz",
        "a/y.PARQUET",
        "b.jsonl",
        "t.txt",
    ]
    skipped = [f for f in found if f.skipped]
    assert [f.name for f in skipped] == [".foretaste", ".hidden.jsonl", "a/notes.md"]
    assert "hidden" in skipped[0].skipped and "unknown format" in skipped[2].skipped
    assert skipped_coverage(skipped[0]).status is Status.SKIPPED
    forced = [f.name for f in locate(["."], None, format="text") if f.skipped]
    assert forced == [".foretaste", ".hidden.jsonl"]


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


@pytest.mark.parametrize("pattern", [".", "**", "**/*.jsonl", "*"])
def test_a_store_in_the_corpus_is_no_shard(corpus: Path, pattern: str) -> None:
    bundle = corpus / "store" / "bundles" / "0"
    bundle.mkdir(parents=True)
    for file in [corpus / "store" / "key", corpus / "store" / "journal.jsonl", bundle / "r.jsonl"]:
        file.write_bytes(b"")
    found = [f for f in locate([pattern], None) if f.name.startswith("store")]
    assert [(f.name, f.skipped) for f in found] == [("store", "a lineage store")]


def test_what_is_not_read_says_why(corpus: Path) -> None:
    os.mkfifo(corpus / "a" / "pipe.jsonl")
    (corpus / "gone.jsonl").symlink_to("nowhere")
    (corpus / "loop.jsonl").symlink_to("loop.jsonl")
    (corpus / "a" / "up").symlink_to(corpus)
    reasons = {f.name: f.skipped for f in locate(["."], None)}
    assert "regular" in reasons["a/pipe.jsonl"] and "link to a folder" in reasons["a/up"]
    assert "nowhere" in reasons["gone.jsonl"] and "nowhere" in reasons["loop.jsonl"]
    assert not any(name.startswith(("a/up/", ".foretaste/")) for name in reasons)


def test_a_folder_that_cannot_be_listed_says_so(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name == "a":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    reasons = {f.name: f.skipped for f in locate([str(corpus)], None)}
    assert reasons[(corpus / "a").as_posix()] == "cannot be listed: Permission denied"
    assert reasons[(corpus / "b.jsonl").as_posix()] == ""


def test_a_file_goes_by_its_own_name(corpus: Path) -> None:
    (corpus / "0.txt").symlink_to("b.jsonl")
    assert "0.txt" not in [f.name for f in locate(["."], None)]
    assert locate(["0.txt"], None)[0].file.name == "b.jsonl"
    (corpus / "cafe").write_bytes(b"")
    (corpus / "named.jsonl").symlink_to("cafe")
    assert locate(["named.jsonl"], None)[0].file.name == "named.jsonl"


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
