"""The contract of rounds, over the whole registry and over scanners made for testing it."""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import foretaste
from lineage.errors import UsageError
from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.model import Digest, Role, ShardCoverage, Status
from lineage.shards.batch import DocumentBatch
from scanners import ASKED_FOR, COMPARING, SCANNERS, make_scanners, scanner_class, select
from scanners.cache import MemoryCache
from scanners.engine import Engine, Means, in_order
from scanners.fold import fold
from scanners.jobs import FirstPass
from scanners.keep import read_finding, store_finding, write_finding
from scanners.scanner import (
    Component,
    Finding,
    Fold,
    Input,
    Observed,
    Observer,
    Plan,
    Scanner,
    Schema,
    Side,
)
from scanners.severity import Confidence, Consequence

CLASSES = list(dict.fromkeys(scanner_class(code) for code in SCANNERS))
KEY = 7


# A corpus in memory


@dataclass(frozen=True)
class Memory:
    """A shard in memory: its texts, in batches of a few."""

    texts: tuple[str, ...]
    size: int = 3

    @property
    def digest(self) -> Digest:
        return Digest("sha256", hashlib.sha256(repr(self.texts).encode()).hexdigest())

    def batches(self) -> Iterator[Batch]:
        for start in range(0, len(self.texts), self.size):
            part = self.texts[start : start + self.size]
            text = pa.array(part, pa.large_string())
            leaves = pa.array([""] * len(part), pa.large_string())
            record = np.arange(start, start + len(part))
            reading = np.zeros(len(part), np.uint8)
            roles = {Role.TEXT: text}
            yield Batch(DocumentBatch(record, reading, text, leaves, roles, len(part)), KEY)

    def read(self, tap: FirstPass) -> None:
        for batch in self.batches():
            tap.see(batch)
        tap.finish(ShardCoverage("", None, Status.SCANNED))

    def wanted(self, docs: np.ndarray) -> Iterator[Batch]:
        del docs
        yield from self.batches()

    def records(self) -> pl.DataFrame:
        docs = [batch.doc for batch in self.batches()] or [np.empty((0, 2), np.uint64)]
        doc = np.concatenate(docs)
        return pl.DataFrame({"doc_hi": doc[:, 0], "doc_lo": doc[:, 1]})


# Scanners made for testing


class Words(Observer):
    """Counts raw token hashes of a shard."""

    def __init__(self, plan: Plan) -> None:
        del plan
        self.seen: list[np.ndarray] = []

    def see(self, batch: Batch) -> None:
        self.seen.append(np.array(batch.tokens.raw))

    def observation(self) -> pl.DataFrame:
        raw = np.concatenate([np.empty(0, np.uint64), *self.seen])
        return pl.DataFrame({"raw": raw, "count": np.ones(len(raw), np.int64)})


class Owners(Observer):
    """Documents that hold the plan's token."""

    def __init__(self, plan: Plan) -> None:
        self.raw = plan.arrays["raw"]
        self.parts: list[np.ndarray] = []

    def see_tokens(self, batch: TokenBatch) -> None:
        hit = np.isin(batch.raw, self.raw)
        owner = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
        self.parts.append(batch.doc[np.unique(owner[hit])])

    def observation(self) -> pl.DataFrame:
        doc = np.concatenate([np.empty((0, 2), np.uint64), *self.parts])
        return pl.DataFrame({"hi": doc[:, 0], "lo": doc[:, 1]})


class Toy(Scanner):
    """Names the documents that hold the most frequent token: round one counts, round two asks."""

    code: ClassVar[str] = "TOY001"
    name: ClassVar[str] = "toy"
    counts: ClassVar[Component] = Component(
        "toy-counts", Input.TEXT, Schema({"raw": pl.UInt64}, {"count": (pl.Int64, Fold.SUM)}), Words
    )
    owners: ClassVar[Component] = Component(
        "toy-owners", Input.TOKENS, Schema({"hi": pl.UInt64, "lo": pl.UInt64}), Owners
    )
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((counts,), (owners,))

    def plan(self, number: int, observed: Observed) -> Plan:
        if number == 0:
            return Plan()
        counts = observed[self.counts.recipe].sort("count", "raw", descending=[True, False])
        return Plan(arrays={"raw": counts.head(1)["raw"].to_numpy()})

    def judge(self, observed: Observed) -> list[Finding]:
        docs = observed[self.owners.recipe]
        total = int(observed[self.counts.recipe]["count"].sum())
        members = tuple(f"{hi:016x}{lo:016x}" for hi, lo in docs.iter_rows())
        return [finding_of(self.code, members, {"tokens": total})] if members else []


class Pass(Scanner):
    """Never finds anything."""

    code: ClassVar[str] = "TOY002"
    name: ClassVar[str] = "pass"
    rounds: ClassVar[tuple[tuple[Component, ...], ...]] = ((Toy.counts,),)

    def judge(self, observed: Observed) -> list[Finding]:
        assert list(observed) == [Toy.counts.recipe]
        return []


class Fail(Pass):
    """Finds something in every corpus."""

    code: ClassVar[str] = "TOY003"

    def judge(self, observed: Observed) -> list[Finding]:
        assert observed
        return [finding_of(self.code, (), {})]


class Random(Pass):
    """Finds as many things as chance says, drawn from what was observed."""

    code: ClassVar[str] = "TOY004"

    def judge(self, observed: Observed) -> list[Finding]:
        draw = random.Random(int(observed[Toy.counts.recipe]["count"].sum()))
        return [
            finding_of(self.code, (), {"draw": draw.random()}, key=str(number), strength=number)
            for number in range(draw.randrange(5))
        ]


def finding_of(
    code: str,
    members: tuple[str, ...],
    statistics: dict[str, int | float | str],
    key: str = "toy",
    strength: int = 1,
) -> Finding:
    return Finding(
        code, key, "toy", Consequence.NUISANCE, Confidence.CERTAIN, strength, members, statistics
    )


TOYS = (Toy, Pass, Fail, Random)


def run(shards: Sequence[Sequence[str]], cache: MemoryCache | None = None) -> list[Finding]:
    with Engine([toy() for toy in TOYS], Means(cache=cache or MemoryCache())) as engine:
        return engine.run([Memory(tuple(texts)) for texts in shards])


def cut(texts: Sequence[str], owners: Sequence[int]) -> list[list[str]]:
    """Texts dealt to shards."""
    shards = sorted(set(owners))
    return [[t for t, owner in zip(texts, owners, strict=True) if owner == s] for s in shards]


TEXTS = st.lists(st.text("ab ", max_size=12), min_size=1, max_size=20)


@settings(deadline=None, max_examples=40)
@given(TEXTS, st.data())
def test_sharding_changes_no_finding_of_a_toy(texts: list[str], data: st.DataObject) -> None:
    owners = data.draw(st.lists(st.integers(0, 4), min_size=len(texts), max_size=len(texts)))
    assert run(cut(texts, owners)) == run([texts])


def test_a_shard_that_lies_there_twice_counts_twice() -> None:
    assert run([["a b"], ["a b"]]) == run([["a b", "a b"]])


def test_toys_do_what_they_say() -> None:
    found = run([["a a b"], ["c"]])
    assert {"TOY003", "TOY001"} <= {finding.code for finding in found}
    assert "TOY002" not in {finding.code for finding in found}
    assert found == sorted(found, key=lambda finding: finding.order)


def test_what_was_observed_is_not_observed_again() -> None:
    cache = MemoryCache()
    first = run([["a b", "a"], ["b c"]], cache)

    class Closed(Memory):
        def read(self, tap: FirstPass) -> None:
            raise AssertionError(f"read again: {tap}")

    with Engine([Pass(), Fail()], Means(cache=cache)) as engine:
        again = engine.run([Closed(("a b", "a")), Closed(("b c",))])
    assert [f for f in first if f.code == "TOY003"] == again


# The registry


@pytest.mark.parametrize("code", list(SCANNERS))
def test_codes_are_three_letters_and_three_digits(code: str) -> None:
    assert re.fullmatch(r"[A-Z]{3}[0-9]{3}", code)
    assert issubclass(scanner_class(code.lower()), Scanner)


@pytest.mark.parametrize("scanner", CLASSES)
def test_scanners_are_described(scanner: type[Scanner]) -> None:
    assert SCANNERS[scanner.code].endswith(f":{scanner.__name__}")
    assert re.fullmatch(r"[a-z][a-z-]+", scanner.name)
    page = " ".join((scanner.__doc__ or "").split()).lower()
    for part in ("what it finds", "why it matters", "known false positives", "what to do"):
        assert part in page, part


@pytest.mark.parametrize("scanner", CLASSES)
def test_rounds_keep_the_contract(scanner: type[Scanner]) -> None:
    assert scanner.rounds
    for number, components in enumerate(scanner.rounds):
        for component in components:
            allowed = {Input.TEXT, Input.RECORDS} if number == 0 else set(Input) - {Input.TEXT}
            assert component.input in allowed, component.recipe
            kinds = component.schema.columns.values()
            assert not any(kind.is_float() for kind in kinds), component.recipe


def test_a_recipe_names_one_component() -> None:
    by_recipe: dict[str, Component] = {}
    for scanner in CLASSES:
        for components in scanner.rounds:
            for component in components:
                # What is observed of a shard does not depend on its side.
                either = replace(component, side=Side.CORPUS)
                assert by_recipe.setdefault(component.recipe, either) == either


def test_only_scanners_that_compare_see_the_reference() -> None:
    for scanner in CLASSES:
        sides = {component.side for components in scanner.rounds for component in components}
        assert (Side.REFERENCE in sides) is scanner.compares is (scanner.code in COMPARING)


@pytest.mark.parametrize("scanner", CLASSES)
def test_an_empty_corpus_has_no_findings(scanner: type[Scanner]) -> None:
    with Engine([scanner()]) as engine:
        assert engine.run([]) == []


@pytest.mark.parametrize("scanner", CLASSES)
def test_observations_of_no_batches_fit_their_schema(scanner: type[Scanner]) -> None:
    for component in scanner.rounds[0]:
        observer = component.observe(scanner().plan(0, {}))
        empty = fold([observer.observation()], component.schema)
        assert dict(empty.schema) == {
            name: kind if isinstance(kind, pl.DataType) else kind()
            for name, kind in component.schema.columns.items()
        }


def test_select_takes_prefixes_and_refuses_what_is_nobodys() -> None:
    assert select(["int"]) == ("INT001", "INT002")
    assert select() == tuple(code for code in SCANNERS if code not in ASKED_FOR)
    assert select(also=["FLD"]) == tuple(SCANNERS)
    assert select(["INT"], ["fld001"]) == ("FLD001", "INT001", "INT002")
    assert len(make_scanners(select(["INT"]))) == 1
    for wrong in (["XYZ"], [""]):
        with pytest.raises(UsageError):
            select(wrong)
    with pytest.raises(UsageError):
        scanner_class("XYZ001")


# All scanners over a real store


WORDS = [f"w{number}" for number in range(60)]


def documents(seed: int, count: int) -> list[dict[str, str]]:
    """Small documents with near-copies, exact copies, hidden text and an empty one."""
    draw = random.Random(seed)
    rows = [" ".join(draw.choices(WORDS, k=draw.randrange(1, 40))) for _ in range(count)]
    rows += [rows[0] + " more", rows[0], rows[1], "", rows[2] + "\U000e0061\U000e0062" * 4]
    return [{"text": text, "source": f"s{draw.randrange(4)}"} for text in rows]


def scanned(folder: Path, shards: list[list[dict[str, str]]]) -> tuple[Finding, ...]:
    data = folder / "data"
    data.mkdir(parents=True)
    for number, rows in enumerate(shards):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (data / f"{number}.jsonl").write_text(lines, encoding="utf-8")
    # Every store has a secret key of its own; findings must not show it.
    return foretaste.scan(data, store=folder / "store").findings


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 1 << 30), st.integers(10, 60), st.integers(2, 5))
def test_sharding_changes_no_finding(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, shards: int
) -> None:
    rows = documents(seed, count)
    draw = random.Random(seed)
    dealt: list[list[dict[str, str]]] = [[] for _ in range(shards)]
    for row in draw.sample(rows, len(rows)):
        draw.choice(dealt).append(row)
    whole = scanned(tmp_path_factory.mktemp("whole"), [rows])
    parts = scanned(tmp_path_factory.mktemp("parts"), [part for part in dealt if part])
    assert whole
    assert list(map(write_finding, parts)) == list(map(write_finding, whole))
    for finding in whole:
        check(finding)


def check(finding: Finding) -> None:
    """What holds of every finding."""
    assert finding.code in SCANNERS
    assert list(finding.members) == sorted(set(finding.members))
    assert all(re.fullmatch(r"[0-9a-f]{32}", member) for member in finding.members)
    numbers = [value for value in finding.statistics.values() if isinstance(value, float)]
    assert all(math.isfinite(number) for number in numbers)
    assert finding.title
    assert all(len(e.before) + len(e.match) + len(e.after) < 2000 for e in finding.excerpts)
    assert read_finding(store_finding(finding).payload) == finding


@given(st.lists(st.integers(), max_size=20), st.integers(1, 5))
def test_work_does_not_run_far_ahead(items: list[int], ahead: int) -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        return -item

    with ThreadPoolExecutor(2) as pool:
        for taken, result in enumerate(in_order(pool, work, items, ahead)):
            assert result == -items[taken]
            assert len(begun) <= taken + ahead
    assert len(begun) == len(items)
