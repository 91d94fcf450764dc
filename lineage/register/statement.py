"""A statement about one node: its facts, and what it came from. Everything declared is these."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage.errors import UsageError
from lineage.facts import facts_of, plain, read_facts
from lineage.graph import Kind, Relation
from lineage.model import shown
from lineage.relations import WROTE, shape_of

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """A relation to something that is called ``name``; ``facts`` of the edge have been read.

    ``relation`` None: the other way round, what a run wrote.
    """

    relation: Relation | None
    name: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said of a node; ``facts`` have been read."""

    kind: Kind
    name: str
    facts: Facts = field(default_factory=dict)
    said: tuple[Said, ...] = ()


def statement(kind: Kind, name: str, facts: Facts, relations: Facts | None = None) -> Statement:
    """Make a statement from what a caller gives; UsageError for what is not known.

    ``relations``: name of a relation -> one or several of: a name, a pair of a name and facts,
    or facts with ``name`` among them.
    """
    said = [one for word, given in (relations or {}).items() for one in _said(kind, word, given)]
    if not shown(name).strip():
        raise UsageError(f"a {kind} needs a name")
    return Statement(kind, shown(name).strip(), read_facts(kind, facts), tuple(said))


def decision(verdict: str, facts: Facts, about: Sequence[Any], id: str | None) -> Statement:
    """A decision; without an id it is named after what was decided, by whom and about what."""
    if not about:
        raise UsageError("a decision is about something", hint="name it: --about KIND:ID")
    made = statement(Kind.DECISION, id or "new", {**facts, "verdict": verdict}, {"about": about})
    if id:
        return made
    names = sorted(said.name for said in made.said)
    told = json.dumps([made.facts["verdict"], made.facts.get("by"), names])
    name = f"{made.facts['verdict']}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"
    return Statement(Kind.DECISION, name, made.facts, made.said)


def parted(kind: Kind, table: Facts) -> tuple[dict[str, Any], dict[str, Any]]:
    """Facts and relations of one table that holds both, as a file does."""
    names = {fact.name for fact in facts_of(kind)}
    facts = {k: v for k, v in table.items() if plain(k) in names or plain(k).startswith("x-")}
    rest = {k: v for k, v in table.items() if k not in facts}
    unknown = [k for k, v in rest.items() if not _is_relation(kind, k)]
    return {**facts, **{k: rest.pop(k) for k in unknown}}, rest


def _is_relation(kind: Kind, word: str) -> bool:
    if kind is Kind.RUN and word == WROTE:
        return True
    try:
        shape_of(kind, word)
    except UsageError:
        return False
    return True


def _said(kind: Kind, word: str, given: Any) -> Iterable[Said]:
    relation = None if kind is Kind.RUN and word == WROTE else shape_of(kind, word)[0]
    for one in _listed(given):
        name, facts = _named(word, one)
        yield Said(relation, name, read_facts(relation or Relation.WRITTEN_BY, facts))


def _listed(given: Any) -> Sequence[Any]:
    if isinstance(given, str | Mapping) or _is_pair(given):
        return [given]
    if isinstance(given, Sequence):
        return given
    raise UsageError(f"{given!r} names nothing", hint="give a name, or a list of names")


def _is_pair(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], Mapping)


def _named(word: str, given: Any) -> tuple[str, Facts]:
    if isinstance(given, str):
        name, facts = given, {}
    elif isinstance(given, Mapping):
        facts = dict(given)
        name = facts.pop("name", None)
    elif _is_pair(given):
        name, facts = given
    else:
        name, facts = None, {}
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"{word} names nothing: {given!r}", hint="give a name")
    return name, facts
