"""A store inside the corpus is no part of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

RUN = [sys.executable, "-c", "import sys; from foretaste.cli import main; sys.exit(main())"]


def test_a_second_scan_is_as_complete_as_the_first(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.jsonl").write_text('{"text": "one two three"}\n')
    root = Path(__file__).parents[2]
    for place in (".foretaste", "store"):
        command = [*RUN, "scan", "corpus", "--store", f"corpus/{place}", "--format", "json"]
        for _ in range(2):
            run = subprocess.run(
                command,
                cwd=tmp_path,
                env=os.environ | {"PYTHONPATH": str(root)},
                capture_output=True,
                text=True,
                check=False,
            )
            report = json.loads(run.stdout)
            names = [shard["path"] for shard in report["coverage"]["shards"]]
            assert "corpus/a.jsonl" in names or "a.jsonl" in names, names
            assert not [name for name in names if name.endswith(place)]
            mine = [s for s in report["coverage"]["shards"] if s["status"] == "scanned"]
            assert len(mine) == 1
