"""Takedown: all copies are taken, the store forgets them, the receipt holds, returns are seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineage.errors import UsageError
from lineage.fingerprint.query import text_batch
from lineage.queries.confirmed import read_confirmed, write_proposals
from lineage.queries.persons import pattern_of, proposals
from lineage.queries.receipt import verify_receipt
from lineage.queries.takedown import Request, purge_again, takedown
from lineage.queries.trace import trace
from lineage.store import (
    StoredFinding,
    as_of,
    find_snapshot,
    load_findings,
    rebuild,
    save_scan,
    verify,
)
from lineage.store import purge as purging
from lineage.store.matching import Match
from lineage.store.redact import GONE, traces_of
from lineage.store.takedowns import load_takedowns, prints_of_rows, returns_in
from lineage.store.tombstones import Keys, make_tombstones
from tests.queries.conftest import Known, contents, fill, prose, write


def held(root: Path, *pieces: str) -> list[tuple[str, str]]:
    """Pieces that some file of the store holds."""
    forms = [(piece, piece.encode()) for piece in pieces]
    return [(path.name, p) for path, data in contents(root) for p, form in forms if form in data]


def found_once(known: Known) -> str:
    """Save a scan with a finding about the text and another; returns the text's identity."""
    document = trace(known.store, known.text).found[0].document
    words = known.text.split()
    excerpt = {"before": " ".join(words[3:6]), "match": f" {words[6]} ", "after": words[7]}
    payload = {
        "members": sorted([document, "ab" * 16]),
        "documents": 2,
        "key": document,
        "title": f"copies of {' '.join(words[:7])}",
        "excerpts": [{"document": document, **excerpt}, {"document": "ab" * 16, **excerpt}],
        "statistics": {"documents": 2},
    }
    finding = StoredFinding("DUP-1", "DUP", "low", payload["title"], "rev", 2, payload)
    root = find_snapshot(known.store, "one").root
    save_scan(known.store, root, ["r"], [finding], {"dataset": "one"})
    return document


def test_texts_are_taken_with_every_copy_and_forgotten(fresh: Known) -> None:
    document = found_once(fresh)
    words = fresh.text.split()
    pieces = [" ".join(words[n : n + 5]) for n in range(0, 110, 7)]
    assert held(fresh.store.root, *pieces, "Example.org", document)
    looked = takedown(fresh.store, Request(texts=[fresh.text]), dry_run=True)
    assert looked.facts["found"] == {"exact": 1, "near": 1, "normalised": 2}
    assert looked.facts["quoting_but_not_taken"] == 1
    assert [model["name"] for model in looked.facts["models"]] == ["base", "tuned"]
    assert not load_takedowns(fresh.store)

    answer = takedown(fresh.store, Request(texts=[fresh.text]), purge=True)
    assert [(e.match, Path(e.path or "").name, e.record) for e in answer.excluded] == [
        (e.match, Path(e.path or "").name, e.record) for e in looked.excluded
    ]
    assert not held(fresh.store.root, *pieces, "Example.org", '"me"', document, fresh.text[:40])
    assert not verify(fresh.store)
    assert verify_receipt(fresh.store, answer.receipt).holds
    forged = answer.receipt.replace('"records":4', '"records":3')
    assert not verify_receipt(fresh.store, forged).holds
    rebuild(fresh.store)
    after = trace(fresh.store, fresh.text)
    assert dict(after.totals) == {Match.PASSAGE: 1}
    with as_of(fresh.store, "3") as past:
        assert not trace(past, fresh.text).totals[Match.EXACT]
    (finding,) = load_findings(fresh.store)
    assert finding.payload["members"] == ["ab" * 16]
    assert (finding.members, finding.payload["excerpts"], finding.title) == (1, [], GONE)

    again = [{"text": prose(60)}, {"text": fresh.text}, {"text": fresh.text.upper()}]
    again += [{"text": " ".join([*words[:-2], "x", "y"])}, {"text": f"{fresh.text} {prose(90)}"}]
    fill(fresh.store, "back", write(fresh.folder / "back.jsonl.gz", again))
    ((name, _, records),) = returns_in(fresh.store)
    assert (name, records) == (answer.takedown, 4)
    assert verify_receipt(fresh.store, answer.receipt).holds


def test_a_purge_that_was_killed_is_finished(fresh: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    found_once(fresh)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(purging, "_rewrite_journal", killed)
        takedown(fresh.store, Request(texts=[fresh.text]), purge=True)
    (stored,) = load_takedowns(fresh.store)
    assert not stored.purged
    answer = purge_again(fresh.store, stored.takedown)
    words = fresh.text.split()
    assert not held(fresh.store.root, *(" ".join(words[n : n + 5]) for n in range(0, 110, 7)))
    assert not verify(fresh.store)
    assert verify_receipt(fresh.store, answer.receipt).holds
    assert load_takedowns(fresh.store)[0].purged


def test_urls_and_domains(known: Known) -> None:
    def taken(request: Request) -> list[tuple[str, int]]:
        found = takedown(known.store, request, dry_run=True).excluded
        return [(Path(one.path or "").name, one.record) for one in found]

    own = ("one.jsonl", 10)
    assert taken(Request(urls=["example.org/a/?q=1"])) == [own]
    assert set(taken(Request(domain="example.org"))) == {own, ("two.jsonl.gz", 13)}
    copies = taken(Request(urls=["example.org/a/?q=1"], copies=True))
    assert set(copies) == {own, ("two.jsonl.gz", 10), ("two.jsonl.gz", 11)}
    missed = takedown(known.store, Request(urls=["http://none.org/"]), dry_run=True)
    assert (missed.facts["asked"]["missed"], missed.excluded) == ([0], ())
    with pytest.raises(UsageError, match="one of"):
        takedown(known.store, Request(domain="a", urls=["b"]))


SPELLINGS = {
    "Jörg Anton Müller": [
        "joerg mueller",
        "JORG MULLER",
        "Müller, Jörg",
        "J. Müller",
        "j.a. muller",
        "jo\u0308rg_anton_mu\u0308ller",
        "jmuller@x.org",
        "Jörg\n  Müller",
        "Mueller J",
    ],
    "Łukasz O'Brien": ["lukasz obrien", "L. O'Brien", "o\u2019brien, lukasz"],
    "anna@mail.example": ["<Anna@Mail.example>"],
    "@handle99": ["see handle99!"],
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_person_is_found_however_written(name: str) -> None:
    pattern = pattern_of([name])
    assert [text for text in SPELLINGS[name] if not pattern.search(text)] == []
    others = [
        "xjorg mullerx",
        "Jörg; Anna Müller",
        "handle999",
        "a mueller",
        "anna@mail",
    ]
    assert [text for text in others if pattern.search(text)] == []


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=12))
@example("00\uf900")
@example("00\u0622")
@example("@0@0")
@example("\u212bngstr\u0f76m")
def test_any_name_makes_a_pattern_or_is_refused(name: str) -> None:
    try:
        pattern = pattern_of([name])
    except UsageError:
        return
    assert pattern.search(f"<< {' '.join(name.split()).lstrip('@')} >>") is not None or "," in name


def test_a_person_is_proposed_confirmed_and_forgotten(fresh: Known) -> None:
    texts = [
        {"text": f"A letter from Mary  Q. Contrary about gardens. {prose(30)}", "id": "1"},
        {"text": prose(20), "source": "contrary, mary", "id": "2"},
        {"text": f"another Mary altogether, not contrary {prose(20)}", "id": "3"},
        {"text": f"mcontrary wrote {prose(20)}", "id": "4"},
    ]
    texts.append({"text": texts[0]["text"].upper(), "id": "5"})
    fill(fresh.store, "mail", write(fresh.folder / "mary-contrary.jsonl", texts))
    unread: list[str] = []
    found = list(proposals(fresh.store, ["Mary Contrary"], unread))
    assert [(one.record, one.form) for one in found] == [
        (0, "full"),
        (1, "reversed"),
        (3, "joined initial"),
        (4, "full"),
    ]
    assert not unread
    text, counts = write_proposals(["Mary Contrary"], found, {}, [])
    assert counts == {"full": 2, "reversed": 1, "joined initial": 1}
    with pytest.raises(UsageError, match="nothing is confirmed"):
        read_confirmed(text)
    head, *lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        line["confirm"] = line["record"] in (0, 1) or None
    edited = "".join(json.dumps(line) + "\n" for line in (head, *lines))
    confirmed = read_confirmed(edited)
    assert confirmed.undecided == 2
    answer = takedown(fresh.store, Request(confirmed=confirmed), purge=True)
    assert answer.facts["found"] == {"confirmed": 2, "normalised": 1}
    assert not held(fresh.store.root, "contrary, mary")
    assert verify_receipt(fresh.store, answer.receipt).holds


def test_tombstones_tell_nothing_without_the_secret(known: Known) -> None:
    prints = prints_of_rows(known.store, {}, [known.text])
    ours, other = Keys(b"a" * 32), Keys(b"b" * 32)
    stones = make_tombstones(ours, prints)
    assert len(stones.find(ours, "doc", prints)[0]) == 1
    assert len(stones.find(ours, "band", prints)[0]) == 15
    assert not len(stones.find(other, "doc", prints)[0])
    assert not (stones.hidden == prints.compact).any()
    plain = {int(value) for value in text_batch(known.text).passages[1]}
    kept = {int.from_bytes(bytes(mac)[:8], "big") for mac in stones.macs["passage"]}
    assert not plain & kept


def test_strings_that_betray_a_text() -> None:
    traces = traces_of(["One two, three four five six", "tiny"], ["http://a/b"])
    assert traces.clean({"a": ["x TWO THREE four-five six y", "two three four"], "b": 1}) == {
        "a": [GONE, "two three four"],
        "b": 1,
    }
    assert traces.betrayed("tiny") and traces.betrayed("http://a/b")
    assert not traces.betrayed("tiny things")
