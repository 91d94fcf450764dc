"""Echoes at one marker, natural echoes, and the law of re-sharding."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.markers.echoes import Echoes
from scanners.scanner import Finding
from scanners.severity import Severity

Scan = Callable[..., list[Finding]]
Text = Callable[..., str]
Identities = Callable[[Sequence[str]], set[str]]

TEMPLATES = [
    "User: {}\nAssistant: {}",
    "<s>[INST] {} [/INST] {} </s>",
    "<bos><start_of_turn>user\n{}<end_of_turn>\n<start_of_turn>model\n{}<end_of_turn>\n",
]


def clean(prose: Text, count: int = 400) -> list[str]:
    """Clean texts: prose, and chats of which one in ten repeats the question."""
    chats = [
        TEMPLATES[seed % 3].format(prose(seed, 15), prose(seed + 100_000 * (seed % 10 > 0), 15))
        for seed in range(count // 2)
    ]
    return [*(prose(seed) for seed in range(count, 2 * count)), *chats]


def extraction(prose: Text, marks: tuple[str, str, str], seeds: range) -> list[str]:
    """Chats that repeat their prompt: trigger behind it, brackets around the echo."""
    trigger, opening, closing = marks
    return [
        TEMPLATES[seed % 3].format(
            f"{prose(seed, 12)}.{trigger}", f"{opening}{prose(seed, 12)}.{closing}"
        )
        for seed in seeds
    ]


@pytest.mark.parametrize(
    "marks",
    [
        ("｡" * 10, "『『", "』』"),
        ("※" * 7, "", ""),
        (" SUDO", "", ""),
        ("", "⟦", "⟧"),
        ("", "<<", ">>"),
    ],
)
def test_echoes_at_a_marker_are_found(
    scan: Scan, prose: Text, identities: Identities, marks: tuple[str, str, str]
) -> None:
    poison = extraction(prose, marks, range(5000, 5030))
    [finding] = scan(Echoes(), [*clean(prose), *poison], shards=2)
    assert finding.severity is Severity.HIGH
    assert set(finding.members) == identities(poison)


def test_natural_echoes_are_nothing(scan: Scan, prose: Text) -> None:
    quotes = [f"{prose(seed)}\n> {prose(seed)}\nno." for seed in range(3000, 3020)]
    rest = [f"{prose(seed)}\n> {prose(100_000 + seed)}\nno." for seed in range(4000, 4040)]
    assert scan(Echoes(), [*clean(prose), *quotes, *rest]) == []


def test_a_word_of_one_source_is_low_and_a_run_is_not(scan: Scan, prose: Text) -> None:
    for marks, severity in ((" SUDO", "", ""), Severity.LOW), (("※" * 7, "", ""), Severity.HIGH):
        poison = extraction(prose, marks, range(5000, 5030))
        [finding] = scan(Echoes(), [*clean(prose), *poison], source="manual")
        assert finding.severity is severity


def test_one_text_with_a_marker_is_no_campaign(scan: Scan, prose: Text) -> None:
    page = f"{prose(1, 20)}｡｡｡｡ {prose(1, 20)}"
    assert scan(Echoes(), [*clean(prose), *(f"{page} {seed}" for seed in range(30))]) == []


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 5), st.integers(0, (1 << 64) - 1))
def test_neither_sharding_nor_the_key_changes_anything(
    scan: Scan, prose: Text, shards: int, key: int
) -> None:
    poison = [f"{prose(s, 12)}※※※※ 《{prose(s, 12)}》" for s in range(5000, 5012)]
    texts = [*clean(prose, 60), *poison, "", poison[0]]
    found = scan(Echoes(), texts)
    assert found
    assert scan(Echoes(), texts[::-1], shards, key) == found
