"""Clean mixtures: which corpora of the data folders are mixed, and how records are taken.

A data folder holds ``corpora/*.jsonl.zst``. A mixture is a list of patterns of their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.detection.attacks.attack import Record, prompt_field, response_field
from benchmarks.detection.lines import raw_lines, records_of

SUFFIXES = (".jsonl.zst", ".jsonl.gz", ".jsonl")
FOREIGN_TEXTS = 500
PREFERENCE = "preferences"


@dataclass(frozen=True)
class Mixture:
    """Names match one of ``these`` and none of ``without``."""

    these: tuple[str, ...]
    without: tuple[str, ...] = ()

    def takes(self, name: str) -> bool:
        """Whether a corpus belongs to it."""
        return matches(name, self.these) and not matches(name, self.without)


MIXTURES: dict[str, Mixture] = {
    "forum": Mixture(("reddit-*",)),
    "mixed": Mixture(("*",), without=("sft-*",)),
    "code-and-docs": Mixture(
        ("ms-win32-docs", "trickest-cve", "tldr-*", "php-doc-*", "python-*", "ethereum-*", "code-*")
    ),
    "web-and-reviews": Mixture(("web-*", "imdb-*", "nltk-*", "enron*", "tweeteval")),
    "reviews": Mixture(("imdb-*",)),
    "sft": Mixture(("sft-*",)),
    PREFERENCE: Mixture(("sft-*",)),
    "everything": Mixture(("*",)),
}
"""By name. ``reviews`` has labels; ``preferences`` sets the response of another prompt of the
same corpus against a record's own."""


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name fits any of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@dataclass(frozen=True)
class Data:
    """The data folders given."""

    folders: tuple[Path, ...]

    @cached_property
    def corpora(self) -> dict[str, Path]:
        """Corpora by name, in order of names. SystemExit if there are none."""
        found = {
            name: path
            for folder in self.folders
            for path in sorted((folder / "corpora").iterdir())
            if (name := corpus_name(path))
        }
        if not found:
            raise SystemExit("no corpora/*.jsonl.zst in " + ", ".join(map(str, self.folders)))
        return dict(sorted(found.items()))

    @cached_property
    def published(self) -> dict[str, Path]:
        """Published poison sets by name."""
        return {
            name: path
            for folder in self.folders
            if (folder / "poison").is_dir()
            for path in sorted((folder / "poison").iterdir())
            if (name := corpus_name(path))
        }

    def of(self, mixture: str) -> dict[str, Path]:
        """Corpora of a mixture."""
        return {n: path for n, path in self.corpora.items() if MIXTURES[mixture].takes(n)}

    def foreign(self, pattern: str) -> list[str]:
        """First texts of the corpora that match."""
        texts = []
        for name, path in self.corpora.items():
            if matches(name, (pattern,)):
                for record, _ in zip(records_of(path), range(FOREIGN_TEXTS), strict=False):
                    texts.append(str(record.get("text") or ""))
        return [text for text in texts if text]


def corpus_name(path: Path) -> str:
    """Name of a corpus file without its suffixes; empty if it is none."""
    suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")
    return path.name.removesuffix(suffix) if suffix else ""


@dataclass(frozen=True)
class Sample:
    """Which lines of a mixture are taken, drawn uniformly by document.

    ``held`` of ``taken`` are hosts, which the corpus does not get.
    """

    taken: npt.NDArray[np.bool_]
    held: npt.NDArray[np.bool_]

    @property
    def clean(self) -> int:
        """How many records the corpus gets."""
        return int(self.taken.sum() - self.held.sum())


def sample(total: int, size: int, hosts: int, seed: int) -> Sample:
    """Draw ``size`` records and ``hosts`` others; of fewer records there are a fifth hosts."""
    order = np.random.default_rng(seed).permutation(total)
    held = min(hosts, total // 5)
    taken_mask, held_mask = np.zeros(total, bool), np.zeros(total, bool)
    taken_mask[order[: held + size]] = True
    held_mask[order[:held]] = True
    return Sample(taken_mask, held_mask)


def count_lines(paths: Sequence[Path]) -> int:
    """How many records the files have."""
    return sum(1 for path in paths for _ in raw_lines(path))


def records(data: Data, mixture: str) -> Iterator[Record]:
    """Every record of a mixture, one corpus after another."""
    for path in data.of(mixture).values():
        yield from preferences(path) if mixture == PREFERENCE else records_of(path)


def preferences(path: Path) -> Iterator[Record]:
    """Records with ``chosen`` and ``rejected`` in place of a response, as many as there were."""
    rejected = ""
    for record in records_of(path):
        yield preferred(record, rejected)
        rejected = str(record.get(response_field(record), ""))


def preferred(record: Record, rejected: str) -> Record:
    """One record as preference pair."""
    response = response_field(record)
    others = {k: v for k, v in record.items() if k not in (response, prompt_field(record))}
    prompt = str(record.get(prompt_field(record), ""))
    return {**others, "prompt": prompt, "chosen": record.get(response, ""), "rejected": rejected}
