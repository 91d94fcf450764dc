"""The detection grid: attacks x poisoned records x clean records x clean mixtures.

    python benchmarks/detection/grid.py DATA... --out FOLDER [--resume]
        [--attacks all] [--adaptive all] [--published all] [--baselines none]
        [--counts 10,50,100,250,500] [--sizes 10000,100000] [--mixtures forum,mixed,...]
        [--vocabulary FILE] [--seed 1] [--jobs 1] [--together] [--also FLD]

DATA are folders with ``corpora/*.jsonl.zst`` (clean records) and, for ``--published``,
``poison/*.jsonl.zst`` (rows with ``poison``, ``attack``, ``trigger``). One cell at a time; each
finished cell is a file in ``FOLDER/cells``, and ``--resume`` skips those. Writes
``FOLDER/result.parquet``; ``report.py`` makes tables and a chart of it. Attacks that a mixture
cannot host (labels, where there are none) are left out. ``--together`` mixes all attacks of one
count into one corpus, for sizes at which a scan an attack would take days: then what answers
other attacks counts neither for nor against an attack, and the cost of a cell is that of all.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import pyarrow.parquet as pq

from benchmarks.detection import corpus as corpora
from benchmarks.detection import vocabulary
from benchmarks.detection.adaptive import ADAPTIVE
from benchmarks.detection.attacks import ATTACKS
from benchmarks.detection.attacks.attack import Attack, Ground, Kind, Planted, suits
from benchmarks.detection.attacks.published import Published
from benchmarks.detection.baselines import BASELINES
from benchmarks.detection.cells import CLEAN, FORETASTE, Cell, Planned, Plot, Result, frame, keep
from benchmarks.detection.corpus import Truth
from benchmarks.detection.detect import Detected, Job, warm, with_baseline, with_foretaste
from benchmarks.detection.mixtures import MIXTURES, Data
from benchmarks.detection.score import Answer, score
from benchmarks.measure import circumstances

COUNTS = (10, 50, 100, 250, 500)
SIZES = (10_000, 100_000)
DEFAULT_MIXTURES = ("forum", "mixed", "code-and-docs", "sft", "reviews", "preferences")
MORE_HOSTS = 1.2
"""Hosts of all attackers together, for one that they need: not every record suits every attack."""
LEAST_HOSTS = 0.1
"""An attack is run on a mixture if so large a share of its records can host it."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line."""

    data: Data
    out: Path
    attacks: tuple[str, ...]
    adaptive: tuple[str, ...]
    published: tuple[str, ...]
    baselines: tuple[str, ...]
    counts: tuple[int, ...]
    sizes: tuple[int, ...]
    mixtures: tuple[str, ...]
    vocabulary: Path | None
    seed: int
    jobs: int
    also: str
    together: bool

    @property
    def cells(self) -> Path:
        """Folder of results."""
        return self.out / "cells"

    @cached_property
    def pieces(self) -> list[str]:
        """The vocabulary, given or learnt."""
        if self.vocabulary:
            return vocabulary.read(self.vocabulary)
        return corpora.learnt_vocabulary(self.data, self.seed)

    def rows(self) -> Iterator[tuple[str, str, Attack, tuple[int, ...]]]:
        """Group, name, attack and counts of every row."""
        for name in self.attacks:
            yield "attack", name, ATTACKS[name], self.counts
        for name in self.published:
            yield "published", name, Published(self.data.published[name]), self.counts
        for name in self.adaptive:
            attack, count = ADAPTIVE[name]
            yield "adaptive", name, attack, (count,)

    def plots(self, mixture: str, size: int, kinds: Collection[Kind]) -> Iterator[Planned]:
        """The clean corpus alone, then every attack that it can host."""
        yield Planned(Plot(mixture, size, CLEAN, "none", 0), None)
        for group, name, attack, counts in self.rows():
            if attack.kind in kinds:
                for count in counts:
                    yield Planned(Plot(mixture, size, group, name, count), attack)

    def hosts(self) -> int:
        """Clean records that attackers need: each has its own."""
        if not self.together:
            return corpora.HOSTS
        each = Counter[int]()
        for *_, counts in self.rows():
            each.update(dict.fromkeys(counts, 1))
        return round(MORE_HOSTS * max((count * rows for count, rows in each.items()), default=0))

    def scenes(
        self, mixture: str, size: int, kinds: Collection[Kind]
    ) -> Iterator[tuple[Planned, ...]]:
        """What shares a corpus: an attack a corpus, or all of one count."""
        plots = list(self.plots(mixture, size, kinds))
        if not self.together:
            yield from ((planned,) for planned in plots)
            return
        for count in sorted({planned.plot.count for planned in plots}):
            yield tuple(planned for planned in plots if planned.plot.count == count)

    def detectors(self, kind: Kind | None) -> list[str]:
        """Foretaste, and the baselines that can judge such records."""
        able = [n for n in self.baselines if kind is None or kind in BASELINES[n].kinds]
        return [FORETASTE, *able]


@dataclass
class Tally:
    """How many cells were run, were there already, and failed."""

    run: int = 0
    there: int = 0
    failed: int = 0


def main(wanted: Wanted) -> int:
    """Run all cells; 1 if any failed."""
    wanted.cells.mkdir(parents=True, exist_ok=True)
    settle(wanted)
    shutil.rmtree(wanted.out / "scratch", ignore_errors=True)
    warm(wanted.out / "scratch" / "warm")
    tally = Tally()
    try:
        for size in wanted.sizes:
            for mixture in wanted.mixtures:
                block(wanted, mixture, size, tally)
    finally:
        shutil.rmtree(wanted.out / "scratch", ignore_errors=True)
        gather(wanted)
    say(f"{tally.run} cells run, {tally.there} were there, {tally.failed} failed")
    return 1 if tally.failed else 0


def gather(wanted: Wanted) -> None:
    """All results as one Parquet file, with the circumstances."""
    rows = frame(wanted.cells).to_arrow()
    drawn = wanted.vocabulary.name if wanted.vocabulary else "pieces of rare words of the data"
    facts = f"{circumstances()}; seed {wanted.seed}; gibberish drawn from {drawn}"
    target = wanted.out / "result.parquet"
    pq.write_table(rows.replace_schema_metadata({"circumstances": facts}), target)


def settle(wanted: Wanted) -> None:
    """SystemExit if the folder's cells were made with another seed or vocabulary."""
    file = wanted.out / "settings.json"
    settings = {
        "seed": wanted.seed,
        "vocabulary": wanted.vocabulary and wanted.vocabulary.name,
        "also": wanted.also,
        "together": wanted.together,
    }
    if file.exists() and json.loads(file.read_text()) != settings:
        raise SystemExit(f"{wanted.out} was made with {file.read_text().strip()}")
    file.write_text(json.dumps(settings) + "\n")


def block(wanted: Wanted, mixture: str, size: int, tally: Tally) -> None:
    """All cells of one clean corpus."""
    folder = wanted.out / "corpora" / f"{mixture}-{size}-{wanted.seed}"
    hosts = wanted.hosts()
    clean = corpora.write_clean(wanted.data, mixture, size, wanted.seed, folder, hosts)
    if clean is None:
        say(f"{mixture} has not half of {size:,} records: left out")
        return
    ground = corpora.ground(wanted.data, clean, wanted.pieces)
    kinds = hosted(ground)
    for scene in wanted.scenes(mixture, size, kinds):
        missing: dict[Cell, None] = {}
        for planned in scene:
            kind = planned.attack.kind if planned.attack else None
            cells = [Cell(planned.plot, detector) for detector in wanted.detectors(kind)]
            cells = [cell for cell in cells if able(cell, kinds)]
            lacking = [cell for cell in cells if not cell.file(wanted.cells).exists()]
            tally.there += len(cells) - len(lacking)
            missing |= dict.fromkeys(lacking)
        if missing:
            run_scene(wanted, clean, ground, scene, missing, tally)


def hosted(ground: Ground) -> frozenset[Kind]:
    """Kinds of attack that enough of the hosts can carry."""
    least = LEAST_HOSTS * len(ground.hosts)
    return frozenset(k for k in Kind if sum(suits(h, k) for h in ground.hosts) > least)


def able(cell: Cell, kinds: Collection[Kind]) -> bool:
    """Whether a detector has anything to judge in a corpus that hosts such kinds."""
    baseline = BASELINES.get(cell.detector)
    return baseline is None or bool(baseline.kinds & set(kinds))


@dataclass(frozen=True)
class Act:
    """What one attack of a scene planted."""

    plot: Plot
    planted: Planted


def acts_of(wanted: Wanted, ground: Ground, scene: Sequence[Planned]) -> Iterator[Act]:
    """Let each attack plant, in hosts of its own; those that cannot are told and left out."""
    for number, planned in enumerate(scene):
        own = replace(ground, hosts=ground.hosts[number :: len(scene)])
        draw = Random(f"{wanted.seed} {planned.plot.name}")
        try:
            attack = planned.attack
            done = attack.plant(own, planned.plot.count, draw) if attack else Planted((), ())
        except ValueError as error:
            say(f"{planned.plot.name}: left out, {error}")
        else:
            yield Act(planned.plot, done)


def run_scene(  # noqa: PLR0913, PLR0917
    wanted: Wanted,
    clean: corpora.Clean,
    ground: Ground,
    scene: Sequence[Planned],
    missing: Collection[Cell],
    tally: Tally,
) -> None:
    """Make one corpus in scratch, run the detectors on it, remove it."""
    acts = list(acts_of(wanted, ground, scene))
    if not acts:
        return
    name = named(scene)
    scratch = wanted.out / "scratch" / name
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        draw = Random(f"{wanted.seed} {name} mixed")
        truths = corpora.mix(clean, [act.planted for act in acts], scratch / "corpus", draw)
        for detector in dict.fromkeys(cell.detector for cell in missing):
            aside = scratch / detector
            aside.mkdir()
            every = [Cell(act.plot, detector) for act in acts]
            cells = [cell if cell in missing else None for cell in every]
            job = Job(scratch / "corpus", truths[0], aside, wanted.jobs, wanted.also)
            attempt(detector, job, cells, truths, (wanted.cells, tally))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def named(scene: Sequence[Planned]) -> str:
    """The name of its one plot, or of all together."""
    plot = scene[0].plot
    return plot.name if len(scene) == 1 else f"{plot.mixture}-{plot.size}-together-{plot.count}"


def attempt(
    detector: str,
    job: Job,
    cells: Sequence[Cell | None],
    truths: Sequence[Truth],
    told_to: tuple[Path, Tally],
) -> None:
    """Run one detector, keep and tell what it did in each cell; a failure costs these alone.

    ``cells`` are one a truth, None where it is there already or cannot be judged.
    """
    folder, tally = told_to
    try:
        detected = DETECTORS[detector](job)
    except (SystemExit, OSError, ValueError, KeyError) as error:
        tally.failed += sum(cell is not None for cell in cells)
        say(f"{job.corpus.parent.name} {detector}: FAILED, {error}")
        return
    answers = [Answer(one.poison, one.decoys, one.triggers, one.clean) for one in truths]
    for number, cell in enumerate(cells):
        if cell is None:
            continue
        others = [*answers[:number], *answers[number + 1 :]]
        result = judged(cell, answers[number], others, detected)
        keep(result, folder)
        tally.run += 1
        say(told(result))


def judged(cell: Cell, answer: Answer, others: Sequence[Answer], detected: Detected) -> Result:
    """Score what was detected."""
    cost = detected.cost
    measured = (cost["wall"], cost["cpu"], cost["peak"])
    found = score(detected.found, answer, others)
    return Result(cell, answer.clean, len(answer.poison), *measured, found)


def told(result: Result) -> str:
    """One line."""
    one, cell = result.score, result.cell
    where = f"rank {one.rank} {one.severity} {one.key!a:.40}" if one.rank else "not found"
    if not result.poisoned:
        where = "clean"
    return (
        f"{cell.plot.name} {cell.detector}: {where}, recall {one.alarm_recall:.2f}, "
        f"precision {one.alarm_precision:.2f}, false per million {one.false_high_per_million:.0f} "
        f"high {one.false_medium_per_million:.0f} medium, {result.wall:.1f} s, "
        f"{result.peak:,.0f} MiB"
    )


def say(line: str) -> None:
    """Progress."""
    print(line, file=sys.stderr, flush=True)


DETECTORS: dict[str, Callable[[Job], Detected]] = {
    FORETASTE: with_foretaste,
    **{name: partial(with_baseline, name) for name in BASELINES},
}


def chosen(text: str, known: Collection[str], what: str) -> tuple[str, ...]:
    """Names of a list with commas; ``all`` and ``none``. SystemExit for an unknown one."""
    if text in ("all", "none"):
        return tuple(known) if text == "all" else ()
    names = tuple(name for name in text.split(",") if name)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such {what}: {', '.join(unknown)}; known: {', '.join(known)}")
    return names


def numbers(text: str) -> tuple[int, ...]:
    """Of ``1,2,3``."""
    return tuple(int(number) for number in text.split(",") if number)


def parsed(arguments: list[str] | None = None) -> Wanted:
    """The command line. SystemExit if the folder has results and ``--resume`` is not given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    for name, usual in (("attacks", "all"), ("adaptive", "all"), ("published", "all")):
        parser.add_argument(f"--{name}", default=usual, metavar="all|none|A,B")
    parser.add_argument("--baselines", default="none", metavar="all|none|A,B")
    parser.add_argument("--counts", type=numbers, default=COUNTS)
    parser.add_argument("--sizes", type=numbers, default=SIZES)
    parser.add_argument("--mixtures", default=",".join(DEFAULT_MIXTURES), metavar="all|A,B")
    parser.add_argument("--vocabulary", type=Path, help="tokens to draw gibberish from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="given to the scan as --workers")
    parser.add_argument("--also", default="", help="given to the scan")
    parser.add_argument("--together", action="store_true", help="all attacks in one corpus")
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args(arguments)
    if not given.resume and any((given.out / "cells").glob("*.json")):
        raise SystemExit(f"{given.out} has results: --resume goes on with them")
    data = Data(tuple(given.data))
    return Wanted(
        data=data,
        out=given.out,
        attacks=chosen(given.attacks, ATTACKS, "attack"),
        adaptive=chosen(given.adaptive, ADAPTIVE, "adaptive attack"),
        published=chosen(given.published, data.published, "published set"),
        baselines=chosen(given.baselines, BASELINES, "baseline"),
        counts=given.counts,
        sizes=given.sizes,
        mixtures=chosen(given.mixtures, MIXTURES, "mixture"),
        vocabulary=given.vocabulary,
        seed=given.seed,
        jobs=given.jobs,
        also=given.also,
        together=given.together,
    )


if __name__ == "__main__":
    sys.exit(main(parsed()))
