"""Files of models: a digest of the bytes, and what the bytes say of themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from lineage.artifacts import gguf, llamafile, pytorch, safetensors, tokenizer
from lineage.artifacts.artifact import LONGEST_VALUE, MOST_NAMES, Content, Part, Proposal
from lineage.artifacts.beside import beside
from lineage.errors import ReadingError, UsageError
from lineage.model import shown

READERS: Mapping[str, tuple[Callable[[Part], bool], Callable[[Part], Content]]] = {
    "gguf": (gguf.looks, gguf.read),
    "llamafile": (llamafile.looks, llamafile.read),
    "pytorch": (pytorch.looks, pytorch.read),
    "tokenizer": (tokenizer.looks, tokenizer.read),
    "safetensors": (safetensors.looks, safetensors.read),
}
"""Format -> (whether bytes look like it, its reader); the first that looks right reads."""
OPAQUE = "opaque"
SUFFIXES = (
    ".safetensors",
    ".gguf",
    ".llamafile",
    ".pt",
    ".pth",
    ".bin",
    ".ckpt",
    ".onnx",
    ".npz",
)
"""Of a folder's files these are a model's."""
TOKENIZERS = ("tokenizer.json", "tokenizer.model")
MOST_FILES = 10_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class ArtifactFile:
    """One file: name, SHA-256 and size of its bytes, and what they say."""

    name: str
    digest: str
    bytes: int
    content: Content


@dataclass(frozen=True)
class Artifact:
    """The files of a model as facts of ``lineage.facts``, and what they propose."""

    facts: Mapping[str, Any]
    proposals: tuple[Proposal, ...]


def read_artifact(paths: Sequence[str | Path]) -> Artifact:
    """Read files, or folders of them. UsageError if there is none, ReadingError if one fails.

    What the bytes do not say of themselves is no error: the file is then ``opaque``.
    """
    files = _located(paths)
    read = [read_file(file) for file in files]
    more, proposed = beside(files[0].parent)
    facts = _facts(read)
    facts = {**{k: v for k, v in more.items() if k not in facts}, **facts}
    if facts.get("kind") != "tokenizer" and more.get("kind") == "adapter":
        facts["kind"] = "adapter"
    seen: dict[tuple[str, str], Proposal] = {}
    for proposal in (*(p for one in read for p in one.content.proposals), *proposed):
        name = shown(proposal.name).strip()
        if 0 < len(name) <= LONGEST_VALUE and len(seen) < MOST_NAMES:
            seen.setdefault((proposal.relation, name), replace(proposal, name=name))
    return Artifact(facts, tuple(seen.values()))


def read_file(file: Path) -> ArtifactFile:
    """Hash and read one file; ReadingError if it cannot be opened, or changes meanwhile."""
    try:
        with file.open("rb") as stream:
            before = file.stat()
            digest, size = _hashed(stream)
            content = _content(Part(stream, 0, size))
            after = file.stat()
    except OSError as error:
        raise ReadingError(f"{file} cannot be read: {error.strerror}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise ReadingError(f"{file} changed while it was being read")
    return ArtifactFile(shown(file.name), digest, size, content)


def _content(part: Part) -> Content:
    for name, (looks, read) in READERS.items():
        try:
            if looks(part):
                return read(part)
        except (ReadingError, MemoryError) as error:
            why = str(error) or "it needs too much memory"
            return Content(OPAQUE, remarks=(f"it begins as {name}, but {why}",))
    return Content(OPAQUE)


def _hashed(stream: BinaryIO) -> tuple[str, int]:
    sha, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        sha.update(chunk)
        size += len(chunk)
    return f"sha256:{sha.hexdigest()}", size


def _located(paths: Sequence[str | Path]) -> list[Path]:
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.is_file())
            weights = [one for one in inside if one.name.lower().endswith(SUFFIXES)]
            files += weights or [one for one in inside if one.name in TOKENIZERS]
        elif path.exists():
            files.append(path)
        else:
            raise UsageError(f"there is no file {path}")
    if not files:
        raise UsageError(
            f"no file of a model in {', '.join(map(str, paths))}",
            hint=f"files of these names count: {', '.join((*SUFFIXES, *TOKENIZERS))}",
        )
    if len(files) > MOST_FILES:
        raise UsageError(f"{len(files):,} files are too many for one model")
    return files


def _facts(read: Sequence[ArtifactFile]) -> dict[str, Any]:
    """Facts of all files together: counts are added, what differs is listed by file."""
    first = read[0]
    facts: dict[str, Any] = {name: _kept(v) for name, v in first.content.facts.items()}
    facts = {name: value for name, value in facts.items() if value not in ("", [], {})}
    if len(read) > 1:
        counts = [one.content.facts for one in read]
        for name in ("tensors", "parameters"):
            if all(name in one for one in counts):
                facts[name] = sum(one[name] for one in counts)
        types: dict[str, int] = {}
        for one in counts:
            for name, count in one.get("dtypes", {}).items():
                types[name] = types.get(name, 0) + count
        if types:
            facts["dtypes"] = _kept(types)
        facts["files"] = [
            {"name": one.name, "digest": one.digest, "bytes": one.bytes} for one in read
        ]
    formats = list(dict.fromkeys(one.content.format for one in read))
    facts |= {
        "format": ", ".join(formats),
        "digest": first.digest if len(read) == 1 else _listed(read),
        "bytes": sum(one.bytes for one in read),
    }
    remarks = [
        remark if len(read) == 1 else f"{one.name}: {remark}"
        for one in read
        for remark in one.content.remarks
    ]
    if remarks:
        facts["remarks"] = _kept(remarks)
    return facts


def _kept(value: Any) -> Any:
    """A value of bounded size: files may say anything at any length."""
    if isinstance(value, str):
        return shown(value).strip()[:LONGEST_VALUE].strip()
    if isinstance(value, Mapping):
        pairs = [(_kept(name), _kept(inner)) for name, inner in value.items()]
        return dict([pair for pair in pairs if pair[0]][:MOST_NAMES])
    if isinstance(value, list):
        return [one for one in map(_kept, value[:MOST_NAMES]) if one != ""]
    return value


def _listed(read: Sequence[ArtifactFile]) -> str:
    """SHA-256 over (length of name, name, digest) by name, as the root digest of a snapshot."""
    sha = hashlib.sha256()
    for one in sorted(read, key=lambda one: one.name):
        name = one.name.encode()
        sha.update(len(name).to_bytes(8, "little") + name + f"{one.digest}\n".encode())
    return f"sha256:{sha.hexdigest()}"
