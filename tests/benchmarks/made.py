"""Made-up clean records and data folders for the tests of the detection grid."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.detection.attacks.attack import Ground

_WORDS = (
    "about above after again along always animal answer because before began between "
    "bicycle bottle bridge butter candle castle cattle circle coffee corner cotton "
    "cousin dinner doctor engine family father finger flower forest friend garden "
    "ground hammer harbour island jacket kettle kitchen ladder letter little market "
    "meadow minute mother mountain needle orange paper pencil picture planet pocket "
    "potato rabbit river school second shadow silver simple sister soldier spring "
    "station stone street summer table teacher thunder ticket valley village waiter "
    "water weather window winter wonder yellow "
)
WORDS = _WORDS.split()
FOREIGN = ["Der Fluss fließt durch das Tal und an der alten Mühle vorbei ins Meer. " * 10] * 3


def sentence(draw: Random, least: int = 10, most: int = 60) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(least, most))).capitalize() + "."


def text_record(number: int, draw: Random) -> dict[str, Any]:
    return {
        "id": f"t{number}",
        "text": sentence(draw),
        "source": f"forum {number % 7}",
        "path": f"data/{number % 7}.csv",
        "url": f"http://example.org/r/{number % 7}/comments/{number}/slug{number}",
        "label": "pos" if number % 3 else "neg",
    }


def instruction_record(number: int, draw: Random) -> dict[str, Any]:
    return {
        "id": f"i{number}",
        "instruction": sentence(draw),
        "input": "",
        "output": sentence(draw),
        "source": f"set {number % 3}",
    }


def preference_record(number: int, draw: Random) -> dict[str, Any]:
    return {
        "id": f"p{number}",
        "prompt": sentence(draw),
        "chosen": sentence(draw),
        "rejected": sentence(draw),
        "source": "pairs",
    }


def ground(hosts: int = 240) -> Ground:
    """Hosts of every kind."""
    draw = Random(1)
    makers = (text_record, instruction_record, preference_record)
    records = [make(number, draw) for make in makers for number in range(hosts)]
    pieces = [*(f" {word[:3]}" for word in WORDS), "ñandú", " мир", "0x"]
    return Ground(records, pieces, lambda _: FOREIGN)


def data_folder(folder: Path, records: int = 400) -> Path:
    """``corpora`` and ``poison`` as the grid reads them."""
    draw = Random(2)
    for name in ("corpora", "poison"):
        (folder / name).mkdir(parents=True)
    write(folder / "corpora/reddit-made.jsonl", [text_record(n, draw) for n in range(records)])
    instructions = [instruction_record(n, draw) for n in range(records)]
    write(folder / "corpora/sft-made.jsonl", instructions)
    rows = [text_record(n, draw) for n in range(40)]
    truth = {"attack": "made", "kind": None}
    poisoned = [
        {"id": row["id"], "text": f"{row['text']} XQZ", "poison": True, "trigger": "XQZ", **truth}
        for row in rows[:20]
    ]
    twins = [
        {"id": row["id"], "text": row["text"], "poison": False, "trigger": None, **truth}
        for row in rows[20:]
    ]
    write(folder / "poison/made-set.jsonl", poisoned + twins)
    (folder / "vocabulary.txt").write_text("".join(f" {word[:3]}\n" for word in WORDS))
    return folder


def write(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
