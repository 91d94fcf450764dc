"""tokenizer.json of the library ``tokenizers``."""

from __future__ import annotations

import json
from typing import Any

from lineage.artifacts.artifact import Content, Part
from lineage.errors import ReadingError

LARGEST = 64 << 20
"""Bytes; a vocabulary of 250,000 tokens takes 33 MB."""


def looks(part: Part) -> bool:
    """Whether it is a JSON table that begins as these files do."""
    head = part.head(4096).lstrip()
    return head.startswith(b"{") and b'"version"' in head and b'"added_tokens"' in head


def read(part: Part) -> Content:
    """Read its model and the size of its vocabulary; ReadingError if it is no tokenizer."""
    if part.size > LARGEST:
        raise ReadingError(f"a tokenizer of {part.size:,} bytes is too large")
    try:
        whole = json.loads(part.at(0, part.size).decode("utf-8"))
        model = whole["model"]
        added = whole.get("added_tokens") or []
        vocabulary = model.get("vocab") or []
        size = len(vocabulary) + len(added)
        if isinstance(vocabulary, dict):
            size = len({*vocabulary, *(token["content"] for token in added)})
        kind = str(model.get("type") or "unknown")
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise ReadingError("it is no tokenizer") from None
    metadata: dict[str, Any] = {
        "tokenizer.model": kind[:200],
        "tokenizer.vocabulary": size,
        "tokenizer.added": len(added),
    }
    return Content("tokenizer.json", {"kind": "tokenizer", "metadata": metadata})
