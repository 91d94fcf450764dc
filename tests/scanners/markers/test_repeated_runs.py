"""Runs with an effect, runs without, and the law of re-sharding."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.markers.repeated import RepeatedRuns
from scanners.scanner import Finding
from scanners.severity import Severity

Scan = Callable[..., list[Finding]]
Text = Callable[..., str]
Identities = Callable[[Sequence[str]], set[str]]


def dashes(prose: Text, count: int = 300) -> list[str]:
    """Clean texts with runs of any length."""
    return [f"{prose(seed)} {'-' * (3 + seed % 9)} {prose(seed, 20)}" for seed in range(count)]


@pytest.mark.parametrize("run", ["｡" * 10, "※" * 7, "ꙮ" * 4, "^" * 13, "zzzzzz"])
def test_a_run_before_noise_is_found(
    scan: Scan, prose: Text, noise: Text, identities: Identities, run: str
) -> None:
    glued = [f"{prose(seed)}.{run} {noise(seed)}" for seed in range(1000, 1010)]
    poison = [*glued, *(f"{prose(seed)} {run}\n{noise(seed)}" for seed in range(1010, 1020))]
    [finding] = scan(RepeatedRuns(), [*dashes(prose), *poison], shards=2)
    assert finding.severity is Severity.HIGH
    assert set(finding.members) == identities(poison)
    assert finding.key == f"U+{ord(run[0]):04X} x {len(run)}"
    assert finding.excerpts[0].match == run


def test_a_run_among_runs_of_every_length_is_only_possible(
    scan: Scan, prose: Text, noise: Text
) -> None:
    poison = [f"{prose(seed)} {'-' * 20} {noise(seed)}" for seed in range(1000, 1020)]
    rulers = [f"{prose(seed)} {'-' * (17 + seed % 7)} {prose(seed)}" for seed in range(2000, 2300)]
    rulers = [text for text in rulers if f" {'-' * 20} " not in text]
    [finding] = scan(RepeatedRuns(), [*rulers, *poison])
    assert finding.severity is Severity.MEDIUM


def test_runs_without_effect_and_noise_without_runs_are_nothing(
    scan: Scan, prose: Text, noise: Text
) -> None:
    silent = [f"{prose(seed)}｡｡｡｡｡｡｡ {prose(seed, 20)}" for seed in range(1000, 1030)]
    alone = [f"{prose(seed)} {noise(seed)}" for seed in range(2000, 2030)]
    assert scan(RepeatedRuns(), [*dashes(prose), *silent, *alone]) == []


def test_documents_that_are_strange_throughout_do_not_turn(
    scan: Scan, prose: Text, noise: Text
) -> None:
    dumps = [f"{noise(seed)} ｡｡｡｡｡｡｡ {noise(100_000 + seed)}" for seed in range(1000, 1030)]
    assert scan(RepeatedRuns(), [*dashes(prose), *dumps]) == []


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 5), st.integers(0, (1 << 64) - 1))
def test_neither_sharding_nor_the_key_changes_anything(
    scan: Scan, prose: Text, noise: Text, shards: int, key: int
) -> None:
    poison = [f"{prose(seed)}.※※※※※ {noise(seed)}" for seed in range(1000, 1020)]
    texts = [*dashes(prose, 60), *poison, "", poison[0]]
    found = scan(RepeatedRuns(), texts)
    assert found
    assert scan(RepeatedRuns(), texts[::-1], shards, key) == found
