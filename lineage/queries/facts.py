"""Declared facts by the names people give them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class SourceClass(StrEnum):
    """How data was come by: the classes of section 2 of the template of Article 53(1)(d)."""

    PUBLIC = "public"
    LICENSED = "licensed"
    THIRD_PARTY = "third-party"
    CRAWLED = "crawled"
    USER = "user"
    SYNTHETIC = "synthetic"
    OTHER = "other"


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
    spelled = (fact(facts, "class") or "").lower().replace("_", "-").replace(" ", "-")
    return SourceClass(spelled) if spelled in list(SourceClass) else None
