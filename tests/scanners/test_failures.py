"""A scanner that fails costs its own findings, never those of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pytest

from lineage.errors import ReadingError
from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.model import Digest, Role, ShardCoverage, Status
from lineage.shards.batch import DocumentBatch
from scanners.engine import Engine, Means
from scanners.failures import Failures
from scanners.jobs import FirstPass
from scanners.scanner import (
    Component,
    Finding,
    Input,
    Observed,
    Observer,
    Plan,
    Scanner,
    Schema,
)
from scanners.severity import Confidence, Consequence

KEY = Schema({"seen": pl.Int64})


@dataclass(frozen=True)
class One:
    """A shard of one document."""

    digest: Digest = field(default_factory=lambda: Digest("sha256", "0" * 64))

    def read(self, tap: FirstPass) -> None:
        text = pa.array(["one two"], pa.large_string())
        leaves = pa.array([""], pa.large_string())
        zero = np.zeros(1)
        roles = {Role.TEXT: text}
        tap.see(
            Batch(DocumentBatch(zero.astype(int), zero.astype(np.uint8), text, leaves, roles, 1), 1)
        )
        tap.finish(ShardCoverage("", self.digest, Status.SCANNED))

    def wanted(self, docs: npt.NDArray[np.uint64]) -> Iterator[Batch]:
        del docs
        yield from ()

    def records(self) -> pl.DataFrame:
        return pl.DataFrame({"record": [0]})


class Sound(Observer):
    def __init__(self, plan: Plan) -> None:
        del plan

    def see(self, batch: Batch) -> None:
        del batch

    def see_tokens(self, batch: TokenBatch) -> None:
        del batch

    def see_records(self, records: pl.DataFrame) -> None:
        del records

    def observation(self) -> pl.DataFrame:
        return pl.DataFrame({"seen": [1]})


def broken(where: str) -> type[Observer]:
    """An observer that divides by zero in one of its methods."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError(where)

    return type("Broken", (Sound,), {where: fail})


def scanner(code: str, *observers: tuple[Input, type[Observer]], **methods: Callable) -> Scanner:  # type: ignore[type-arg]
    """A scanner of one component a round, which finds one thing."""

    class Made(Scanner):
        name: ClassVar[str] = code
        rounds: ClassVar[tuple[tuple[Component, ...], ...]] = tuple(
            (Component(f"{code}-{number}", kind, KEY, observer),)
            for number, (kind, observer) in enumerate(observers)
        )

        def plan(self, number: int, observed: Observed) -> Plan:
            del number, observed
            return Plan()

        def judge(self, observed: Observed) -> list[Finding]:
            assert all(frame["seen"].to_list() == [1] for frame in observed.values())
            return [Finding(code, "k", "t", Consequence.NUISANCE, Confidence.CERTAIN, 1, ())]

    Made.code = code
    for name, method in methods.items():
        setattr(Made, name, method)
    return Made()


def raises(*_: object) -> None:
    raise ZeroDivisionError("here")


def bad_scanners() -> list[Scanner]:
    text, tokens, records = Input.TEXT, Input.TOKENS, Input.RECORDS
    return [
        scanner("BAD001", (text, broken("__init__"))),
        scanner("BAD002", (text, broken("see"))),
        scanner("BAD003", (text, broken("observation"))),
        scanner("BAD004", (text, Sound), (tokens, broken("see_tokens"))),
        scanner("BAD005", (records, broken("see_records"))),
        scanner("BAD006", (text, Sound), judge=raises),
    ]


@pytest.mark.parametrize("bad", bad_scanners(), ids=lambda bad: bad.code)
def test_others_are_not_harmed(bad: Scanner) -> None:
    good = scanner("GOOD01", (Input.TEXT, Sound), (Input.TOKENS, Sound))
    failures = Failures()
    with Engine([bad, good], Means(failures=failures)) as engine:
        findings = engine.run([One()])
    assert [finding.code for finding in findings] == ["GOOD01"]
    assert list(failures.scanners) == [bad.code]
    assert "ZeroDivisionError" in failures.scanners[bad.code]


@pytest.mark.parametrize("bad", bad_scanners(), ids=lambda bad: bad.code)
def test_tests_see_the_failure(bad: Scanner) -> None:
    with Engine([bad]) as engine, pytest.raises(ZeroDivisionError):
        engine.run([One()])


def test_a_plan_that_fails_ends_its_scanner_alone() -> None:
    def plan(_self: Scanner, number: int, _observed: Observed) -> Plan:
        if number:
            raise ZeroDivisionError
        return Plan()

    bad = scanner("BAD008", (Input.TEXT, Sound), (Input.TOKENS, Sound), plan=plan)
    good = scanner("GOOD01", (Input.TEXT, Sound))
    failures = Failures()
    with Engine([bad, good], Means(failures=failures)) as engine:
        assert [finding.code for finding in engine.run([One()])] == ["GOOD01"]
    assert list(failures.scanners) == ["BAD008"]


def test_errors_of_reading_are_not_blamed_on_a_scanner() -> None:
    @dataclass(frozen=True)
    class Gone(One):
        def read(self, tap: FirstPass) -> None:
            del tap
            raise ReadingError("the file is gone")

    with (
        Engine([scanner("GOOD01", (Input.TEXT, Sound))], Means(failures=Failures())) as engine,
        pytest.raises(ReadingError),
    ):
        engine.run([Gone()])
