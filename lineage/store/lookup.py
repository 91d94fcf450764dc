"""The look-up: open segments over all committed bundles, brought up to date when it is opened.

What is looked up are fingerprints, never text; nothing here reads a shard or opens a bundle
that is already in a segment.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lineage.errors import StoreError
from lineage.fingerprint.recipe import FINGERPRINTS
from lineage.store.files import file_sha256, scratch
from lineage.store.read import CommittedShard, committed_shards
from lineage.store.segments import Part, Segment, segment_name
from lineage.store.store import Store

I64 = npt.NDArray[np.int64]
Say = Callable[[str], object]

ROWS = 1 << 20
"""Rows from which on a segment is not filled up any more."""
FAN = 4
"""Segments of like size that are merged; a size is four times the one before."""
_ATTEMPTS = 5


@dataclass(frozen=True)
class Opened:
    """A segment, and which of its rows count: bundles that are committed, each in one segment."""

    segment: Segment
    shown: npt.NDArray[np.bool_]

    def part_of(self, rows: I64) -> I64:
        """int64[m]: position of the bundle of each row."""
        return np.searchsorted(self.segment.starts, rows, side="right") - 1

    def visible(self, rows: I64) -> npt.NDArray[np.bool_]:
        """bool[m]: whether rows count."""
        if self.shown.all():
            return np.ones(len(rows), bool)
        return self.shown[self.part_of(rows)]


@dataclass(frozen=True)
class Lookup:
    """Open segments. ``older`` counts shards whose bundles are of an older recipe: not in here."""

    opened: tuple[Opened, ...]
    older: int

    @property
    def rows(self) -> int:
        """How many rows can be found."""
        return sum(
            part.rows
            for one in self.opened
            for part, there in zip(one.segment.parts, one.shown, strict=True)
            if there
        )


def open_lookup(store: Store, say: Say = lambda _text: None) -> Lookup:
    """Open the look-up of a store, or of its past; makes what is missing first, and says so.

    In the past only bundles count that were committed then. StoreError if segments vanish
    faster than they can be opened.
    """
    now = replace(store, past=None)
    committed = committed_shards(now)
    allowed = committed if store.past is None else committed_shards(store)
    wanted = indexed(committed)
    for _ in range(_ATTEMPTS):
        segments = read_segments(now)
        missing = wanted.keys() - _covered(segments, wanted)
        if missing:
            say(f"{len(missing):,} shards are new to the look-up; adding them ...")
            refresh(now, say)
            continue
        with suppress(FileNotFoundError):
            return _opened(segments, {k: v for k, v in wanted.items() if k in allowed}, allowed)
    raise StoreError(
        "the look-up cannot be opened: its segments change all the time",
        hint="try again when no other process writes to the store",
    )


def indexed(committed: Mapping[tuple[str, str], CommittedShard]) -> dict[tuple[str, str], Part]:
    """Bundles that belong into segments, by (shard digest, recipe)."""
    return {
        name: Part(*name, shard.manifest, shard.documents)
        for name, shard in committed.items()
        if shard.manifest and shard.recipe.endswith(FINGERPRINTS)
    }


def _opened(
    segments: Sequence[Segment],
    wanted: Mapping[tuple[str, str], Part],
    allowed: Mapping[tuple[str, str], CommittedShard],
) -> Lookup:
    owned: set[tuple[str, str]] = set()
    opened = []
    for segment in segments:
        shown = np.zeros(len(segment.parts), bool)
        for number, part in enumerate(segment.parts):
            name = part.digest, part.recipe
            if name not in owned and _same(part, wanted.get(name)):
                owned.add(name)
                shown[number] = True
        if shown.any():
            segment.array("doc.keys")  # fails here and now if somebody has just merged it away
            opened.append(Opened(segment, shown))
    older = sum(bool(shard.manifest) for name, shard in allowed.items() if name not in wanted)
    return Lookup(tuple(opened), older)


def _same(part: Part, wanted: Part | None) -> bool:
    return wanted is not None and part.manifest == wanted.manifest


def _covered(
    segments: Sequence[Segment], wanted: Mapping[tuple[str, str], Part]
) -> set[tuple[str, str]]:
    names = ((part, (part.digest, part.recipe)) for one in segments for part in one.parts)
    return {name for part, name in names if _same(part, wanted.get(name))}


def read_segments(store: Store) -> list[Segment]:
    """All undamaged segments, largest first; merged ones so come before what they were made of."""
    found = []
    for folder in (store.root / "segments").glob("*/"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            found.append(Segment.open(folder))
    return sorted(found, key=lambda segment: (-segment.rows, segment.folder.name))


def refresh(store: Store, say: Say = lambda _text: None) -> int:
    """Make segments of bundles that are in none, merge small ones, drop what is not needed.

    One process at a time does so. Killed at any moment, all that was put in place stays.
    Returns how many bundles were added.
    """
    from lineage.store import segment_build  # noqa: PLC0415

    with _alone(store):
        wanted = indexed(committed_shards(store))
        segments = _without_stale(store, read_segments(store), wanted)
        covered = _covered(segments, wanted)
        missing = [_counted(store, part) for name, part in wanted.items() if name not in covered]
        for number, group in enumerate(_groups(missing)):
            segment_build.build(store, group)
            if number:
                say(f"{sum(part.rows for part in group):,} more records are in the look-up")
        while merged := _mergeable(read_segments(store)):
            segment_build.merge(store, merged)
            for segment in merged:
                _drop(store, segment)
    return len(missing)


def _counted(store: Store, part: Part) -> Part:
    """The part with the rows of its bundle: all readings, not documents alone."""
    from lineage.model import Digest  # noqa: PLC0415
    from lineage.store.bundle import Bundle  # noqa: PLC0415

    manifest = Bundle.of(store.root, Digest.parse(part.digest), part.recipe).manifest()
    if manifest is None:
        raise StoreError(
            f"the bundle of shard {part.digest} is missing or damaged",
            hint="run `foretaste store verify`",
        )
    return replace(part, rows=manifest.rows)


def _groups(parts: Sequence[Part]) -> Iterator[list[Part]]:
    group: list[Part] = []
    for part in parts:
        group.append(part)
        if sum(one.rows for one in group) >= ROWS:
            yield group
            group = []
    if group:
        yield group


def _without_stale(
    store: Store, segments: Sequence[Segment], wanted: Mapping[tuple[str, str], Part]
) -> list[Segment]:
    """Drop segments with a bundle that is no longer so, and those that others make superfluous."""
    kept: list[Segment] = []
    owned: set[tuple[str, str]] = set()
    for segment in segments:
        names = {(part.digest, part.recipe) for part in segment.parts}
        current = all(_same(p, wanted.get((p.digest, p.recipe))) for p in segment.parts)
        if current and not names <= owned:
            kept.append(segment)
            owned |= names
        else:
            _drop(store, segment)
    return kept


def _mergeable(segments: Sequence[Segment]) -> list[Segment]:
    """Four or more of like size, the smallest size first, or none."""
    tiers: dict[int, list[Segment]] = {}
    for segment in segments:
        tiers.setdefault(int(log(max(segment.rows, 1), FAN)), []).append(segment)
    for _, tier in sorted(tiers.items()):
        if len(tier) >= FAN and sum(one.rows for one in tier) < 1 << 31:
            return tier
    return []


def _drop(store: Store, segment: Segment) -> None:
    with scratch(store.staging) as aside, suppress(FileNotFoundError):
        segment.folder.rename(aside / "segment")


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    folder = store.root / "segments"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def damaged_segments(store: Store) -> list[tuple[Path, str]]:
    """Segments that are not what their name says: (folder, why)."""
    out = []
    for folder in sorted((store.root / "segments").glob("*/")):
        try:
            text = (folder / "manifest.json").read_text(encoding="ascii")
            files = Segment.open(folder).files
            bad = [name for name, (_, sha, _) in files.items() if file_sha256(folder / name) != sha]
        except (OSError, ValueError, KeyError, TypeError) as error:
            out.append((folder, str(error)))
            continue
        if segment_name(text) != folder.name or bad:
            out.append((folder, f"{', '.join(bad) or 'manifest.json'} is not what was written"))
    return out


def drop_segments(store: Store) -> None:
    """Remove all segments: the next look-up makes them again."""
    with scratch(store.staging) as aside, suppress(FileNotFoundError):
        (store.root / "segments").rename(aside / "segments")
        shutil.rmtree(aside / "segments", ignore_errors=True)
