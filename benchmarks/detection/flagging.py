"""One baseline over a corpus: ``python flagging.py BASELINE CORPUS PLANTED.json FLAGS.json``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.detection.baselines import BASELINES
from benchmarks.detection.baselines.baseline import Corpus, Record
from benchmarks.detection.lines import records_of


def open_corpus(folder: Path, planted: frozenset[str]) -> Corpus:
    """All shards of a folder."""

    def read() -> Iterator[Record]:
        for shard in sorted(folder.iterdir()):
            yield from records_of(shard)

    return Corpus(read, lambda: (record for record in read() if record["id"] not in planted))


def main(name: str, corpus: Path, planted: Path, out: Path) -> None:
    """Flag and write."""
    known = frozenset(json.loads(planted.read_text()))
    flags = BASELINES[name].flag(open_corpus(corpus, known))
    rows = [{"key": flag.key, "members": sorted(flag.members)} for flag in flags]
    out.write_text(json.dumps(rows))


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:5]))
