"""Declared facts by the names people give them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from lineage.facts import SourceClass, spelled

ALIASES: dict[str, tuple[str, ...]] = {
    "class": ("class", "source_class"),
    "licence": ("licence", "license"),
    "licence_evidence": ("licence_evidence", "license_evidence"),
    "uri": ("uri", "url", "link"),
    "opt_out": ("opt_out", "optout", "opt_outs", "opt_out_measures"),
    "decision": ("decision", "decided_by", "decided"),
    "code": ("code_revision", "code", "revision", "commit"),
    "generator": ("generator", "generators", "generated_by"),
    "language": ("language", "languages"),
    "modality": ("modality", "modalities"),
    "provider": ("provider", "publisher"),
    "period": ("period", "collected", "collection_period"),
    "crawler": ("crawler", "crawlers", "crawler_name"),
}
"""Fact -> names that mean it; of facts that are not here only their own name does."""


def fact(facts: Mapping[str, Any], name: str) -> str | None:
    """A fact as text; None where nothing (or nothing but blanks) was declared.

    Case, hyphens or underscores, and the ``x-`` of free names make no difference. Lists are
    joined by commas, truth values are ``yes`` and ``no``.
    """
    known = {_plain(key): value for key, value in facts.items()}
    for alias in ALIASES.get(name, (name,)):
        words = _words(known.get(alias))
        if words:
            return words
    return None


def _plain(key: str) -> str:
    return key.lower().replace("-", "_").replace(" ", "_").removeprefix("x_")


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(_words, value)))
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_words(inner)}" for key, inner in value.items())
    return "" if value is None else str(value).strip()


def class_of(facts: Mapping[str, Any]) -> SourceClass | None:
    """The class of a source; None where none was declared, or one that there is not."""
    name = spelled(fact(facts, "class") or "")
    return SourceClass(name) if name in list(SourceClass) else None


def number(value: Any) -> float | None:
    """A fact as a number of 0 or more; None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if isfinite(found) and found >= 0 else None
