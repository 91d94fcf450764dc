"""A scan beside an older snapshot: what is read, what is said, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

OTHERS = ("--select", "HID,INT,DUP")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    """Two snapshots of 60 pages: two edited, one added, one gone."""
    old = [{"url": f"u{n}", "text": f"Page {n} says that {n * 7} is a number."} for n in range(60)]
    new = [dict(page) for page in old[1:]] + [{"url": "u99", "text": "A new page."}]
    for page in new[:2]:
        page["text"] += " It is even."
    for name, pages in (("old", old), ("new", new)):
        (tmp_path / name).mkdir()
        lines = "".join(json.dumps(page) + "\n" for page in pages)
        (tmp_path / name / "a.jsonl").write_text(lines)
    return "old", "new"


def test_changes_are_counted_and_both_are_covered(foretaste, pair):
    old, new = pair
    done = foretaste("scan", new, "--against", old, "--select", "DRF", "--format", "json")
    assert done.code == 0
    (summary,) = done.json["findings"]
    counts = {"key": "url", "unchanged": 57, "changed": 2, "added": 1, "removed": 1}
    assert summary["statistics"].items() >= counts.items()
    assert done.json["coverage"]["records"] == 60
    assert done.json["reference"]["dataset"] == "old"
    assert done.json["reference"]["coverage"]["records"] == 60
    again = foretaste("findings", "--format", "json", "--show", "lead")
    assert again.json == done.json


def test_people_see_both_coverages(foretaste, pair):
    old, new = pair
    shown = foretaste("scan", new, "--against", old, "--show", "lead").out
    assert "compared with\nold@" in shown
    assert "not compared" not in shown
    assert "DRF001, DRF002 ask for an older snapshot" in foretaste("scan", new).out


def test_other_scanners_find_the_same(foretaste, poisoned, clean):
    alone = foretaste("scan", poisoned, *OTHERS, "--format", "jsonl")
    beside = foretaste("scan", poisoned, "--against", clean, *OTHERS, "--format", "jsonl")
    assert alone.code == beside.code == 1
    assert beside.out.splitlines()[1:] == alone.out.splitlines()[1:]


def test_a_corpus_can_be_compared_with_itself(foretaste, poisoned):
    alone = foretaste("scan", poisoned, *OTHERS, "--format", "jsonl")
    beside = foretaste("scan", poisoned, "--against", poisoned, "--format", "jsonl")
    found = [json.loads(line) for line in beside.out.splitlines()[1:]]
    assert not [one for one in found if one["code"].startswith("DRF")]
    expected = [json.loads(line) for line in alone.out.splitlines()[1:]]
    assert [one for one in found if one["code"][:3] in ("HID", "INT", "DUP")] == expected


def test_a_name_in_the_store_is_a_snapshot(foretaste, pair, tmp_path):
    old, new = pair
    by_path = foretaste("scan", new, "--against", old, "--select", "DRF", "--format", "jsonl")
    foretaste("ingest", old, "--dataset", "pages", "--snapshot", "v1")
    by_name = foretaste("scan", new, "--against", "pages@v1", "--select=DRF", "--format", "json")
    assert by_name.json["reference"]["snapshot"] == "v1"
    assert by_name.json["findings"] == [
        {k: v for k, v in json.loads(line).items() if k != "type"}
        for line in by_path.out.splitlines()[1:]
    ]
    (tmp_path / "old" / "a.jsonl").unlink()
    gone = foretaste("scan", new, "--against", "pages@v1")
    assert (gone.code, "pages@v1 cannot be read again" in gone.err) == (2, True)


def test_a_second_scan_reads_nothing(foretaste, pair, monkeypatch):
    old, new = pair
    first = foretaste("scan", new, "--against", old, "--format", "json")

    def closed(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("lineage.shards.reader.ShardReader.__iter__", closed)
    assert foretaste("scan", new, "--against", old, "--format", "json") == first


def test_an_older_snapshot_that_is_damaged_is_incomplete(foretaste, clean, damaged):
    done = foretaste("scan", clean, "--against", damaged, *OTHERS)
    assert done.code == 3
    assert "coverage is incomplete" in done.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--against", "nowhere"], "no such file or folder, and no snapshot is called 'nowhere'"),
        (["--select", "DRF"], "compare with an older snapshot"),
        (["--against", "clean", "--key", "title"], "'title' is not one of"),
    ],
)
def test_mistakes_are_explained(foretaste, clean, options, problem):
    done = foretaste("scan", clean, *options)
    assert done.code == 2
    assert problem in done.err
