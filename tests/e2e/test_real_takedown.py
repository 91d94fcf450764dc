"""Real e-mail: texts and a person are taken down with every copy, and nothing of them is left."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import foretaste
from lineage.fingerprint.plain import words
from lineage.queries.confirmed import read_confirmed, write_proposals
from lineage.queries.persons import proposals
from lineage.queries.receipt import verify_receipt
from lineage.store import Store
from lineage.store.takedowns import returns_in
from tests.e2e.test_real_data import rows
from tests.queries.conftest import contents

NAME = re.compile(rb"daren.{0,8}farmer|farmer.{0,3}daren|dfarmer", re.IGNORECASE | re.DOTALL)


@pytest.fixture(scope="module")
def scanned(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, list[Any]]:
    """A store that scanned a third of the mail, and that mail."""
    lines = rows(shared_data / "corpora" / "enron1-email.jsonl.zst", 3)
    folder = tmp_path_factory.mktemp("mail")
    (folder / "mail.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    options = {"dataset": "mail", "select": ["DUP"], "store": folder / "store"}
    result = foretaste.scan(folder / "mail.jsonl", **options)
    return result.store, [json.loads(line) for line in lines]


@pytest.fixture
def mail(scanned: tuple[Store, list[Any]], tmp_path: Path) -> tuple[Store, list[Any]]:
    """A copy of that store, to take down from."""
    shutil.copytree(scanned[0].root, tmp_path / "store")
    return foretaste.open_store(tmp_path / "store"), scanned[1]


def test_a_hundred_texts(mail: tuple[Store, list[Any]], tmp_path: Path) -> None:
    store, records = mail
    texts = [record["text"] for record in records if len(record["text"].split()) > 60]
    chosen = random.Random(1).sample(texts, 100)
    answer = foretaste.takedown(texts=chosen, store=store, purge=True)
    same = {tuple(words(text)) for text in chosen}
    copies = {n for n, record in enumerate(records) if tuple(words(record["text"])) in same}
    taken = {one.record for one in answer.excluded}
    assert copies <= taken
    assert verify_receipt(store, answer.receipt).holds
    pieces = {" ".join(text.split()[at : at + 8]) for text in chosen for at in range(0, 50, 9)}
    for path, data in contents(store.root):
        found = [piece for piece in pieces if piece.encode() in data and len(words(piece)) >= 5]
        assert not found, path
    back = tmp_path / "back.jsonl"
    back.write_text("".join(json.dumps({"text": text}) + "\n" for text in chosen[:30]))
    foretaste.ingest(back, dataset="back", store=store)
    assert sum(count for _, _, count in returns_in(store)) == 30


def test_a_person(mail: tuple[Store, list[Any]]) -> None:
    store, records = mail
    plain = {n for n, record in enumerate(records) if NAME.search(record["text"].encode())}
    found = list(proposals(store, ["Daren Farmer"], []))
    assert plain <= {one.record for one in found}
    text, _ = write_proposals(["Daren Farmer"], found, {}, [])
    confirmed = read_confirmed(text.replace('"confirm": null', '"confirm": true'))
    answer = foretaste.takedown(confirmed=confirmed, store=store, purge=True)
    assert verify_receipt(store, answer.receipt).holds
    assert not [path for path, data in contents(store.root) if NAME.search(data)]
