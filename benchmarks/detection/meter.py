"""Runs a command and writes what it cost: ``python meter.py COST.json COMMAND...``.

A process of its own and of little memory: Linux counts the memory of whoever starts a command as
part of the command's peak, and the grid itself holds libraries and clean records.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measure import run

if __name__ == "__main__":
    cost, out = run(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(asdict(cost)))
    sys.stdout.write(out)
