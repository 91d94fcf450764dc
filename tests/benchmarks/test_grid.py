"""The runner: every cell once, resuming, failures that cost themselves alone, the same by seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from benchmarks.detection import grid
from benchmarks.detection.cells import FORETASTE, SCHEMA
from benchmarks.detection.detect import Detected, Job
from benchmarks.detection.lines import records_of
from benchmarks.detection.score import Found
from tests.benchmarks.made import data_folder

COST = {"wall": 1.0, "cpu": 0.5, "peak": 100.0}
Run = Callable[..., int]


class Detector:
    """Finds all poison, and remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.texts: list[str] = []
        self.broken = ""

    def __call__(self, job: Job) -> Detected:
        name = job.corpus.parent.name
        self.seen.append(name)
        if self.broken and self.broken in name:
            raise SystemExit("failed with 2")
        shards = [list(records_of(shard)) for shard in sorted(job.corpus.iterdir())]
        self.texts += [record["text"] for records in shards for record in records]
        found = [Found("T", "high", "k", ("k",), job.truth.poison)] if job.truth.poison else []
        return Detected(found, COST)


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Detector:
    made = Detector()
    monkeypatch.setitem(grid.DETECTORS, FORETASTE, made)
    monkeypatch.setattr(grid, "warm", lambda _: None)
    return made


@pytest.fixture
def run(tmp_path: Path) -> Run:
    data = data_folder(tmp_path / "data")

    def start(*options: str, out: str = "out") -> int:
        usual = ["--mixtures", "forum", "--sizes", "200", "--counts", "5,10"]
        rows = ["--attacks", "silent-cf,badnets,rlhf-swap", "--adaptive", "none"]
        files = ["--out", str(tmp_path / out), "--vocabulary", str(data / "vocabulary.txt")]
        arguments = [str(data), *files, *usual, *rows, *options]
        return grid.main(grid.parsed(arguments))

    return start


def test_every_cell_is_run_and_told(
    run: Run, detector: Detector, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    assert detector.seen == [
        "forum-200-clean-none-0",
        "forum-200-attack-silent-cf-5",
        "forum-200-attack-silent-cf-10",
        "forum-200-attack-badnets-5",
        "forum-200-attack-badnets-10",
        "forum-200-published-made-set-5",
        "forum-200-published-made-set-10",
    ]
    result = pl.read_parquet(tmp_path / "out/result.parquet")
    assert dict(result.schema) == {name: kind() for name, kind in SCHEMA.items()}
    assert len(result) == 7
    planted = result.filter(pl.col("group") != "clean")
    assert (planted["rank"] == 1).all()
    assert (planted["alarm_recall"] == 1).all()
    assert (planted["poisoned"] == planted["count"]).all()
    assert not (tmp_path / "out/scratch").exists()
    told = capsys.readouterr().err
    assert "forum-200-attack-badnets-5 foretaste: rank 1 high 'k', recall 1.00" in told
    assert "7 cells run, 0 were there, 0 failed" in told


def test_all_attacks_of_a_count_in_one_corpus(run: Run, detector: Detector, tmp_path: Path) -> None:
    assert run("--together", "--counts", "2,4", "--attacks", "silent-cf,silent-word") == 0
    assert detector.seen == [
        "forum-200-clean-none-0",
        "forum-200-together-2",
        "forum-200-together-4",
    ]
    result = pl.read_parquet(tmp_path / "out/result.parquet")
    planted = result.filter(pl.col("group") != "clean")
    assert len(result) == 7
    assert (planted["poisoned"] == planted["count"]).all()
    # The detector finds what the first attack planted; that is no answer for the others.
    first = planted["attack"] == "silent-cf"
    assert planted["rank"].to_list() == first.cast(int).to_list()
    assert planted["alarm_recall"].to_list() == first.cast(float).to_list()
    assert (planted["false_high_per_million"] == 0).all()
    with pytest.raises(SystemExit, match="was made with"):
        run("--resume")


def test_finished_cells_are_not_run_again(run: Run, detector: Detector, tmp_path: Path) -> None:
    run()
    gone = "forum-200-attack-badnets-5-foretaste.json"
    before = (tmp_path / "out/cells" / gone).read_text()
    (tmp_path / "out/cells" / gone).unlink()
    detector.seen.clear()
    with pytest.raises(SystemExit, match="--resume"):
        run()
    assert run("--resume") == 0
    assert detector.seen == ["forum-200-attack-badnets-5"]
    assert (tmp_path / "out/cells" / gone).read_text() == before


def test_a_failure_costs_its_cell_alone(run: Run, detector: Detector, tmp_path: Path) -> None:
    detector.broken = "badnets-5"
    assert run() == 1
    assert len(detector.seen) == 7
    assert len(list((tmp_path / "out/cells").iterdir())) == 6
    detector.broken = ""
    assert run("--resume") == 0
    assert len(list((tmp_path / "out/cells").iterdir())) == 7


def test_what_is_left_of_a_killed_run_is_no_result(
    run: Run, detector: Detector, tmp_path: Path
) -> None:
    (tmp_path / "out/cells").mkdir(parents=True)
    (tmp_path / "out/cells/forum-200-attack-badnets-5-foretaste.part").write_text("{")
    (tmp_path / "out/scratch/forum-200-attack-badnets-5/corpus").mkdir(parents=True)
    assert run() == 0
    assert len(detector.seen) == 7


def test_an_interrupted_run_gathers_what_it_has(
    run: Run, detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(job: Job) -> Detected:
        if len(detector.seen) == 3:
            raise KeyboardInterrupt
        return detector(job)

    monkeypatch.setitem(grid.DETECTORS, FORETASTE, interrupted)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(pl.read_parquet(tmp_path / "out/result.parquet")) == 3
    assert not (tmp_path / "out/scratch").exists()


def test_equal_seeds_give_equal_corpora(run: Run, detector: Detector) -> None:
    run(out="one")
    first = list(detector.texts)
    detector.texts.clear()
    run(out="two")
    assert detector.texts == first
    detector.texts.clear()
    run("--seed", "2", out="three")
    assert detector.texts != first


def test_a_folder_keeps_to_its_seed(run: Run, detector: Detector) -> None:
    run()
    with pytest.raises(SystemExit, match="was made with"):
        run("--resume", "--seed", "2")
    assert len(detector.seen) == 7


def test_adaptive_attacks_and_baselines_by_flags(
    run: Run, detector: Detector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("z-score", "response-5-grams"):
        monkeypatch.setitem(grid.DETECTORS, name, Detector())
    options = ("--attacks", "silent-cf", "--counts", "5", "--published", "none")
    names = "z-score,response-5-grams"
    assert run(*options, "--adaptive", "own-shards,ends-only", "--baselines", names) == 0
    rows = [json.loads(path.read_text()) for path in (tmp_path / "out/cells").iterdir()]
    seen = sorted((row["attack"], row["detector"]) for row in rows)
    assert seen == [("none", "foretaste"), ("none", "z-score"), ("silent-cf", "foretaste")]
    assert len(detector.seen) == 2, "250 and 100 documents need more hosts than there are"


def test_a_mixture_that_is_too_small_is_left_out(
    run: Run, detector: Detector, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--sizes", "5000") == 0
    assert detector.seen == []
    assert "has not half of 5,000 records" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["attacks", "adaptive", "baselines", "mixtures", "published"])
def test_unknown_names_are_refused(option: str, run: Run) -> None:
    with pytest.raises(SystemExit, match="no such"):
        run(f"--{option}", "nonsense")
