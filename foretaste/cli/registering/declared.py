"""Options of declarations, made from the table of facts, and how what was declared is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from foretaste.cli.options import Decorator, split_pairs, together
from lineage.facts import FACTS, OWN, Fact, facts_of, plain
from lineage.graph import Kind, Relation
from lineage.relations import SHAPES, relations_of

if TYPE_CHECKING:
    from lineage.register.register import Registered

HOW: Decorator = together(
    click.option("--allow-unknown", is_flag=True, help="Names that nobody knows are no error."),
    click.option("--dry-run", is_flag=True, help="Check and show; write nothing."),
)
FOLLOW: Decorator = together(
    click.option("--follow", is_flag=True, help="Declare the relations that its files name."),
    click.option("--replace", is_flag=True, help="Let a known name be that of other bytes."),
)
_ALIASES = {Relation.TOKENIZED_BY: ("--tokenizer",)}
TRAINING = ("role", "epochs", "token_share", "tokens")
"""Facts of ``trained-on`` with an option of their own; it holds for each that does not say it."""


def fact_options(kind: Kind) -> Decorator:
    """An option for each fact of a kind that people tell, and --fact for their own."""
    made = [_option(fact) for fact in FACTS[kind] if fact.told and fact.name != "verdict"]
    own = click.option(
        "--fact", metavar="NAME=VALUE", multiple=True, help=f"Any fact; your own as {OWN}NAME."
    )
    return together(*made, own)


def _option(fact: Fact) -> Decorator:
    name = fact.name.replace("_", "-")
    if fact.pairs:
        singular = {"parameters": "parameter"}.get(name, name)
        return click.option(
            f"--{singular}", fact.name, metavar="NAME=VALUE", multiple=True, help=fact.help
        )
    return click.option(f"--{name}", fact.name, metavar="VALUE", multiple=fact.many, help=fact.help)


def relation_options(kind: Kind) -> Decorator:
    """An option for each relation that a node of a kind can be declared to have."""
    options = [
        click.option(
            *_ALIASES.get(relation, ()),
            f"--{relation}",
            _key(relation),
            metavar="NAME[,FACT=VALUE]",
            multiple=True,
            help=SHAPES[relation].help,
        )
        for relation in relations_of(kind)
    ]
    return together(*options)


def training_options() -> Decorator:
    """Options for the facts of training edges."""
    known = {fact.name: fact for fact in facts_of(Relation.TRAINED_ON)}
    return together(
        *(
            click.option(
                f"--{name.replace('_', '-')}",
                f"training_{name}",
                metavar="VALUE",
                help=f"Of each --trained-on: {known[name].help}",
            )
            for name in TRAINING
        )
    )


def facts_in(kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    """Facts that the options of ``fact_options`` say."""
    facts: dict[str, Any] = {}
    for fact in FACTS[kind]:
        value = given.get(fact.name)
        if value is None or value == ():
            continue
        if fact.pairs:
            pairs = split_pairs(value, f"--{fact.name}")
            value = {name: _json(values[-1] if values else "") for name, values in pairs.items()}
        elif fact.many:
            value = [one for one in value if one] or None
        facts[fact.name] = value
    for name, values in split_pairs(given.get("fact", ()), "--fact").items():
        facts[name] = values[0] if len(values) == 1 else (values or None)
    return facts


def relations_in(kind: Kind, given: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Relations that the options of ``relation_options`` and ``training_options`` say."""
    relations = {
        str(relation): [_named(relation, text) for text in given[_key(relation)]]
        for relation in relations_of(kind)
        if given[_key(relation)]
    }
    shared = {n: v for n in TRAINING if (v := given.get(f"training_{n}")) is not None}
    if shared:
        trained = relations.get(Relation.TRAINED_ON, [])
        if not trained:
            raise click.UsageError(f"--{next(iter(shared)).replace('_', '-')} needs --trained-on")
        relations[str(Relation.TRAINED_ON)] = [(n, {**shared, **facts}) for n, facts in trained]
    return relations


def _named(relation: Relation, text: str) -> tuple[str, dict[str, Any]]:
    """``NAME,fact=value,...``; a comma that no known fact follows is part of the name."""
    known = {fact.name for fact in facts_of(relation)}
    facts: dict[str, Any] = {}
    name = text
    while "," in name:
        head, _, last = name.rpartition(",")
        key, equals, value = last.partition("=")
        if not equals or not (plain(key.strip()) in known or key.strip().startswith(OWN)):
            break
        name, facts = head, {plain(key.strip()): value, **facts}
    return name, facts


def _key(relation: Relation) -> str:
    return f"relation_{relation.replace('-', '_')}"


def _json(text: str) -> Any:
    """A number or a truth value as such, anything else as text."""
    import json  # noqa: PLC0415

    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool) and math.isfinite(value) else text


def how(given: Mapping[str, Any]) -> dict[str, bool]:
    """What the options HOW, and FOLLOW where there are, say."""
    names = ("allow_unknown", "dry_run", "follow", "replace")
    return {name: given[name] for name in names if name in given}


def told(store: Any, registered: Registered, dry_run: bool) -> None:
    """Show what was declared."""
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.report.registered import write_registered  # noqa: PLC0415
    from lineage.store.nodes import Names  # noqa: PLC0415

    names = Names.of(store)
    publish(None, lambda stream: write_registered(registered, names, stream, dry_run))


def propose(proposals: Sequence[Any]) -> None:
    """Say what files propose and nobody has declared."""
    from foretaste.cli.talk import say  # noqa: PLC0415
    from foretaste.report.safe import safe  # noqa: PLC0415

    for one in proposals:
        say(f"not declared: {one.relation} {safe(one.name)} ({safe(one.evidence)})")
    if proposals:
        say("--follow declares what its files name")
