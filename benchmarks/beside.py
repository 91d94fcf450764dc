"""What Foretaste is measured beside: other tools on the same plain JSON-lines file.

python benchmarks/beside.py polars|datasketch FILE.jsonl
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

WIDTH = 5
WORD = re.compile(r"\w+")


def with_polars(file: Path) -> str:
    """Read all columns, and nothing else."""
    import polars as pl  # noqa: PLC0415

    return f"{len(pl.read_ndjson(file)):,} rows"


def with_datasketch(file: Path) -> str:
    """Near-duplicates only: words by regular expression, 5-word shingles, MinHash, LSH.

    The answer is unverified candidates.
    """
    import polars as pl  # noqa: PLC0415
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415

    index = MinHashLSH(threshold=0.8, num_perm=128)
    candidates = 0
    for row, text in enumerate(pl.read_ndjson(file, schema_overrides={"text": pl.String})["text"]):
        words = [word.encode() for word in WORD.findall(text.lower())]
        if not words:
            continue
        last = max(1, len(words) - WIDTH + 1)
        signature = MinHash(num_perm=128)
        signature.update_batch({b" ".join(words[at : at + WIDTH]) for at in range(last)})
        candidates += bool(index.query(signature))
        index.insert(row, signature)
    return f"{candidates:,} texts with an earlier candidate"


SIDES: dict[str, Callable[[Path], str]] = {"polars": with_polars, "datasketch": with_datasketch}


if __name__ == "__main__":
    print(SIDES[sys.argv[1]](Path(sys.argv[2])))
