"""A kill at any moment loses nothing committed; the rerun ends as if undisturbed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lineage.ingest import ingest
from lineage.shards.locate import locate
from lineage.shards.recipe import ReadingRecipe
from lineage.store import Destination, canonical_dump, open_store, verify

SCRIPT = Path(__file__).parent.parent.parent / "benchmarks" / "torture.py"


def test_three_at_once(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for shard in range(6):
        lines = [f'{{"text": "shard {shard} document {number}"}}\n' for number in range(40)]
        (corpus / f"{shard}.jsonl").write_text("".join(lines))
    folder = str(tmp_path / "together")
    command = [sys.executable, str(SCRIPT), "--ingest", folder, str(corpus)]
    racers = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(3)]
    alone, together = open_store(tmp_path / "alone"), open_store(folder)
    destination = Destination("torture", "all", "generator", {"licence": "CC0"})
    ingest(alone, locate([str(corpus)], None), destination, ReadingRecipe())
    assert [racer.wait() for racer in racers] == [0, 0, 0]
    assert list(canonical_dump(together)) == list(canonical_dump(alone))
    assert verify(together) == []


def test_four_kills(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--kills", "4", "--seed", "20", "--folder", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing lost" in done.stdout
