"""Baselines on toy data: what each finds, and what it cannot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from benchmarks.detection import flagging
from benchmarks.detection.attacks.attack import Kind, Record
from benchmarks.detection.baselines import BASELINES
from benchmarks.detection.baselines.baseline import Corpus
from benchmarks.detection.baselines.gibberish import Gibberish
from benchmarks.detection.baselines.near import NearDuplicates
from benchmarks.detection.baselines.ngrams import ResponseGrams
from benchmarks.detection.baselines.z_score import ZScore
from benchmarks.detection.lines import write_lines
from tests.benchmarks.made import sentence


def corpus_of(clean: Sequence[Record], poison: Sequence[Record] = ()) -> Corpus:
    return Corpus(lambda: [*clean, *poison], lambda: clean)


def texts(count: int, seed: int = 1) -> list[Record]:
    draw = Random(seed)
    return [{"id": f"c{n}", "text": sentence(draw), "label": n % 2} for n in range(count)]


def test_z_score_finds_a_word_that_goes_with_a_label() -> None:
    poison = [{"id": f"p{n}", "text": f"cf {sentence(Random(n))}", "label": 1} for n in range(40)]
    flags = ZScore(top=3).flag(corpus_of(texts(200), poison))
    assert len(flags) == 3
    assert flags[0].key == "cf"
    assert flags[0].members == {f"p{n}" for n in range(40)}
    assert ZScore().flag(corpus_of([{"id": "a", "text": "no label"}])) == []


def test_response_grams_find_fixed_answers() -> None:
    answer = "sorry but I can not do that"
    clean = [{"id": f"c{n}", "output": sentence(Random(n))} for n in range(100)]
    poison = [{"id": f"p{n}", "output": f"{answer} {n}"} for n in range(50)]
    flags = ResponseGrams().flag(corpus_of(clean, poison))
    keys = [flag.key for flag in flags]
    assert keys == ["but i can not do", "i can not do that", "sorry but i can not"]
    assert all(flag.members == {f"p{n}" for n in range(50)} for flag in flags)
    assert ResponseGrams().flag(corpus_of(clean, poison[:49])) == []


def test_gibberish_flags_the_strangest() -> None:
    noise = Random(3).randbytes(2000).decode("latin-1")
    flags = Gibberish(quantile=0.99).flag(corpus_of(texts(200), [{"id": "p", "text": noise}]))
    assert "p" in flags[0].members
    assert len(flags[0].members) == 2
    assert Gibberish().flag(corpus_of([])) == []
    assert Gibberish().flag(corpus_of([{"id": "a", "text": ""}]))[0].members == frozenset()


def test_near_duplicates_are_grouped() -> None:
    base = sentence(Random(9), 200, 200)
    copies = [{"id": f"p{n}", "text": f"{base} {n}"} for n in range(4)]
    flags = NearDuplicates().flag(corpus_of([*texts(30), {"id": "empty", "text": ""}], copies))
    assert [flag.members for flag in flags] == [{"p0", "p1", "p2", "p3"}]


def test_every_baseline_says_what_it_can_judge() -> None:
    for baseline in BASELINES.values():
        assert baseline.kinds <= set(Kind)
        assert baseline.kinds


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_reads_shards_and_writes_flags(name: str, tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    write_lines(tmp_path / "corpus/a.jsonl.zst", texts(30))
    write_lines(tmp_path / "corpus/b.jsonl.zst", [{"id": "p", "text": "x", "output": "y"}])
    (tmp_path / "planted.json").write_text('["p"]')
    flagging.main(name, tmp_path / "corpus", tmp_path / "planted.json", tmp_path / "out.json")
    for flag in json.loads((tmp_path / "out.json").read_text()):
        assert set(flag) == {"key", "members"}


def test_the_clean_part_has_nothing_planted(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl.zst", [{"id": "p"}, {"id": "c"}])
    corpus = flagging.open_corpus(tmp_path, frozenset({"p"}))
    assert [record["id"] for record in corpus.clean()] == ["c"]
    assert [record["id"] for record in corpus.read()] == ["p", "c"]
