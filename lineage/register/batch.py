"""Many statements at once, from a file in TOML.

::

    [source.forum]
    class = "crawled"
    licence = "CC-BY-4.0"

    [snapshot."corpus@v1"]
    collected-from = "forum"

    [model.taster-7b]
    file = "weights.safetensors"
    trained-on = [{ name = "corpus@v1", epochs = 2 }]

    [run."train 42"]
    read = ["corpus@v1"]
    wrote = ["taster-7b"]

    [[decision]]
    verdict = "keep"
    about = ["source:forum"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lineage.errors import UsageError
from lineage.graph import Kind
from lineage.register.model import Model, model
from lineage.register.statement import Statement, decision, parted, statement

LARGEST = 64 << 20
_KINDS = {
    "source": Kind.SOURCE,
    "snapshot": Kind.SNAPSHOT,
    "run": Kind.RUN,
    "model": Kind.ARTIFACT,
    "artifact": Kind.ARTIFACT,
}


def read_batch(file: Path, *, follow: bool = False) -> list[Model]:
    """Statements of a file, files of models beside it; UsageError for what it cannot say."""
    try:
        if file.stat().st_size > LARGEST:
            raise UsageError(f"{file} is larger than {LARGEST:,} bytes")
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    statements = list(_statements(whole, file.parent, follow))
    if not statements:
        raise UsageError(f"{file} says nothing", hint=f"tables: {', '.join((*_KINDS, 'decision'))}")
    return statements


def _statements(whole: Mapping[str, Any], folder: Path, follow: bool) -> Iterator[Model]:
    for word, tables in whole.items():
        if word == "decision":
            for table in tables if isinstance(tables, list) else [tables]:
                yield Model(_decision(_table(word, table)))
            continue
        if word not in _KINDS:
            known = ", ".join((*_KINDS, "decision"))
            raise UsageError(f"there is no table {word!r}", hint=f"tables: {known}")
        for name, table in _table(word, tables).items():
            yield _one(_KINDS[word], name, _table(f"{word}.{name}", table), folder, follow)


def _one(kind: Kind, name: str, table: dict[str, Any], folder: Path, follow: bool) -> Model:
    given = table.pop("file", []) if kind is Kind.ARTIFACT else []
    facts, relations = parted(kind, table)
    if kind is not Kind.ARTIFACT:
        return Model(statement(kind, name, facts, relations))
    files = [given] if isinstance(given, str) else given
    return model(name, facts, relations, [folder / str(one) for one in files], follow=follow)


def _decision(table: dict[str, Any]) -> Statement:
    about = table.pop("about", [])
    verdict, id = table.pop("verdict", ""), table.pop("id", None)
    return decision(str(verdict), table, about if isinstance(about, list) else [about], id)


def _table(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} is {value!r}, which is no table")
    return dict(value)
