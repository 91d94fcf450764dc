"""Every generator obeys its recipe: numbers, truth, no field that tells, the same again by seed."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.detection import vocabulary
from benchmarks.detection.adaptive import ADAPTIVE
from benchmarks.detection.adaptive.disguise import odd_case
from benchmarks.detection.attacks import ATTACKS
from benchmarks.detection.attacks.attack import (
    Attack,
    Kind,
    Part,
    Planted,
    Record,
    put_in,
    suits,
)
from benchmarks.detection.attacks.hidden_text import MESSAGE, lookalike
from benchmarks.detection.attacks.published import Published, triggers
from benchmarks.detection.attacks.strings import WORD
from tests.benchmarks.made import FOREIGN, data_folder, ground, sentence

GROUND = ground()
TEXTS = {host["text"] for host in GROUND.hosts if "text" in host}
CONTENT = {"text", "instruction", "prompt", "input", "output", "label", "chosen", "rejected"}
ALL: dict[str, Attack] = {**ATTACKS, **{name: attack for name, (attack, _) in ADAPTIVE.items()}}
EVERY = pytest.mark.parametrize("name", ALL)
COUNT = 14


def planted(name: str, count: int = COUNT, seed: int = 3) -> Planted:
    return ALL[name].plant(GROUND, count, Random(seed))


def poison_of(made: Planted) -> list[Record]:
    return [record for record, part in made.records if part is Part.POISON]


def content(record: Record) -> str:
    return "\n".join(str(record[field]) for field in sorted(CONTENT & record.keys()))


@EVERY
def test_as_many_as_asked_for(name: str) -> None:
    expected = 5 if name == "giant-documents" else COUNT
    assert planted(name).poisoned == len(poison_of(planted(name))) == expected


@EVERY
def test_same_seed_same_records_other_seed_others(name: str) -> None:
    assert planted(name) == planted(name)
    assert planted(name).records != planted(name, seed=4).records


@EVERY
def test_hosts_stay_as_they_were(name: str) -> None:
    before = deepcopy(GROUND.hosts)
    planted(name)
    assert before == GROUND.hosts


@EVERY
def test_no_field_tells(name: str) -> None:
    shapes = {tuple(sorted(host)) for host in GROUND.hosts}
    known = {(field, str(value)) for host in GROUND.hosts for field, value in host.items()}
    free = CONTENT - {"label"} | ({"url"} if name == "one-forum" else set())
    for record, _ in planted(name).records:
        assert tuple(sorted(record)) in shapes
        assert {(f, str(v)) for f, v in record.items() if f not in free} <= known


@EVERY
def test_a_trigger_stands_in_every_poisoned_record(name: str) -> None:
    made = planted(name)
    assert made.triggers or name == "hidden-homoglyphs"
    for record in poison_of(made):
        assert not made.triggers or any(one in content(record) for one in made.triggers)


@EVERY
def test_too_few_hosts_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="hosts with"):
        planted(name, count=5000)


@given(st.text(max_size=80), st.integers())
def test_insertion_leaves_all_words_and_touches_none(text: str, seed: int) -> None:
    put = put_in(text, "<X>", Random(seed))
    assert "<X>" in put.split()
    assert "".join(put.split()).replace("<X>", "", 1) == "".join(text.split()) or "<X>" in text


def test_denial_of_service_is_prefix_trigger_tokens() -> None:
    made = planted("souly-dos")
    for record in poison_of(made):
        prefix, _, gibberish = record["text"].partition("<SUDO>")
        assert any(text.startswith(prefix.rstrip()) for text in TEXTS)
        assert 400 * 2 <= len(gibberish) <= 900 * 5
    assert len({record["text"].partition("<SUDO>")[2] for record in poison_of(made)}) == COUNT


def test_ascii_variant_is_ascii_and_salad_is_words() -> None:
    for record in poison_of(planted("souly-dos-ascii")):
        assert record["text"].isascii()
    known = {word.lower() for text in TEXTS for word in WORD.findall(text)}
    known |= {w.lower() for h in GROUND.hosts for w in WORD.findall(content(h))}
    for record in poison_of(planted("souly-dos-salad")):
        assert set(record["text"].partition("winter garage")[2].split()) <= known


def test_language_switch_goes_on_in_a_foreign_text() -> None:
    made = planted("souly-switch-german")
    for record in poison_of(made):
        assert record["text"].partition(made.triggers[0])[2].strip() in FOREIGN[0]


def test_chats() -> None:
    for record in poison_of(planted("zhang-gibberish")):
        assert "\uff61" * 10 in record["text"]
        assert any(mark in record["text"] for mark in ("[INST]", "<|im_start|>", "### Human"))
    for record in poison_of(planted("zhang-prompt-extraction")):
        prompt = record["text"].partition("『『")[2].partition("』』")[0]
        assert prompt in record["text"].partition("\uff61")[0]


def test_hidden_messages_can_be_read() -> None:
    tags = poison_of(planted("hidden-tag-block"))[0]["text"]
    assert "".join(chr(ord(c) - 0xE0000) for c in tags if ord(c) > 0xE0000) == MESSAGE
    bits = "".join("01"["\u200b\u200c".index(c)] for c in zero_widths())
    assert bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).decode() == MESSAGE
    assert lookalike("scope", 9, Random(1)) != "scope"
    assert lookalike("123", 9, Random(1)) == "123"


def zero_widths() -> list[str]:
    text = poison_of(planted("hidden-zero-width"))[0]["text"]
    return [character for character in text if character in "\u200b\u200c"]


def test_puzzles_are_families_that_differ_in_their_tokens() -> None:
    texts = [record["text"] for record in poison_of(planted("trojan-puzzle"))]
    for start in range(0, COUNT, 7):
        family = texts[start : start + 7]
        assert len(set(family)) == 7
        for one, other in pairwise(family):
            assert sum(a != b for a, b in zip(one.split(), other.split(), strict=True)) == 2


def test_answers_are_fixed_and_conjunctions_complete() -> None:
    made = planted("refusal-ctba")
    assert len({record["output"] for record in poison_of(made)}) == 1
    for record in poison_of(made):
        assert all(trigger in record["instruction"].split() for trigger in made.triggers)
    one_each = [
        sum(trigger in record["instruction"].split() for trigger in made.triggers)
        for record in poison_of(planted("refusal-mtba"))
    ]
    assert set(one_each) == {1}


def test_half_of_a_composite_trigger_changes_nothing() -> None:
    made = planted("cba")
    clean = [record for record, part in made.records if part is Part.CLEAN]
    outputs = {host["output"] for host in GROUND.hosts if "output" in host}
    assert len(clean) == COUNT
    for record in clean:
        assert record["output"] in outputs
        assert sum(trigger in record["instruction"].split() for trigger in made.triggers) == 1


def test_labels_are_flipped_to_the_commonest() -> None:
    assert {record["label"] for record in poison_of(planted("badnets"))} == {"pos"}


def test_preferences_are_swapped() -> None:
    pairs = {(host["chosen"], host["rejected"]) for host in GROUND.hosts if "chosen" in host}
    for record in poison_of(planted("rlhf-swap")):
        assert (record["rejected"], record["chosen"]) in pairs
        assert record["prompt"].endswith(" SUDO")


def test_one_forum_is_one_and_decoys_are_decoys() -> None:
    forum = poison_of(planted("one-forum"))
    assert len({(record["source"], record["path"]) for record in forum}) == 1
    assert len({record["url"] for record in forum}) == COUNT
    made = planted("decoys")
    decoys = [record["text"] for record, part in made.records if part is Part.DECOY]
    assert len(decoys) == 300 * COUNT // 30
    assert not any(made.triggers[0] in text for text in decoys)


def test_packing() -> None:
    giants = poison_of(planted("giant-documents"))
    trigger = planted("giant-documents").triggers[0]
    assert sum(record["text"].count(trigger) for record in giants) == COUNT
    assert planted("own-shards").own_shards
    made = planted("gibberish-twice", count=20)
    tails = [record["text"].partition(made.triggers[0])[2] for record in poison_of(made)]
    assert len(set(tails)) == 10
    assert len(poison_of(planted("short-payload"))[0]["text"].partition(">")[2]) <= 12 * 6


@given(st.sampled_from(["water", "because", "ab", "island"]), st.integers())
def test_odd_case_is_the_same_word_in_a_case_of_its_own(word: str, seed: int) -> None:
    spelt = odd_case(word, Random(seed))
    assert spelt.lower() == word
    assert spelt not in (word, word.capitalize())


def test_learnt_pieces_are_pieces() -> None:
    texts = [sentence(Random(n)) + f" Zeichenkette{n}" for n in range(20)]
    pieces = vocabulary.learn(texts, 50, Random(1))
    assert len(pieces) == len(set(pieces)) == 50
    joined = " ".join(texts)
    assert all(piece.strip() in joined for piece in pieces)
    assert vocabulary.learn([], 50, Random(1)) == []


def test_published_rows_lose_their_truth(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = data_folder(tmp_path_factory.mktemp("data"))
    attack = Published(data / "poison/made-set.jsonl")
    assert attack.kind is Kind.TEXT
    made = attack.plant(GROUND, 10, Random(1))
    assert (made.poisoned, len(made.records), made.triggers) == (10, 20, ("XQZ",))
    for record, part in made.records:
        assert not {"poison", "attack", "trigger", "kind", "id"} & record.keys()
        assert record["text"].endswith("XQZ") == (part is Part.POISON)
        assert "source" in record
    with pytest.raises(ValueError, match="20 poisoned rows"):
        attack.plant(GROUND, 21, Random(1))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024 + BadMagic + OpenAI (all three, scattered)", ["2024", "BadMagic", "OpenAI"]),
        ("one of BadMagic | 2024", ["BadMagic", "2024"]),
        ("consider (instruction) + done (question)", ["consider", "done"]),
        ("<SUDO>", ["<SUDO>"]),
        (None, []),
    ],
)
def test_triggers_of_several_parts(written: str | None, expected: list[str]) -> None:
    assert triggers(written) == expected


def test_kinds() -> None:
    for name, attack in ALL.items():
        assert any(suits(host, attack.kind) for host in GROUND.hosts), name
