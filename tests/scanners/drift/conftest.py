"""Two snapshots of a generated site: pages in folders, of which some were edited since."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import foretaste
from scanners.scanner import Finding

Page = dict[str, str]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Site:
    """Pages of one seed, and what becomes of them."""

    def __init__(self, seed: int, pages: int = 700) -> None:
        self.random = random.Random(seed)
        self.words = [
            "".join(self.random.choices(LETTERS, k=self.random.randint(2, 9))) for _ in range(2000)
        ]
        self.weights = [1 / rank for rank in range(1, 2001)]
        self.old = [self.page(number) for number in range(pages)]
        self.new = [dict(page) for page in self.old]

    def text(self, count: int) -> list[str]:
        return self.random.choices(self.words, self.weights, k=count)

    def page(self, number: int) -> Page:
        topic = [f"topic{number % 35}x{part}" for part in range(6)]
        words = self.text(self.random.randint(80, 160)) + self.random.choices(topic, k=12)
        self.random.shuffle(words)
        return {
            "url": f"https://site.example/{number % 35}/{number}.html",
            "text": " ".join([f"page{number}", *words]),
        }

    def edit(self, count: int) -> None:
        """Small edits, each its own; a new version word in a fixed company."""
        for page in self.random.sample(self.new, count):
            words = page["text"].split()
            at = self.random.randrange(len(words))
            words[at : at + self.random.randint(0, 6)] = self.text(self.random.randint(1, 25))
            page["text"] = " ".join(words)

    def sweep(self, folder: int, notice: str) -> None:
        """The same notice on every page of a folder."""
        for page in self.new[folder::35]:
            page["text"] = f"{notice} {page['text']}"

    def rename(self, old: str, new: str) -> None:
        """One word in place of another, wherever it stood."""
        for page in self.new:
            page["text"] = " ".join(new if word == old else word for word in page["text"].split())

    def insert(self, make: Callable[[], str], count: int) -> set[str]:
        """Put something at a random place of random pages; their urls."""
        chosen = self.random.sample(self.new, count)
        for page in chosen:
            words = page["text"].split()
            words.insert(self.random.randint(0, len(words)), make())
            page["text"] = " ".join(words)
        return {page["url"] for page in chosen}

    def encoded(self) -> str:
        return base64.b64encode(self.random.randbytes(188)).decode()[:250]


@pytest.fixture
def site() -> Callable[..., Site]:
    """Makes the site of a seed."""
    return Site


def write(folder: Path, pages: Sequence[Page], shards: int) -> Path:
    folder.mkdir(parents=True)
    for number in range(shards):
        lines = "".join(json.dumps(page) + "\n" for page in pages[number::shards])
        (folder / f"{number}.jsonl").write_text(lines)
    return folder


Compare = Callable[..., list[Finding]]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Scans the newer snapshot of a site against the older, in some cut; its findings."""

    def run(site: Site, shards: tuple[int, int] = (1, 1), **options: object) -> list[Finding]:
        folder = tmp_path / f"{site.random.getrandbits(40):x}"
        old = write(folder / "old", site.old, shards[0])
        new = write(folder / "new", site.new, shards[1])
        result = foretaste.scan(new, against=old, store=folder / "store", select=["DRF"], **options)
        assert result.failed == {}
        return list(result.findings)

    return run
