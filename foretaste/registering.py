"""Declaring in Python: one function a kind, all through ``lineage.register``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lineage.graph import Kind
from lineage.register.batch import read_batch
from lineage.register.model import Model, check_bytes, model
from lineage.register.openlineage import Read, register_events
from lineage.register.register import Registered, register, register_statements
from lineage.register.statement import decision, statement
from lineage.store.store import Store

Facts = Mapping[str, Any]
Relations = Mapping[str, Any]
"""Name of a relation -> a name, a pair of a name and facts of the edge, or a list of these."""
NOTHING: Mapping[str, Any] = MappingProxyType({})

__all__ = [
    "register",
    "register_decision",
    "register_file",
    "register_model",
    "register_openlineage",
    "register_run",
    "register_snapshot",
    "register_source",
]


def register_source(
    store: Store, name: str, facts: Facts = NOTHING, relations: Relations = NOTHING, **how: bool
) -> Registered:
    """Declare a source. ``how``: allow_unknown, dry_run, as ``register``."""
    return register_statements(store, [statement(Kind.SOURCE, name, facts, relations)], **how)


def register_snapshot(
    store: Store, name: str, facts: Facts = NOTHING, relations: Relations = NOTHING, **how: bool
) -> Registered:
    """Declare where a snapshot that is in the store came from."""
    return register_statements(store, [statement(Kind.SNAPSHOT, name, facts, relations)], **how)


def register_run(
    store: Store, name: str, facts: Facts = NOTHING, relations: Relations = NOTHING, **how: bool
) -> Registered:
    """Declare a run: what it ``read``, and what it ``wrote``."""
    return register_statements(store, [statement(Kind.RUN, name, facts, relations)], **how)


def register_model(  # noqa: PLR0913
    store: Store,
    name: str,
    facts: Facts = NOTHING,
    relations: Relations = NOTHING,
    files: Sequence[str | PathLike[str]] = (),
    *,
    follow: bool = False,
    replace: bool = False,
    **how: bool,
) -> Registered:
    """Declare a model or another artifact; its files are hashed and read as bytes.

    ``follow`` declares the relations that its files name; without ``replace`` a name is not
    given to other bytes.
    """
    made = model(name, facts, relations, [fspath(file) for file in files], follow=follow)
    return register_models(store, [made], replace=replace, **how)


def register_decision(
    store: Store,
    verdict: str,
    about: Sequence[str],
    facts: Facts = NOTHING,
    *,
    id: str | None = None,
    **how: bool,
) -> Registered:
    """Declare what somebody decided about nodes."""
    return register_statements(store, [decision(verdict, facts, about, id)], **how)


def register_file(
    store: Store,
    file: str | PathLike[str],
    *,
    follow: bool = False,
    replace: bool = False,
    **how: bool,
) -> Registered:
    """Declare all that a TOML file says, see ``lineage.register.batch``."""
    return register_models(store, read_batch(Path(file), follow=follow), replace=replace, **how)


def register_openlineage(store: Store, file: str | PathLike[str], **how: bool) -> Read:
    """Declare what OpenLineage run events say, see ``lineage.register.openlineage``."""
    return register_events(store, Path(file), **how)


def register_models(
    store: Store, models: Iterable[Model], *, replace: bool = False, **how: bool
) -> Registered:
    """Declare statements, bytes of models checked first."""
    statements = [one.statement for one in models]
    if not replace:
        check_bytes(store, statements)
    return register_statements(store, statements, **how)
