"""True and false positives of DRF002 and BST001."""

from __future__ import annotations

import json
import random

import pytest

import foretaste
from scanners.drift.counts import excess_ln_p
from scanners.keep import write_finding
from scanners.severity import Severity

DAY = 86_400
START = 18_500 * DAY


def posts(seed, words, forums=6, days=120):
    """A forum's posts: some every day, more on weekends, twice a big day."""
    draw = random.Random(seed)
    rows = []
    for forum in range(forums):
        for day in range(days):
            count = draw.randint(0, 6) + 4 * (day % 7 > 4) + 60 * (day in (30 + forum, 80))
            for _ in range(count):
                time = START + day * DAY + draw.randrange(DAY)
                text = " ".join(words(draw.randint(20, 60)))
                rows.append({"text": text, "source": f"forum {forum}", "created_utc": time})
    return rows


def scanned(folder, rows, shards=1):
    folder.mkdir()
    for number in range(shards):
        lines = "".join(json.dumps(row) + "\n" for row in rows[number::shards])
        (folder / f"{number}.jsonl").write_text(lines)
    return foretaste.scan(folder, store=folder.parent / f"{folder.name}.store", select=["BST"])


def made(words, source, day, count=60):
    base = words(60)
    draw = random.Random(7)
    rows = []
    for _ in range(count):
        copy = list(base)
        copy[draw.randrange(60)] = "changed"
        time = START + day * DAY + draw.randrange(DAY)
        rows.append({"text": " ".join(copy), "source": source, "created_utc": time})
    return rows


def test_big_days_are_no_alarm(site, tmp_path):
    found = scanned(tmp_path / "a", posts(1, site(2).text)).findings
    assert [f.severity for f in found] == [Severity.LEAD]
    assert found[0].statistics["bursts"] >= 6


@pytest.mark.parametrize("source", ["forum 2", "a new place"])
def test_near_copies_in_one_day_are_a_finding(site, tmp_path, source):
    maker = site(2)
    copies = made(maker.text, source, 50)
    rows = posts(1, maker.text) + copies
    first, *others = scanned(tmp_path / "a", rows).findings
    assert first.severity is Severity.MEDIUM
    assert source in first.key
    assert len(first.members) >= len({row["text"] for row in copies})
    assert {f.severity for f in others} <= {Severity.LEAD}


def test_cuts_change_no_burst(site, tmp_path):
    maker = site(3)
    rows = posts(1, maker.text) + made(maker.text, "forum 2", 50)
    whole = scanned(tmp_path / "a", rows).findings
    random.Random(1).shuffle(rows)
    parts = scanned(tmp_path / "b", rows, 4).findings
    assert list(map(write_finding, parts)) == list(map(write_finding, whole))


def dated(site, bunched):
    """Edits over 100 days; ``bunched`` more within the last hours."""
    made = site(4)
    made.edit(300)
    changed = [n for n, page in enumerate(made.new) if page["text"] != made.old[n]["text"]]
    for page in (*made.old, *made.new):
        page["timestamp"] = str(START)
    for number in changed:
        made.new[number]["timestamp"] = str(START + made.random.randrange(100 * DAY))
    same = [n for n, page in enumerate(made.new) if page["text"] == made.old[n]["text"]]
    for number in made.random.sample(same, bunched):
        page = made.new[number]
        page["text"] += " " + " ".join(made.text(3))
        page["timestamp"] = str(START + 100 * DAY - made.random.randrange(10 * 3600))
    return made


@pytest.mark.parametrize(("bunched", "severities"), [(0, []), (60, [Severity.MEDIUM])])
def test_edits_just_before_the_snapshot(site, compare, bunched, severities):
    found = [f for f in compare(dated(site, bunched)) if f.code == "DRF002"]
    assert [f.severity for f in found] == severities
    assert all(len(f.members) >= bunched for f in found)


def test_times_of_crawling_are_no_edits(site, compare):
    made = dated(site, 0)
    for page in made.new:
        page["timestamp"] = str(START + 100 * DAY + made.random.randrange(DAY))
    assert not [f for f in compare(made) if f.code == "DRF002"]


def test_a_steady_history_makes_an_excess_unlikely():
    import numpy as np  # noqa: PLC0415

    steady, bursty = np.array([5, 6, 4, 5, 6, 5, 4, 5]), np.array([0, 40, 0, 1, 0, 35, 0, 2])
    assert excess_ln_p(30, steady) < -20
    assert excess_ln_p(30, bursty) > -5
    assert excess_ln_p(10**9, steady) >= -700
