"""All benchmarks on a folder of real data: ``make bench DATA=FOLDER``.

    python benchmarks/bench.py FOLDER [--documents N]

FOLDER holds ``corpora/reddit-top.jsonl.zst`` (posts with text, source, path, url) and
``poison/pretrain-souly-sudo.jsonl.zst``. Runs reading, fingerprint, ingest, near_duplicates, scan
and growth one after another. ``--documents`` takes so many posts, for a try.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measure import circumstances, run, script


def show(name: str, *arguments: str) -> None:
    """Run one benchmark under a heading."""
    print(f"\n## {name.removesuffix('.py')}\n", flush=True)
    subprocess.run(script(name, *arguments), check=True)


def main(data: Path, documents: int | None) -> None:
    """Run all."""
    posts = data / "corpora" / "reddit-top.jsonl.zst"
    poison = data / "poison" / "pretrain-souly-sudo.jsonl.zst"
    for file in (posts, poison):
        if not file.exists():
            raise SystemExit(f"{file} is missing; see benchmarks/bench.py for what is needed")
    size = ["--documents", str(documents)] if documents else []
    print(f"{circumstances()}.")
    with tempfile.TemporaryDirectory() as name:
        run(script("corpora.py", name, str(poison), str(posts), *size))
        plain = str(Path(name) / "mixed.jsonl")
        show("reading.py", plain)
        show("fingerprint.py", plain)
        show("ingest.py", *map(str, sorted((Path(name) / "mixed-8").iterdir())))
        show("near_duplicates.py", plain)
    show("scan.py", str(poison), str(posts), *size)
    sizes = f"{documents // 4},{documents // 2},{documents}" if documents else None
    show("growth.py", str(poison), str(posts), *(["--sizes", sizes] if sizes else []))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--documents", type=int)
    given = parser.parse_args()
    main(given.data, given.documents)
