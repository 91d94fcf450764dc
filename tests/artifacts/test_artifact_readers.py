"""Files of models: what reference libraries wrote is read alike; hostile bytes say why not.

The files in ``made`` were written by the packages ``safetensors`` 0.8 and ``gguf`` 0.19.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.artifacts import OPAQUE, read_artifact, read_file
from lineage.artifacts.artifact import Part
from lineage.artifacts.zipped import inside, members
from lineage.errors import UsageError
from lineage.facts import read_facts
from lineage.graph import Kind, Relation

MADE = Path(__file__).parent / "made"
GGUF = (MADE / "tiny.gguf").read_bytes()


def read(folder: Path, data: bytes, name: str = "file"):
    file = folder / name
    file.write_bytes(data)
    return read_file(file)


def safetensors(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def tensor(start: int, end: int, shape: list[int] | None = None) -> dict:
    return {"dtype": "U8", "shape": shape or [end - start], "data_offsets": [start, end]}


def test_what_safetensors_wrote() -> None:
    one = read_file(MADE / "tiny.safetensors")
    assert (
        one.digest
        == f"sha256:{hashlib.sha256((MADE / 'tiny.safetensors').read_bytes()).hexdigest()}"
    )
    assert one.content.format == "safetensors"
    assert one.content.facts == {
        "tensors": 2,
        "parameters": 15,
        "dtypes": {"F32": 1, "F16": 1},
        "metadata": {"format": "pt", "base": "x"},
    }
    assert one.content.remarks == ()


def test_what_gguf_wrote() -> None:
    content = read_file(MADE / "tiny.gguf").content
    assert (content.format, content.remarks) == ("gguf", ())
    facts = content.facts
    assert (facts["tensors"], facts["parameters"]) == (2, 4 * 64 + 5)
    assert (facts["architecture"], facts["quantisation"]) == ("llama", "Q4_0")
    assert (facts["licence"], facts["metadata"]["general.name"]) == ("MIT", "Tiny")
    assert facts["metadata"]["tokenizer.ggml.tokens"] == "30 texts"
    (base,) = content.proposals
    assert (base.relation, base.name) == (Relation.DERIVED_FROM, "acme/base-7b")


def test_gguf_of_the_other_byte_order() -> None:
    content = read_file(MADE / "big-endian.gguf").content
    assert (content.format, content.remarks) == ("gguf", ())
    assert (content.facts["parameters"], content.facts["architecture"]) == (4, "gpt2")


@pytest.mark.parametrize(
    ("header", "data", "remark"),
    [
        ({"a": tensor(0, 4), "b": tensor(2, 6)}, b"." * 6, "tensors overlap: 'b' and 'a'"),
        (
            {"a": tensor(0, 4), "b": tensor(6, 8)},
            b"." * 8,
            "2 bytes between tensors belong to none",
        ),
        ({"a": tensor(0, 4)}, b"." * 9, "5 bytes after the last tensor belong to none"),
        ({"a": tensor(0, 9)}, b"." * 4, "the file ends 5 bytes before its last tensor does"),
        ({"a": tensor(0, 4, [3])}, b"." * 4, "1 tensors have not the size that their shape says"),
        (
            b'{"a":1,"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}',
            b".",
            "a name stands twice",
        ),
    ],
)
def test_odd_safetensors_are_remarked(tmp_path, header, data, remark) -> None:
    content = read(tmp_path, safetensors(header, data)).content
    assert content.format == "safetensors"
    assert any(one.startswith(remark) for one in content.remarks), content.remarks


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (safetensors(b"{" * 5000), "no JSON"),
        (safetensors(b'{"a": {"dtype": "U8"}}'), "what is no tensor"),
        (safetensors({"a": tensor(4, 0, [1])}), "ends before it begins"),
        ((33 << 20).to_bytes(8, "little") + b"{" + b" " * (33 << 20), "is too large"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1 is not read"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 40), "too long"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0), "too many"),
        (GGUF[:300], "cut off"),
        (b'{"version": "1.0", "added_tokens": [], ', "no tokenizer"),
    ],
)
def test_bytes_that_only_begin_so_are_opaque(tmp_path, data, why) -> None:
    content = read(tmp_path, data).content
    assert content.format == OPAQUE
    assert why in content.remarks[0]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_hostile_bytes_never_break_a_reader(tmp_path_factory, data) -> None:
    whole = data.draw(
        st.sampled_from([GGUF, (MADE / "tiny.safetensors").read_bytes(), llamafile()])
    )
    broken = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for at in data.draw(st.lists(st.integers(0, max(0, len(broken) - 1)), max_size=4)):
        if broken:
            broken[at] = data.draw(st.integers(0, 255))
    one = read(tmp_path_factory.getbasetemp(), bytes(broken))
    assert one.bytes == len(broken)
    facts = read_artifact([tmp_path_factory.getbasetemp() / one.name]).facts
    assert read_facts(Kind.ARTIFACT, facts) == facts


def llamafile(method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO(b"MZqFpD" + b"\0" * 500)
    stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(stream, "a", method) as archive:
        archive.writestr(".args", "-m\ntiny.gguf\n")
        archive.writestr("tiny.gguf", GGUF)
    return stream.getvalue()


def test_llamafile(tmp_path) -> None:
    content = read(tmp_path, llamafile()).content
    assert (content.format, content.remarks) == ("llamafile", ())
    assert content.facts["members"] == [".args", "tiny.gguf"]
    assert content.facts["parameters"] == read_file(MADE / "tiny.gguf").content.facts["parameters"]
    packed = read(tmp_path, llamafile(zipfile.ZIP_DEFLATED)).content
    assert packed.format == OPAQUE
    assert "not unpacked" in packed.remarks[0]


class Trap:
    """Raises when it is loaded."""

    def __reduce__(self):
        return (exec, ("raise SystemError('a pickle was loaded')",))


def test_pickles_are_told_and_left_alone(tmp_path) -> None:
    trap = pickle.dumps(Trap(), protocol=2)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("model/data.pkl", trap)
        archive.writestr("model/data/0", b"." * 8)
        archive.writestr("model/version", "3")
    content = read(tmp_path, stream.getvalue()).content
    assert content.format == "pytorch-zip"
    assert content.facts == {
        "members": ["model/data.pkl", "model/data/0", "model/version"],
        "tensors": 1,
    }
    legacy = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + trap
    assert read(tmp_path, legacy).content.format == "pytorch-legacy"
    assert read(tmp_path, trap).content.format == "pickle"
    assert "not looked into" in read(tmp_path, trap).content.remarks[0]


def test_zip_offsets_are_those_of_zipfile() -> None:
    data = llamafile()
    part = Part(io.BytesIO(data), 0, len(data))
    archive = zipfile.ZipFile(io.BytesIO(data))
    for member in members(part):
        assert inside(part, member).at(0, member.size) == archive.read(member.name)


def test_tokenizer(tmp_path) -> None:
    whole = {
        "version": "1.0",
        "added_tokens": [{"id": 2, "content": "<s>"}],
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "<s>": 2}},
    }
    content = read(tmp_path, json.dumps(whole).encode()).content
    assert content.facts["kind"] == "tokenizer"
    assert content.facts["metadata"]["tokenizer.vocabulary"] == 3


def test_what_lies_beside_is_proposed(tmp_path) -> None:
    (tmp_path / "adapter.safetensors").write_bytes((MADE / "tiny.safetensors").read_bytes())
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "acme/base-7b"}')
    (tmp_path / "README.md").write_text(
        '---\nlicense: mit\nbase_model:\n- acme/base-7b # comment\n- "acme/other"\n'
        "base_model_relation: merge\ndatasets: [posts, 'books']\n---\n# card\nbase_model: no\n"
    )
    artifact = read_artifact([tmp_path])
    assert (artifact.facts["kind"], artifact.facts["licence"]) == ("adapter", "mit")
    assert [(str(p.relation), p.name) for p in artifact.proposals] == [
        ("adapter-of", "acme/base-7b"),
        ("merged-from", "acme/base-7b"),
        ("merged-from", "acme/other"),
        ("trained-on", "posts"),
        ("trained-on", "books"),
    ]


def test_a_folder_of_files_is_one_model(tmp_path) -> None:
    for number in (1, 2):
        data = (MADE / "tiny.safetensors").read_bytes()
        (tmp_path / f"model-{number}.safetensors").write_bytes(data)
    facts = read_artifact([tmp_path]).facts
    assert (facts["tensors"], facts["parameters"], facts["bytes"]) == (4, 30, 444)
    assert [one["name"] for one in facts["files"]] == ["model-1.safetensors", "model-2.safetensors"]
    with pytest.raises(UsageError, match="no file of a model"):
        read_artifact([MADE.parent])
