"""Declaring in Python: one function a kind, all through ``lineage.register``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from types import MappingProxyType
from typing import Any

from foretaste.stores import Where, opened
from lineage.graph import Edge, Entity, Kind
from lineage.register import register as door
from lineage.register.batch import read_batch
from lineage.register.model import Model, check_bytes, model
from lineage.register.openlineage import Read, register_events
from lineage.register.register import Registered, register_statements
from lineage.register.statement import Statement, decision, statement

Facts = Mapping[str, Any]
Relations = Mapping[str, Any]
"""Name of a relation -> a name, a pair of a name and facts of the edge, or a list of these."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


def register(
    entities: Iterable[Entity] = (),
    edges: Iterable[Edge] = (),
    *,
    allow_unknown: bool = False,
    dry_run: bool = False,
    store: Where = None,
) -> Registered:
    """Declare nodes and edges as they are.

    UsageError for facts or relations that do not exist, for edges between the wrong kinds, and,
    unless ``allow_unknown``, for an edge to a node that nobody knows.
    """
    there = opened(store, create=True)
    return door.register(there, entities, edges, allow_unknown=allow_unknown, dry_run=dry_run)


def register_source(
    name: str,
    facts: Facts = NOTHING,
    relations: Relations = NOTHING,
    *,
    store: Where = None,
    **how: bool,
) -> Registered:
    """Declare a source. ``how``: allow_unknown, dry_run."""
    return _register(store, statement(Kind.SOURCE, name, facts, relations), how)


def register_snapshot(
    name: str,
    facts: Facts = NOTHING,
    relations: Relations = NOTHING,
    *,
    store: Where = None,
    **how: bool,
) -> Registered:
    """Declare where a snapshot that is in the store came from."""
    return _register(store, statement(Kind.SNAPSHOT, name, facts, relations), how)


def register_run(
    name: str,
    facts: Facts = NOTHING,
    relations: Relations = NOTHING,
    *,
    store: Where = None,
    **how: bool,
) -> Registered:
    """Declare a run: what it ``read``, and what it ``wrote``."""
    return _register(store, statement(Kind.RUN, name, facts, relations), how)


def register_model(  # noqa: PLR0913
    name: str,
    facts: Facts = NOTHING,
    relations: Relations = NOTHING,
    files: Sequence[str | PathLike[str]] = (),
    *,
    follow: bool = False,
    replace: bool = False,
    store: Where = None,
    **how: bool,
) -> Registered:
    """Declare a model or another artifact; its files are hashed and read as bytes.

    ``follow`` declares the relations that its files name; without ``replace`` a name is not
    given to other bytes.
    """
    made = model(name, facts, relations, [fspath(file) for file in files], follow=follow)
    return register_models([made], replace=replace, store=store, **how)


def register_decision(
    verdict: str,
    about: Sequence[str],
    facts: Facts = NOTHING,
    *,
    id: str | None = None,
    store: Where = None,
    **how: bool,
) -> Registered:
    """Declare what somebody decided about nodes."""
    return _register(store, decision(verdict, facts, about, id), how)


def register_file(
    file: str | PathLike[str],
    *,
    follow: bool = False,
    replace: bool = False,
    store: Where = None,
    **how: bool,
) -> Registered:
    """Declare all that a TOML file says, see ``lineage.register.batch``."""
    models = read_batch(Path(file), follow=follow)
    return register_models(models, replace=replace, store=store, **how)


def register_openlineage(file: str | PathLike[str], *, store: Where = None, **how: bool) -> Read:
    """Declare what OpenLineage run events say, see ``lineage.register.openlineage``."""
    return register_events(opened(store, create=True), Path(file), **how)


def register_models(
    models: Iterable[Model], *, replace: bool = False, store: Where = None, **how: bool
) -> Registered:
    """Declare statements, bytes of models checked first."""
    there = opened(store, create=True)
    statements = [one.statement for one in models]
    if not replace:
        check_bytes(there, statements)
    return register_statements(there, statements, **how)


def _register(store: Where, one: Statement, how: Mapping[str, bool]) -> Registered:
    return register_statements(opened(store, create=True), [one], **how)
