"""Identities against plain hashlib."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.fingerprint import recipe
from lineage.fingerprint.batch import Batch
from lineage.fingerprint.digest import (
    document_digests,
    group_hashes,
    normal_digests,
    shard_digest,
)
from lineage.fingerprint.minhash import DEFAULT_BANDS, signatures
from lineage.model import CONTENT_ROLES, TEXT_ROLES, Role
from lineage.shards.batch import DocumentBatch

Row = dict[Role, str | None]


def batch_of(rows: list[Row], text: list[str] | None = None) -> DocumentBatch:
    joined = ["\n".join(str(r[k]) for k in TEXT_ROLES if r.get(k) is not None) for r in rows]
    used = sorted({role for row in rows for role in row})
    column = pa.large_string()
    return DocumentBatch(
        record=np.arange(len(rows)),
        reading=np.arange(len(rows), dtype=np.uint8) % 2,
        text=pa.array(text or joined, column),
        leaves=pa.array([""] * len(rows), column),
        roles={role: pa.array([row.get(role) for row in rows], column) for role in used},
        records=len(rows),
    )


def truncated(data: bytes) -> list[int]:
    digest = hashlib.sha256(data).digest()
    return [int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")]


def framed(row: Row) -> bytes:
    frame = b""
    for role in CONTENT_ROLES:
        if (value := row.get(role)) is not None:
            name, data = role.value.encode(), value.encode()
            frame += bytes([len(name)]) + name + len(data).to_bytes(8, "little") + data
    return frame


values = st.one_of(st.none(), st.text(max_size=20))
rows = st.dictionaries(st.sampled_from([*CONTENT_ROLES, Role.SOURCE, Role.ID]), values)


@given(st.lists(rows, max_size=5))
@settings(deadline=None)
def test_documents_are_their_content_roles(documents: list[Row]) -> None:
    expected = [truncated(framed(row) or framed({Role.TEXT: ""})) for row in documents]
    assert document_digests(batch_of(documents)).tolist() == expected


@given(st.lists(st.text(max_size=30), max_size=5), st.sampled_from(CONTENT_ROLES))
@settings(deadline=None)
def test_one_role_alone(documents: list[str], role: Role) -> None:
    batch = batch_of([{role: text} for text in documents])
    expected = [truncated(framed({role: text})) for text in documents]
    assert document_digests(batch).tolist() == expected


def test_documents_without_roles_are_their_text() -> None:
    batch = batch_of([{}, {Role.TEXT: "b"}, {Role.TEXT: ""}], ["a", "b", ""])
    expected = [truncated(framed({Role.TEXT: text})) for text in ("a", "b", "")]
    assert document_digests(batch).tolist() == expected


def test_slices_have_the_same_digests() -> None:
    texts = pa.array(["a", "bc", "", "def"], pa.large_string()).slice(1)
    rows: list[Row] = [{}, {}, {}]
    batch = batch_of(rows)
    sliced = DocumentBatch(batch.record, batch.reading, texts, texts, {Role.TEXT: texts}, 3)
    expected = [truncated(framed({Role.TEXT: text})) for text in ("bc", "", "def")]
    assert document_digests(sliced).tolist() == expected


@given(st.lists(st.text("abAB é日-> ", max_size=30), max_size=4))
@settings(deadline=None)
def test_normal_digests_are_over_words(documents: list[str]) -> None:
    batch = Batch(batch_of([{Role.TEXT: text} for text in documents]), key=5)
    tokens = batch.tokens
    expected = []
    for low, high in zip(tokens.offsets, tokens.offsets[1:], strict=False):
        words = [int(w) for w in tokens.word[low:high] if w]
        expected.append(truncated(b"".join(w.to_bytes(8, "little") for w in words)))
    assert normal_digests(tokens).tolist() == expected
    assert batch.norm.tolist() == expected


def test_normal_digests_forget_case_punctuation_and_spacing() -> None:
    rows: list[Row] = [{Role.TEXT: t} for t in ("Hello, World!", "hello\n\nworld", "hello word")]
    norm = Batch(batch_of(rows), key=5).norm.tolist()
    assert norm[0] == norm[1] != norm[2]


def test_groups() -> None:
    documents: list[Row] = [
        {Role.SOURCE: "s", Role.PATH: "x/y/z.csv", Role.URL: "http://u@Foo.com:80/x?y#z"},
        {Role.SOURCE: "s", Role.PATH: "x/y/w.csv", Role.URL: "//foo.com"},
        {Role.SOURCE: None, Role.PATH: "w.csv", Role.URL: "foo.com/other"},
        {Role.SOURCE: "", Role.PATH: None, Role.URL: None},
    ]
    groups = group_hashes(batch_of(documents), 1)
    source, path, folder, host = groups.T.tolist()
    assert source[0] == source[1] != 0 == source[2] == source[3]
    assert len({*path}) == len(documents)
    assert folder[0] == folder[1] != 0 == folder[2] == folder[3]
    assert host[0] == host[1] == host[2] != 0 == host[3]
    assert (group_hashes(batch_of(documents), 2)[0] != groups[0]).all()
    assert (group_hashes(batch_of([{}]), 1) == 0).all()


@pytest.mark.parametrize(
    "url", ["https://h.org", "https://h.org?q", "ftp://H.ORG#f", "h.org:8080/a://b", "//a:b@h.org/"]
)
def test_hosts(url: str) -> None:
    hashes = group_hashes(batch_of([{Role.URL: url}, {Role.URL: "http://h.org/"}]), 1)
    assert hashes[0, 3] == hashes[1, 3]


def test_shard_digest(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    (tmp_path / "shard").write_bytes(data)
    assert str(shard_digest(tmp_path / "shard")) == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_batch_ties_it_together() -> None:
    batch = Batch(batch_of([{Role.TEXT: "one two"}, {Role.TEXT: ""}]), key=5)
    assert (batch.signatures == signatures(batch.tokens)).all()
    assert batch.bands.shape == (2, DEFAULT_BANDS.bands)
    assert len(batch.shingles) == len(batch) == len(batch.doc) == len(batch.groups)


def test_recipe_names() -> None:
    sketch = recipe.Sketch()
    assert sketch.name == "minhash-affine32-w5-k128-s1"
    assert sketch.bands(15, 7) == "bands-15x7-minhash-affine32-w5-k128-s1"
