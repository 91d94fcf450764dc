"""The contract of rounds: what a scanner is, what it measures, what it reports.

A scanner has one or more rounds. In a round it *observes* every shard with the plan made
from the combined observations of the rounds before; observations are tables whose rows are
keyed, and they *combine* by folding equal keys, so any order and any sharding gives the same
bytes. At the end the scanner *judges* what was combined.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch, TokenBatch
from scanners.severity import Confidence, Consequence, Rank, Severity, rank_key, severity_of

Array = npt.NDArray[Any]
_LENIENT = ("utf-8", "surrogatepass")


class Input(StrEnum):
    """What a round reads of each shard."""

    TEXT = "text"
    """Every batch with its text: the one full pass, so only first rounds may ask for it."""
    TOKENS = "tokens"
    """Token ids from the spill of the first pass; no text."""
    RECORDS = "records"
    """Rows of the shard's bundle (identities, band keys, metadata); no text."""
    WANTED = "wanted"
    """Batches with text of only those documents that the plan asks for."""


class Side(StrEnum):
    """Which of the two snapshots of a scan a component looks at."""

    CORPUS = "corpus"
    """What is scanned."""
    REFERENCE = "reference"
    """An older state of it, given beside it or not; no findings are about it."""


class Fold(StrEnum):
    """How values of equal keys combine; each is associative and commutative."""

    SUM = "sum"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True)
class Schema:
    """Columns of an observation: ``keys`` identify a row, ``values`` fold.

    Types are polars integers, booleans, strings or binaries. No floats: their sums depend on
    order. With no values the observation is a set.
    """

    keys: Mapping[str, pl.DataType | type[pl.DataType]]
    values: Mapping[str, tuple[pl.DataType | type[pl.DataType], Fold]] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """All columns with their types, keys first."""
        return {**self.keys, **{name: kind for name, (kind, _) in self.values.items()}}

    def gather(self, parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
        """Rows of all parts, with exactly these columns and types."""
        columns = [pl.col(name).cast(kind) for name, kind in self.columns.items()]
        empty = pl.DataFrame(schema=self.columns)
        return pl.concat([empty, *(part.select(columns) for part in parts)])


@dataclass(frozen=True)
class Plan:
    """What a round needs to know of the rounds before; empty for the first round.

    ``wanted`` are the identities (uint64[m, 2], rows sorted) that a WANTED round reads again.
    """

    arrays: Mapping[str, Array] = field(default_factory=dict)
    facts: Mapping[str, int | str] = field(default_factory=dict)
    wanted: npt.NDArray[np.uint64] | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names, dtypes, shapes and bytes: equal plans, equal observations."""
        sha = hashlib.sha256(json.dumps(dict(self.facts), sort_keys=True).encode())
        arrays = dict(self.arrays)
        if self.wanted is not None:
            arrays["wanted"] = self.wanted
        for name in sorted(arrays):
            array = np.ascontiguousarray(arrays[name])
            sha.update(f"{name} {array.dtype} {array.shape} ".encode())
            sha.update(array.tobytes())
        return sha.hexdigest()

    @cached_property
    def memo(self) -> dict[str, Any]:
        """Room for what observers derive from the plan once, for all shards."""
        return {}


class Observer(ABC):
    """Measures one shard: sees its batches in order, then tells. Subclasses take one kind."""

    def see(self, batch: Batch) -> None:
        """Take one batch with text, of a TEXT or WANTED round."""
        raise NotImplementedError

    def see_tokens(self, batch: TokenBatch) -> None:
        """Take one batch of a TOKENS round."""
        raise NotImplementedError

    def see_records(self, records: pl.DataFrame) -> None:
        """Take the bundle rows of the shard, in a RECORDS round (columns: RECORD_COLUMNS)."""
        raise NotImplementedError

    @abstractmethod
    def observation(self) -> pl.DataFrame:
        """What was measured, with the component's columns; equal keys may repeat."""


@dataclass(frozen=True)
class Component:
    """One thing that is observed in a round. Scanners that name the same component share it.

    ``recipe`` names every parameter that changes what is observed. ``observe`` makes the
    observer of one shard from the round's plan. What is observed of a shard does not depend on
    its side, so both sides share what was kept; they are combined apart, under ``name``. One
    that ``folds`` reads folded hashes of tokens as well.
    """

    recipe: str
    input: Input
    schema: Schema
    observe: Callable[[Plan], Observer]
    side: Side = Side.CORPUS
    folds: bool = False

    @property
    def name(self) -> str:
        """The recipe, and the side unless it is the corpus: the key in ``Observed``."""
        return self.recipe if self.side is Side.CORPUS else f"{self.recipe}@{self.side}"

    @property
    def of_reference(self) -> Component:
        """The same, observed on the reference."""
        return replace(self, side=Side.REFERENCE)


Observed = dict[str, pl.DataFrame]
"""Combined observations of all rounds so far: component name -> rows sorted by key. A
scanner may delete what it will not need again."""


@dataclass(frozen=True)
class Excerpt:
    """A bounded piece of one document around what was found, as raw text (escape on output)."""

    document: str
    before: str
    match: str
    after: str


@dataclass(frozen=True)
class Finding:
    """One thing a person should look at, with its evidence.

    ``key`` is the identity within the scanner: normalised evidence, never a path, a line
    number or a time. ``members`` are identities (hex of 128 bits) of the documents concerned,
    sorted; they form the finding's revision. ``strength`` orders findings of equal severity:
    an integer, larger is stronger.
    """

    code: str
    key: str
    title: str
    consequence: Consequence
    confidence: Confidence
    strength: int
    members: tuple[str, ...]
    statistics: Mapping[str, int | float | str] = field(default_factory=dict)
    excerpts: tuple[Excerpt, ...] = ()

    @property
    def severity(self) -> Severity:
        """From the one table of ``scanners.severity``."""
        return severity_of(self.consequence, self.confidence)

    @property
    def id(self) -> str:
        """Stable short name: the code and ten hex digits of the SHA-256 of code and key."""
        name = hashlib.sha256(b"\0".join((self.code.encode(), self.key.encode(*_LENIENT))))
        return f"{self.code}-{name.hexdigest()[:10]}"

    @property
    def revision(self) -> str:
        """SHA-256 over the sorted members: grows when the finding grows."""
        return hashlib.sha256("\n".join(self.members).encode()).hexdigest()

    @property
    def order(self) -> Rank:
        """Sort key of the one global rank, worst first."""
        return rank_key(self.consequence, self.confidence, self.strength, self.code, self.key)


def rounded(value: float) -> float:
    """Four significant digits, as the statistics of a finding are told."""
    return float(f"{value:.4g}")


class Scanner(ABC):
    """One way a corpus can be wrong. Its docstring is its documentation page.

    ``rounds`` lists the components observed in each round. One that ``compares`` asks for the
    reference, and is left out where there is none.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    rounds: ClassVar[tuple[tuple[Component, ...], ...]]
    compares: ClassVar[bool] = False

    settings: Mapping[str, str] = MappingProxyType({})
    """What a user decided, by name. Plans must tell of what they use of it."""

    def plan(self, number: int, observed: Observed) -> Plan:
        """Plan round ``number`` (0-based) from what was observed in the rounds before it."""
        del observed
        if number == 0:
            return Plan()
        raise NotImplementedError

    @abstractmethod
    def judge(self, observed: Observed) -> list[Finding]:
        """Findings from the combined observations of all rounds."""
