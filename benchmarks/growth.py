"""How time, memory and power grow with the corpus.

    python benchmarks/growth.py POISON.jsonl.zst POSTS.jsonl.zst... \\
        [--sizes 50000,100000,...] [--poisoned 10,50,...]

So many poisoned documents among so many posts, 8 shards, a new store each time. Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measure import circumstances, run, script, table
from scan import FOUND, found_row, scan, warm

SIZES = (50_000, 100_000, 200_000, 300_000)


def row(poison: Path, posts: Sequence[Path], size: int, poisoned: int | None) -> list[str]:
    """Make one mixture, scan it, tell."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = [*map(str, posts), "--documents", str(size)]
        options += ["--poisoned", str(poisoned)] if poisoned else []
        run(script("corpora.py", str(folder), str(poison), *options))
        warm(folder)
        planted = frozenset(json.loads((folder / "poison.json").read_text()))
        done = scan(folder / "mixed-8", folder / "store")
        each = 1e6 * done.cost.cpu / done.report["coverage"]["documents"]
        found = found_row(f"{size:,} + {len(planted)}", done, planted)
        return [*found, *done.cost.cells, f"{each:.0f} us"]


def main(
    poison: Path, posts: Sequence[Path], sizes: Sequence[int], poisoned: Sequence[int]
) -> None:
    """Measure every mixture and print."""
    rows = [
        row(poison, posts, size, number or None) for size in sizes for number in poisoned or [0]
    ]
    print(f"{circumstances()}.\n")
    print(table((*FOUND, "wall", "CPU", "peak memory", "CPU a document"), rows))


def numbers(text: str) -> list[int]:
    """Of ``1,2,3``."""
    return [int(number) for number in text.split(",") if number]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("poison", type=Path)
    parser.add_argument("posts", type=Path, nargs="+")
    parser.add_argument("--sizes", type=numbers, default=SIZES)
    parser.add_argument("--poisoned", type=numbers, default=[], help="by default all there are")
    given = parser.parse_args()
    main(given.poison, given.posts, given.sizes, given.poisoned)
