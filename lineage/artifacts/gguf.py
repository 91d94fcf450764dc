"""GGUF, versions 2 and 3: metadata, and where tensors lie.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; sizes of blocks as in
its package ``gguf``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from lineage.artifacts.artifact import MOST_NAMES, Content, Cursor, Part, Proposal, bounded, gaps
from lineage.errors import ReadingError
from lineage.graph import Relation

MAGIC = b"GGUF"
LARGEST_HEADER = 256 << 20
"""Bytes: a vocabulary of 250,000 tokens with merges and scores takes 12 MB."""
_MOST_TEXTS = 1 << 23
"""Texts of all arrays together."""
_MOST_ENTRIES = 1 << 16
_MOST_TENSORS = 1 << 20
_MOST_DIMENSIONS = 8
_MOST_DEPTH = 4
_LONGEST_NAME = 1 << 16
_NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
TYPES: Mapping[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}
"""Type of tensor -> (name, numbers of a block, bytes of a block)."""
_PLAIN = ("F32", "F16", "F64", "BF16", "I8", "I16", "I32", "I64")
_NAMED = re.compile(r"general\.(base_model|dataset|source)(\.\d{1,4})?\.(name|repo_url|url)")


def looks(part: Part) -> bool:
    """Whether the file begins as GGUF does."""
    return part.head(4) == MAGIC


def read(part: Part) -> Content:
    """Read metadata and the list of tensors; ReadingError if they are none, or version 1."""
    cursor = Cursor(part, LARGEST_HEADER)
    cursor.skip(4)
    version = cursor.number("I")
    if version and version & 0xFFFF == 0:  # versions are small: the bytes stand the other way
        cursor.order, version = ">", int.from_bytes(version.to_bytes(4, "little"), "big")
    if version not in (2, 3):
        raise ReadingError(f"GGUF version {version} is not read")
    count, entries = cursor.number("Q"), cursor.number("Q")
    if count > _MOST_TENSORS or entries > _MOST_ENTRIES:
        raise ReadingError(f"{count:,} tensors and {entries:,} entries are too many")
    metadata, remarks = _metadata(cursor, entries)
    tensors = [_tensor(cursor) for _ in range(count)]
    remarks += _extents(part, cursor.position, tensors, metadata)
    facts: dict[str, Any] = {
        "tensors": count,
        "parameters": min(sum(numbers for _, _, numbers, _ in tensors), 2**63 - 1),
        "dtypes": dict(Counter(_type(kind) for _, kind, _, _ in tensors).most_common()),
        "metadata": bounded({"gguf.version": version, **metadata}),
    }
    facts |= {
        name: str(metadata[key])
        for name, key in (("architecture", "general.architecture"), ("licence", "general.license"))
        if metadata.get(key)
    }
    if metadata.get("general.type") == "adapter":
        facts["kind"] = "adapter"
    quantised = _quantisation(tensors)
    if quantised:
        facts["quantisation"] = quantised
    return Content("gguf", facts, tuple(_proposals(metadata, quantised)), tuple(remarks))


def _metadata(cursor: Cursor, entries: int) -> tuple[dict[str, Any], list[str]]:
    metadata: dict[str, Any] = {}
    twice = False
    for _ in range(entries):
        name = _string(cursor, _LONGEST_NAME)
        value = _value(cursor, cursor.number("I"), 0)
        twice |= name in metadata
        metadata[name] = value
    return metadata, ["a name stands twice in the metadata"] if twice else []


def _string(cursor: Cursor, most: int) -> str:
    length = cursor.number("Q")
    if length > most:
        raise ReadingError(f"a text of {length:,} bytes in its header is too long")
    return cursor.take(length).decode("utf-8", "backslashreplace")


def _value(cursor: Cursor, kind: int, depth: int) -> Any:
    """A number, a text, or what an array is: its values are walked over, not kept."""
    if kind in _NUMBERS:
        return cursor.number(_NUMBERS[kind])
    if kind == _STRING:
        length = cursor.number("Q")
        if length > 1 << 20:  # templates of chats are long; what follows is not kept
            cursor.skip(length)
            return f"a text of {length:,} bytes"
        return cursor.take(length).decode("utf-8", "backslashreplace")
    if kind != _ARRAY or depth >= _MOST_DEPTH:
        raise ReadingError(f"a value of its metadata is of unknown type {kind}")
    inner, length = cursor.number("I"), cursor.number("Q")
    if inner in _WIDTHS:
        cursor.skip(length * _WIDTHS[inner])
        return f"{length:,} numbers"
    kept = []
    for number in range(length):
        cursor.steps += 1
        if cursor.steps > _MOST_TEXTS:
            raise ReadingError(f"its metadata holds more than {_MOST_TEXTS:,} texts")
        if inner == _STRING and number >= MOST_NAMES:
            cursor.skip(cursor.number("Q"))
            continue
        value = _value(cursor, inner, depth + 1)
        if number < MOST_NAMES:
            kept.append(value)
    few = inner == _STRING and length <= 20
    return kept if few else f"{length:,} {'texts' if inner == _STRING else 'arrays'}"


def _tensor(cursor: Cursor) -> tuple[str, int, int, int]:
    """(name, type, numbers, offset) of a tensor."""
    name = _string(cursor, _LONGEST_NAME)
    dimensions = cursor.number("I")
    if dimensions > _MOST_DIMENSIONS:
        raise ReadingError(f"the tensor {name[:80]!r} has {dimensions:,} dimensions")
    shape = [cursor.number("Q") for _ in range(dimensions)]
    return name, cursor.number("I"), prod(shape), cursor.number("Q")


def _type(kind: int) -> str:
    return TYPES[kind][0] if kind in TYPES else f"type {kind}"


def _extents(
    part: Part, end: int, tensors: list[tuple[str, int, int, int]], metadata: Mapping[str, Any]
) -> list[str]:
    """What is odd about where tensors lie; each is padded to the alignment."""
    given = metadata.get("general.alignment", 32)
    if type(given) is not int or not 0 < given <= 1 << 20:
        return [f"an alignment of {given!r} is none"]
    unknown = sorted({kind for _, kind, _, _ in tensors if kind not in TYPES})
    if unknown:
        return [f"tensors of unknown type {unknown[0]}: where they end is not known"]

    def up(offset: int) -> int:
        return -(-offset // given) * given

    extents = []
    for name, kind, numbers, offset in tensors:
        _, block, size = TYPES[kind]
        extents.append((offset, offset + up(-(-numbers // block) * size), name))
    if not extents:
        return []
    last = max(extents)
    # The padding behind the last tensor may be left out.
    _, kind, numbers, offset = max(tensors, key=lambda tensor: (tensor[3], tensor[0]))
    _, block, size = TYPES[kind]
    exact = offset + -(-numbers // block) * size
    room = part.size - up(end)
    if exact <= room < last[1]:
        extents[extents.index(last)] = (last[0], room, last[2])
    return gaps(extents, room)


def _quantisation(tensors: list[tuple[str, int, int, int]]) -> str:
    """The type that holds most numbers, if it is a quantised one, else ''."""
    numbers: Counter[str] = Counter()
    for _, kind, count, _ in tensors:
        numbers[_type(kind)] += count
    most = max(numbers, key=lambda name: (numbers[name], name), default="")
    return "" if most in _PLAIN else most


def _proposals(metadata: Mapping[str, Any], quantised: str) -> Iterator[Proposal]:
    """Models and datasets that the metadata names as those it was made from.

    A base model may have been fine-tuned before it was converted: only ``derived-from`` is sure.
    """
    made = Relation.DERIVED_FROM
    if metadata.get("general.type") == "adapter":
        made = Relation.ADAPTER_OF
    converted = Relation.QUANTISED_FROM if quantised else Relation.DERIVED_FROM
    named: dict[tuple[str, str], dict[str, str]] = {}
    for key, value in metadata.items():
        match = _NAMED.fullmatch(key)
        if match and isinstance(value, str) and value:
            named.setdefault((match[1], match[2] or ""), {})[match[3]] = value
    relations = {"base_model": made, "source": converted, "dataset": Relation.TRAINED_ON}
    for (what, number), one in sorted(named.items()):
        name = _repository(one.get("repo_url", "")) or one.get("name") or one.get("url", "")
        if name:
            yield Proposal(relations[what], name, f"general.{what}{number}")
    datasets = metadata.get("general.datasets", [])
    for name in datasets if isinstance(datasets, list) else []:
        if isinstance(name, str) and name:
            yield Proposal(Relation.TRAINED_ON, name, "general.datasets")


def _repository(url: str) -> str:
    """``owner/name`` of a model's repository on a hub, by its URL; '' if it is none."""
    match = re.fullmatch(r"https?://[^/]+/([\w.-]+/[\w.-]+?)(?:\.git)?/?", url)
    return match[1] if match else ""
