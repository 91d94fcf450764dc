"""safetensors: a length, a header in JSON, and the bytes of the tensors.

The format: https://github.com/huggingface/safetensors (README, "Format").
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Any

from lineage.artifacts.artifact import Content, Part, bounded, gaps
from lineage.errors import ReadingError

LARGEST_HEADER = 32 << 20
"""Bytes. The format allows 100 MB; a header of 10^5 tensors takes 12."""
_MOST_DIMENSIONS = 64
BITS: Mapping[str, int] = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 64),
    **dict.fromkeys(("F32", "I32", "U32"), 32),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 16),
    **dict.fromkeys(("I8", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}
"""Bits of a number of each type."""


def looks(part: Part) -> bool:
    """Whether the file begins with a plausible length and an opening brace."""
    head = part.head(9)
    length = int.from_bytes(head[:8], "little")
    return len(head) == 9 and head[8:] == b"{" and 2 <= length <= part.size - 8


def read(part: Part) -> Content:
    """Read the header; ReadingError if it is none."""
    length = int.from_bytes(part.head(8), "little")
    if length > LARGEST_HEADER:
        raise ReadingError(f"its header of {length:,} bytes is too large")
    remarks: list[str] = []
    header = _header(part.at(8, length), remarks)
    metadata = header.pop("__metadata__", {})
    tensors = {name: _tensor(name, entry) for name, entry in header.items()}
    odd = [
        name
        for name, (_, count, bits, start, end) in tensors.items()
        if _odd(count, bits, start, end)
    ]
    if odd:
        remarks.append(f"{len(odd)} tensors have not the size that their shape says: {odd[0]!r}")
    unknown = sorted({kind for kind, *_ in tensors.values() if kind not in BITS})
    if unknown:
        remarks.append(f"unknown types of numbers: {', '.join(unknown[:5])}")
    extents = [(start, end, name) for name, (*_, start, end) in tensors.items()]
    remarks += gaps(extents, part.size - 8 - length)
    facts: dict[str, Any] = {
        "tensors": len(tensors),
        "parameters": sum(count for _, count, *_ in tensors.values()),
        "dtypes": dict(Counter(kind for kind, *_ in tensors.values()).most_common()),
    }
    if isinstance(metadata, Mapping) and metadata:
        facts["metadata"] = bounded({str(k): str(v) for k, v in metadata.items()})
    return Content("safetensors", facts, (), tuple(remarks))


def _header(data: bytes, remarks: list[str]) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        whole = dict(pairs)
        if len(whole) < len(pairs):
            remarks.append("a name stands twice in the header")
        return whole

    try:
        header = json.loads(data.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise ReadingError(f"its header is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise ReadingError("its header is no table")
    return header


def _tensor(name: str, entry: Any) -> tuple[str, int, int, int, int]:
    """(type, numbers, bits of each, start, end) of a tensor."""
    try:
        kind, shape = entry["dtype"], entry["shape"]
        start, end = entry["data_offsets"]
        if not isinstance(kind, str) or len(shape) > _MOST_DIMENSIONS:
            raise TypeError
        if not all(type(size) is int and 0 <= size < 2**63 for size in (*shape, start, end)):
            raise TypeError
    except (TypeError, KeyError, ValueError):
        raise ReadingError(f"its header says of {name[:80]!r} what is no tensor") from None
    if end < start:
        raise ReadingError(f"the tensor {name[:80]!r} ends before it begins")
    return kind, min(prod(shape), 2**63 - 1), BITS.get(kind, 0), start, end


def _odd(count: int, bits: int, start: int, end: int) -> bool:
    return bits > 0 and (count * bits + 7) // 8 != end - start
