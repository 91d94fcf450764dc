"""What the files beside a model's file say: the card, ``config.json``, ``adapter_config.json``.

Relations found here are proposals: nothing is declared before somebody says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lineage.artifacts.artifact import Proposal
from lineage.graph import Relation

LARGEST = 1 << 20
"""Bytes of such a file that are read."""
_PAIR = re.compile(r"([A-Za-z_][\w-]*):(?:[ \t]+(.*))?")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
_RELATIONS = {
    "adapter": Relation.ADAPTER_OF,
    "merge": Relation.MERGED_FROM,
    "quantized": Relation.QUANTISED_FROM,
    "finetune": Relation.FINE_TUNED_FROM,
}
"""``base_model_relation`` of a model card."""


def beside(folder: Path) -> tuple[dict[str, Any], tuple[Proposal, ...]]:
    """Facts and proposals from the files of a folder; files that cannot be read say nothing."""
    facts: dict[str, Any] = {}
    proposals: list[Proposal] = []
    for name, reader in (
        ("adapter_config.json", _adapter),
        ("config.json", _config),
        ("README.md", _card),
    ):
        text = _text(folder / name)
        if text is not None:
            more, proposed = reader(text)
            facts = {**more, **facts}
            proposals += proposed
    seen = {(one.relation, one.name): one for one in reversed(proposals)}
    return facts, tuple(one for one in proposals if seen[one.relation, one.name] is one)


def _text(file: Path) -> str | None:
    try:
        if not file.is_file():
            return None
        with file.open("rb") as stream:
            return stream.read(LARGEST).decode("utf-8", "backslashreplace")
    except OSError:
        return None


def _table(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, Mapping) else {}


def _adapter(text: str) -> tuple[dict[str, Any], list[Proposal]]:
    base = _table(text).get("base_model_name_or_path")
    if not isinstance(base, str) or not _is_name(base):
        return {"kind": "adapter"}, []
    evidence = "adapter_config.json: base_model_name_or_path"
    return {"kind": "adapter"}, [Proposal(Relation.ADAPTER_OF, base, evidence)]


def _config(text: str) -> tuple[dict[str, Any], list[Proposal]]:
    table = _table(text)
    facts: dict[str, Any] = {}
    architectures = table.get("architectures") or table.get("model_type")
    first = architectures[0] if isinstance(architectures, list) else architectures
    if _is_name(first):
        facts["architecture"] = first
    quantised = table.get("quantization_config")
    if isinstance(quantised, Mapping):
        method = quantised.get("quant_method")
        facts["quantisation"] = method if _is_name(method) else "quantised"
    return facts, []


def _card(text: str) -> tuple[dict[str, Any], list[Proposal]]:
    """The front matter of a card: scalars and plain lists of the few names that count here."""
    said = dict(_front(text))
    facts = {"licence": said["license"][0]} if said.get("license") else {}
    bases, named = said.get("base_model", []), (said.get("base_model_relation") or [""])[0]
    relation = _RELATIONS.get(named, Relation.DERIVED_FROM)
    if named not in _RELATIONS and len(bases) > 1:
        relation = Relation.MERGED_FROM
    proposals = [Proposal(relation, name, "README.md: base_model") for name in bases]
    data = said.get("datasets", [])
    proposals += [Proposal(Relation.TRAINED_ON, name, "README.md: datasets") for name in data]
    return facts, proposals


def _front(text: str) -> Iterator[tuple[str, list[str]]]:
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != "---":
        return
    name, values = "", list[str]()
    for line in lines[1:]:
        if line.rstrip() in ("---", "..."):
            break
        pair, item = _PAIR.fullmatch(line.rstrip()), _ITEM.fullmatch(line.rstrip())
        if pair:
            if name:
                yield name, values
            name, values = pair[1], _scalars(pair[2] or "")
        elif item and name:
            values = [*values, *_scalars(item[1])]
    if name:
        yield name, values


def _scalars(text: str) -> list[str]:
    """``a``, ``"a"`` or ``[a, b]``; nothing for what is not that plain."""
    text = re.sub(r"\s+#.*", "", text).strip()
    if text.startswith("[") and text.endswith("]"):
        return [one for part in text[1:-1].split(",") for one in _scalars(part)]
    text = text.strip("\"'")
    return [text] if _is_name(text) and not text.startswith(("|", ">", "{", "&", "*")) else []


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= 500
