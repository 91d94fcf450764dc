"""Corpora on disk: samples, clean records, poison dealt among them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from benchmarks.detection import corpus, mixtures
from benchmarks.detection.adaptive import ADAPTIVE
from benchmarks.detection.attacks import ATTACKS
from benchmarks.detection.attacks.attack import Planted
from benchmarks.detection.corpus import Clean
from benchmarks.detection.lines import Record, raw_lines, records_of, write_lines
from benchmarks.detection.mixtures import Data, sample
from tests.benchmarks.made import data_folder, text_record

SIZE = 300


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data((data_folder(tmp_path / "data"),))


@pytest.fixture
def clean(data: Data, tmp_path: Path) -> Clean:
    made = corpus.write_clean(data, "forum", SIZE, 1, tmp_path / "clean")
    assert made is not None
    return made


def of(folder: Path) -> list[Record]:
    return [record for shard in sorted(folder.iterdir()) for record in records_of(shard)]


def test_lines_of_any_length(tmp_path: Path) -> None:
    records = [{"text": "x" * length} for length in (0, 3, 5_000_000, 1)]
    write_lines(tmp_path / "a.jsonl.zst", records)
    assert list(records_of(tmp_path / "a.jsonl.zst")) == records
    (tmp_path / "b.jsonl").write_bytes(b'{"a": 1}\n\n{"a": 2}')
    assert list(raw_lines(tmp_path / "b.jsonl")) == [b'{"a": 1}', b'{"a": 2}']


@pytest.mark.parametrize(("total", "size", "hosts"), [(1000, 100, 50), (100, 500, 50), (0, 5, 5)])
def test_a_sample_has_hosts_apart(total: int, size: int, hosts: int) -> None:
    chosen = sample(total, size, hosts, 1)
    held = min(hosts, total // 5)
    assert int(chosen.held.sum()) == held
    assert chosen.clean == min(size, total - held)
    assert (chosen.taken | ~chosen.held).all()


def test_a_clean_corpus_is_a_part_of_the_mixture(clean: Clean, data: Data) -> None:
    inside = of(clean.folder / "closed") + list(records_of(clean.folder / "open.jsonl.zst"))
    texts = {record["text"] for record in mixtures.records(data, "forum")}
    assert clean.about == {"records": SIZE} == {"records": len(inside)}
    assert {record["text"] for record in inside} <= texts
    assert not {r["text"] for r in inside} & {r["text"] for r in clean.hosts}
    assert len({record["id"] for record in inside + clean.hosts}) == SIZE + len(clean.hosts)


def test_a_clean_corpus_is_written_once_and_the_same_again(
    clean: Clean, data: Data, tmp_path: Path
) -> None:
    again = corpus.write_clean(data, "forum", SIZE, 1, tmp_path / "again")
    assert again is not None
    names = sorted(path.relative_to(clean.folder) for path in clean.folder.rglob("*.zst"))
    assert all(
        (clean.folder / name).read_bytes() == (again.folder / name).read_bytes() for name in names
    )
    (clean.folder / "closed/part-000.jsonl.zst").unlink()
    corpus.write_clean(data, "forum", SIZE, 1, clean.folder)
    assert not (clean.folder / "closed/part-000.jsonl.zst").exists()


def test_a_mixture_that_is_far_too_small(data: Data, tmp_path: Path) -> None:
    assert corpus.write_clean(data, "forum", 1000, 1, tmp_path / "big") is None
    assert corpus.write_clean(data, "code-and-docs", 10, 1, tmp_path / "none") is None


def test_poison_is_dealt_among_clean_records(clean: Clean, tmp_path: Path) -> None:
    ground = corpus.Ground(clean.hosts, [" a", "b"])
    planted = ATTACKS["souly-dos"].plant(ground, 20, Random(1))
    [truth] = corpus.mix(clean, [planted], tmp_path / "mixed", Random(2))
    records = of(tmp_path / "mixed")
    poisoned = [record for record in records if record["id"] in truth.poison]
    assert len(records) == SIZE + 20
    assert len(poisoned) == len(truth.poison) == 20
    assert truth.clean == SIZE
    assert all("<SUDO>" in record["text"] for record in poisoned)
    shapes = Counter(tuple(record) for record in records)
    assert len(shapes) == 1, "poison must look like its neighbours"
    assert {len(record["id"]) for record in records} == {16}
    places = [at for at, record in enumerate(records) if record["id"] in truth.poison]
    assert places != list(range(places[0], places[0] + 20))


def test_shards_of_their_own(clean: Clean, tmp_path: Path) -> None:
    ground = corpus.Ground(clean.hosts, [" a", "b"])
    planted = ADAPTIVE["own-shards"][0].plant(ground, 7, Random(1))
    [truth] = corpus.mix(clean, [planted], tmp_path / "mixed", Random(2))
    single = [list(records_of(shard)) for shard in (tmp_path / "mixed").iterdir()]
    alone = [records[0]["id"] for records in single if len(records) == 1]
    assert truth.poison <= set(alone)


def test_what_others_planted_is_a_decoy(clean: Clean, tmp_path: Path) -> None:
    ground = corpus.Ground(clean.hosts, [" a", "b"])
    planted = [ATTACKS[name].plant(ground, 9, Random(1)) for name in ("silent-cf", "souly-dos")]
    first, second = corpus.mix(clean, planted, tmp_path / "mixed", Random(2))
    assert (first.poison, first.decoys) == (second.decoys, second.poison)
    assert len(first.poison) == len(second.poison) == 9
    assert first.triggers != second.triggers
    assert first.clean == second.clean == SIZE


def test_nothing_planted(clean: Clean, tmp_path: Path) -> None:
    [truth] = corpus.mix(clean, [Planted((), ())], tmp_path / "alone", Random(2))
    assert not truth.planted
    assert len(of(tmp_path / "alone")) == SIZE


def test_preferences_have_both_sides(data: Data) -> None:
    made = list(mixtures.records(data, "preferences"))
    plain = list(mixtures.records(data, "sft"))
    assert [record["chosen"] for record in made] == [record["output"] for record in plain]
    assert [record["rejected"] for record in made][1:] == [r["output"] for r in plain][:-1]
    assert not any({"output", "instruction"} & record.keys() for record in made)


def test_data_folders(data: Data, tmp_path: Path) -> None:
    assert list(data.corpora) == ["reddit-made", "sft-made"]
    assert list(data.published) == ["made-set"]
    assert list(data.of("mixed")) == ["reddit-made"]
    assert len(data.foreign("reddit-*")) == 400
    (tmp_path / "empty/corpora").mkdir(parents=True)
    with pytest.raises(SystemExit, match="no corpora"):
        _ = Data((tmp_path / "empty",)).corpora


def test_a_vocabulary_is_learnt_of_all_corpora(data: Data) -> None:
    pieces = corpus.learnt_vocabulary(data, 1)
    assert pieces == corpus.learnt_vocabulary(data, 1)


def test_hosts_keep_their_fields(clean: Clean) -> None:
    expected = set(text_record(0, Random(1)))
    assert all(set(host) == expected for host in clean.hosts)
