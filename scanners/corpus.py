"""A scan from end to end: shards into the store, first rounds on the same pass, then the rest."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch
from lineage.ingest import Options, Progress, bundle_recipe, ingest, pass_over
from lineage.model import Coverage, Digest, Role, Shard, ShardCoverage, Snapshot, Status, shown
from lineage.shards import open_shard
from lineage.shards.locate import Located
from lineage.shards.recipe import ReadingRecipe
from lineage.store.bundle import Bundle
from lineage.store.files import scratch
from lineage.store.findings import fact_strings, find_scan, save_scan
from lineage.store.journal import canonical
from lineage.store.snapshots import Destination
from lineage.store.store import Store
from lineage.wanted import read_wanted
from scanners import codes_of, make_scanners, select
from scanners.engine import Engine, Means
from scanners.failures import Failures
from scanners.jobs import FirstPass
from scanners.keep import read_finding, store_finding, write_coverage
from scanners.observations import ObservationCache, text_recipes
from scanners.scanner import Finding, Side


class Watch(Progress):
    """Is told how a scan goes; this one keeps quiet."""

    def scanning(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` shards have been through this round."""


_WHOLE = {"failed": "{}"}
"""Facts of a scan in which no scanner failed."""


@dataclass(frozen=True)
class ScanOptions:
    """How a scan works. Only ``recipe``, ``codes`` and ``settings`` change what is found.

    ``settings`` are what a user decided for scanners, by name (see ``Scanner.settings``).
    """

    recipe: ReadingRecipe = field(default_factory=ReadingRecipe)
    codes: tuple[str, ...] = select()
    workers: int = 2
    trust_mtime: bool = False
    watch: Watch = field(default_factory=Watch)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reference:
    """An older snapshot that was looked at beside the corpus, and what was covered of it."""

    snapshot: Snapshot
    coverage: Coverage


@dataclass(frozen=True)
class Scan:
    """What a scan found, worst first, and what it covered. ``id`` names it in the store.

    ``codes`` were looked for; ``failed`` (code -> why) were to be. ``reference`` is the older
    snapshot it was compared with, if any.
    """

    id: str
    snapshot: Snapshot
    coverage: Coverage
    findings: tuple[Finding, ...]
    codes: tuple[str, ...]
    failed: Mapping[str, str]
    reference: Reference | None = None


@dataclass(frozen=True)
class Against:
    """The shards of an older snapshot, and the name it goes by."""

    located: Sequence[Located]
    destination: Destination


@dataclass(frozen=True)
class View:
    """One shard as the engine sees it."""

    store: Store
    located: Located
    shard: Digest
    recipe: ReadingRecipe

    @property
    def digest(self) -> Digest:
        """Name of the shard's bytes together with how they are read.

        The same bytes read in another way are another shard to the engine.
        """
        name = f"{self.shard} {self.reading}"
        return Digest("sha256", hashlib.sha256(name.encode()).hexdigest())

    @property
    def reading(self) -> str:
        """Name of how it is read and fingerprinted."""
        return bundle_recipe(self.located, self.recipe)

    @property
    def bundle(self) -> Bundle:
        """What the store keeps of it."""
        return Bundle.of(self.store.root, self.shard, self.reading)

    def read(self, tap: FirstPass) -> None:
        """Show all batches with text to the tap: one full pass."""
        pass_over(open_shard(self.located, self.recipe), self.shard, self.store.key, (tap,))

    def wanted(self, docs: npt.NDArray[np.uint64]) -> Iterator[Batch]:
        """Batches of the rows whose identity is in ``docs`` (uint64[m, 2], sorted)."""
        return read_wanted(self.store, self.located, self.shard, self.recipe, docs)

    def records(self) -> pl.DataFrame:
        """Rows of the shard's bundle."""
        return self.bundle.records()


def views_of(
    store: Store, located: Sequence[Located], snapshot: Snapshot, recipe: ReadingRecipe
) -> list[View]:
    """The shards of a snapshot, in its order, as they were located."""
    files = {shown(one.name): one for one in located}
    return [View(store, files[shard.path], shard.digest, recipe) for shard in snapshot.shards]


def scan(
    store: Store,
    located: Sequence[Located],
    destination: Destination,
    options: ScanOptions | None = None,
    against: Against | None = None,
) -> Scan:
    """Ingest what is new, scan, and keep the findings in the store.

    With ``against`` an older snapshot is ingested first and shown to scanners that compare.
    What other scanners find is the same without it.

    New shards are read once: fingerprints and first rounds share the pass. A corpus that was
    ever scanned by the same scanners is not scanned again. Shards that could not be read are
    in the coverage; what was read of them is scanned. ReadingError if a file changes meanwhile.
    """
    options = options or ScanOptions()
    with scratch(store.staging) as folder:
        return _Run(store, located, options, folder).scan(destination, against)


class _Run:
    """One scan; it has an engine only if there is work for one."""

    def __init__(
        self, store: Store, located: Sequence[Located], options: ScanOptions, folder: Path
    ) -> None:
        self.store = store
        self.located = located
        self.options = options
        self.folder = folder
        self.shards: dict[Digest, tuple[Digest, str]] = {}
        chosen = [f"{name}={value}" for name, value in options.settings.items()]
        self.recipes = sorted([*options.codes, f"scanners-{code_digest()}", *chosen])
        self.failures = Failures()
        self._making = threading.Lock()
        self._engine: Engine | None = None
        alike = {**_WHOLE, "reading": canonical(write_recipe(options.recipe))}
        self.seen = fact_strings(store, self.recipes, alike, "$.coverage[*].digest")

    @property
    def engine(self) -> Engine:
        """Made when it is first needed, for scanners are slow to import; by one thread."""
        with self._making:
            if self._engine is None:
                scanners = make_scanners(self.options.codes, self.options.settings)
                lasting = text_recipes(scanners)
                means = Means(
                    cache=ObservationCache(self.store, self.folder, self.shards, lasting),
                    scratch=self.folder,
                    workers=self.options.workers,
                    watch=self.options.watch.scanning,
                    failures=self.failures,
                )
                self._engine = Engine(scanners, means)
            return self._engine

    def scan(self, destination: Destination, against: Against | None) -> Scan:
        """Ingest, scan, keep."""
        reference: Reference | None = None
        older: list[View] = []
        if against is not None:
            # First, so that the newest snapshot of a store is the one that was scanned.
            where, name = against.located, against.destination
            older, was, covered = self._ingest(where, name, Side.REFERENCE)
            reference = Reference(was, covered)
        views, snapshot, coverage = self._ingest(self.located, destination, Side.CORPUS)
        scan, findings = self._findings(Sides(views, older), snapshot, coverage, reference)
        codes = tuple(code for code in self.options.codes if code not in self.failed)
        return Scan(scan, snapshot, coverage, findings, codes, self.failed, reference)

    def _ingest(
        self, located: Sequence[Located], destination: Destination, side: Side
    ) -> tuple[list[View], Snapshot, Coverage]:
        files = {shown(one.name): one for one in located}

        def view_of(shard: Shard) -> View:
            view = View(self.store, files[shard.path], shard.digest, self.options.recipe)
            self.shards[view.digest] = view.shard, view.reading
            return view

        ingesting = Options(
            workers=self.options.workers,
            trust_mtime=self.options.trust_mtime,
            make_taps=lambda shard: self._taps(view_of(shard), side),
            progress=self.options.watch,
        )
        recipe = self.options.recipe
        snapshot, coverage = ingest(self.store, located, destination, recipe, ingesting)
        ends = {end.path: end for end in coverage.shards}
        shards = [shard for shard in snapshot.shards if _holds_records(ends[shard.path])]
        return [view_of(shard) for shard in shards], snapshot, coverage

    @property
    def failed(self) -> dict[str, str]:
        """Codes that were to be looked for, but whose scanner failed -> why."""
        failed = self.failures.scanners.items()
        whys = {code: why for name, why in failed for code in codes_of(name)}
        return {code: whys[code] for code in self.options.codes if code in whys}

    def _findings(
        self, sides: Sides, snapshot: Snapshot, coverage: Coverage, reference: Reference | None
    ) -> tuple[str, tuple[Finding, ...]]:
        facts = {
            "subject": sides.subject,
            "dataset": snapshot.dataset,
            "snapshot": snapshot.label,
            "codes": list(self.options.codes),
            "failed": {},
            "reading": write_recipe(self.options.recipe),
            "coverage": write_coverage(coverage),
        }
        if reference is not None:
            facts |= {"reference": write_reference(reference)}
        known = find_scan(self.store, self.recipes, {**_WHOLE, "subject": sides.subject})
        if known is not None:
            stored = known.findings
            findings = tuple(read_finding(finding.payload) for finding in stored)
        else:
            findings = self._selected(self.engine.run(sides.corpus, sides.reference))
            stored = tuple(store_finding(finding) for finding in findings)
            facts |= {"failed": self.failed}
        return save_scan(self.store, snapshot.root, self.recipes, stored, facts), findings

    def _selected(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        return tuple(finding for finding in findings if finding.code in self.options.codes)

    def _taps(self, view: View, side: Side) -> Sequence[FirstPass]:
        if side is Side.CORPUS and str(view.shard) in self.seen:
            return ()  # should an observation be lost, the engine reads the shard again
        engine = self.engine
        wanted = engine.wants_text(view.digest, side)
        return (engine.first_pass(view.digest, side),) if wanted else ()


def code_digest() -> str:
    """Short hash over the source of all scanners: findings of other code are not reused."""
    here = Path(__file__).parent
    sha = hashlib.sha256()
    for file in sorted(here.rglob("*.py")):
        sha.update(file.relative_to(here).as_posix().encode() + b"\0" + file.read_bytes())
    return sha.hexdigest()[:16]


def write_recipe(recipe: ReadingRecipe) -> dict[str, Any]:
    """The options of a reading recipe as JSON values; its limits are the defaults."""
    roles = {str(role): list(paths) for role, paths in recipe.roles.items()}
    return {"roles": roles, "lines": recipe.lines, "format": recipe.format}


def read_recipe(value: Mapping[str, Any]) -> ReadingRecipe:
    """The recipe that ``write_recipe`` wrote."""
    roles = {Role(role): tuple(paths) for role, paths in value["roles"].items()}
    return ReadingRecipe(roles=roles, lines=value["lines"], format=value["format"])


def _holds_records(end: ShardCoverage) -> bool:
    return end.status is Status.SCANNED or end.records > 0


@dataclass(frozen=True)
class Sides:
    """What is scanned, and what it is compared with."""

    corpus: Sequence[View]
    reference: Sequence[View] = ()

    @property
    def subject(self) -> str:
        """Name of both: bytes and readings, in any order, under any path."""
        names = ["\n".join(sorted(view.digest.hex for view in self.corpus))]
        if self.reference:
            names.append("\n".join(sorted(view.digest.hex for view in self.reference)))
        return hashlib.sha256("\nagainst\n".join(names).encode()).hexdigest()


def write_reference(reference: Reference) -> dict[str, Any]:
    """A reference as JSON values, for the facts of a scan."""
    return {
        "dataset": reference.snapshot.dataset,
        "snapshot": reference.snapshot.label,
        "coverage": write_coverage(reference.coverage),
    }
