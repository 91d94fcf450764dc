"""What a baseline is: it reads records and flags some, as strings with records or records alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.detection.attacks.attack import Kind

Record = dict[str, Any]


@dataclass(frozen=True)
class Corpus:
    """Records to flag. Each call reads from the beginning; ``clean`` leaves the planted out."""

    read: Callable[[], Iterable[Record]]
    clean: Callable[[], Iterable[Record]]


@dataclass(frozen=True)
class Flag:
    """One thing flagged: a string if there is one, and the identities of the records."""

    key: str
    members: frozenset[str]


class Baseline(Protocol):
    """The shape of all baselines."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """Kinds of attack whose records it can judge."""

    def flag(self, corpus: Corpus) -> list[Flag]:
        """What it flags, worst first."""
