"""Segments: sorted arrays over the rows of some bundles, for look-ups without opening bundles.

::

    segments/<id>/manifest.json   which bundles, in what order; files with their SHA-256
                  doc.npy norm.npy text.npy sketch.npy        by row: what a look-up is checked by
                  doc.keys.npy ... host.keys.npy              sorted: 32 bits of a key, 32 of row
                  passage.hash.npy passage.row.npy            sorted by hash
                  places.bin places.row.npy places.at.npy     blocks of rows: where they lie

A row of a segment is a row of its bundles, one after the other. Segments are immutable, named
by their content, and can be made again from the bundles. Reading them takes numpy alone.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lineage.store.journal import canonical

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]

VERSION = 1
LISTS = ("doc", "norm", "text", "band", "url", "host")
"""Look-ups whose sorted array packs the highest 32 bits of a key over a row's 32."""
DENSE = ("doc", "norm", "text", "sketch")
"""Values by row: uint64[n, 2] doc, uint64[n] norm (high half), uint64[n, 2] text, uint64[n, 8]."""
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@dataclass(frozen=True)
class Part:
    """One bundle of a segment: its name, the SHA-256 of its manifest, its rows."""

    digest: str
    recipe: str
    manifest: str
    rows: int


@dataclass(frozen=True)
class Place:
    """Where a row comes from; ``words`` is the number of shingles, which is about its words."""

    record: int
    reading: int
    words: int
    source: str | None
    path: str | None
    url: str | None
    id: str | None


@dataclass(frozen=True)
class Segment:
    """An open segment; arrays are mapped when they are first asked for."""

    folder: Path
    parts: tuple[Part, ...]
    files: dict[str, Any]
    _arrays: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def open(cls, folder: Path) -> Segment:
        """Read the manifest; OSError, ValueError or KeyError where it is damaged."""
        facts = json.loads((folder / "manifest.json").read_text(encoding="ascii"))
        if facts["version"] != VERSION:
            raise ValueError("the segment is of another version")
        return cls(folder, tuple(Part(*part) for part in facts["parts"]), facts["files"])

    @cached_property
    def starts(self) -> I64:
        """int64[bundles + 1]: first row of every bundle."""
        return np.concatenate([[0], np.cumsum([part.rows for part in self.parts])]).astype(np.int64)

    @property
    def rows(self) -> int:
        """How many rows."""
        return int(self.starts[-1])

    def array(self, name: str) -> Any:
        """A file ``name.npy``, mapped."""
        if name not in self._arrays:
            self._arrays[name] = np.load(self.folder / f"{name}.npy", mmap_mode="r")
        return self._arrays[name]

    def find(self, name: str, keys: U64) -> tuple[I64, I64]:
        """Entries of a list that may have these keys: (position in keys, row), both int64[m].

        Only the highest 32 bits are compared, so each must be checked.
        """
        packed = self.array(f"{name}.keys")
        low = keys & ~_LOW
        first = np.searchsorted(packed, low)
        last = np.searchsorted(packed, low | _LOW, side="right")
        which, at = spread(first, last)
        return which, (packed[at] & _LOW).astype(np.int64)

    def find_passages(self, hashes: U64) -> tuple[I64, I64]:
        """First and last entry (behind it) of each hash in ``passage.row``."""
        column = self.array("passage.hash")
        return np.searchsorted(column, hashes), np.searchsorted(column, hashes, side="right")

    def places(self, rows: Sequence[int]) -> list[Place]:
        """Where rows come from, in their order."""
        first, at = self.array("places.row"), self.array("places.at")
        blocks: dict[int, list[Any]] = {}
        out = []
        with (self.folder / "places.bin").open("rb") as file:
            for row in rows:
                block = int(np.searchsorted(first, row, side="right")) - 1
                if block not in blocks:
                    file.seek(int(at[block]))
                    data = file.read(int(at[block + 1]) - int(at[block]))
                    blocks[block] = json.loads(zlib.decompress(data))
                out.append(Place(*blocks[block][row - int(first[block])]))
        return out


def spread(first: I64, last: I64) -> tuple[I64, I64]:
    """All positions of many ranges: (which range, position), both int64[m]."""
    sizes = np.maximum(last - first, 0)
    which = np.repeat(np.arange(len(sizes)), sizes)
    skipped = np.cumsum(sizes) - sizes
    return which, np.arange(len(which)) - skipped[which] + first[which]


def packed_keys(keys: U64, rows: U32 | I64) -> U64:
    """Sorted uint64: the highest 32 bits of keys over their rows."""
    return np.sort(keys & ~_LOW | rows.astype(np.uint64))


def manifest_text(parts: Sequence[Part], files: dict[str, Any]) -> str:
    """Canonical JSON of a manifest."""
    listed = [[part.digest, part.recipe, part.manifest, part.rows] for part in parts]
    return canonical({"version": VERSION, "parts": listed, "files": files})


def segment_name(text: str) -> str:
    """Name of the segment with this manifest."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
