"""``foretaste register source``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options
from foretaste.cli.registering import declared
from lineage.graph import Kind


@click.command()
@click.argument("name")
@declared.fact_options(Kind.SOURCE)
@declared.relation_options(Kind.SOURCE)
@declared.HOW
@options.STORE
def command(name: str, store: str, **given: Any) -> None:
    """Declare where records come from. Classes are those of the EU AI Act, Article 53."""
    from foretaste import registering  # noqa: PLC0415
    from lineage.store.store import open_store  # noqa: PLC0415

    opened = open_store(store)
    facts = declared.facts_in(Kind.SOURCE, given)
    relations = declared.relations_in(Kind.SOURCE, given)
    done = registering.register_source(name, facts, relations, store=opened, **declared.how(given))
    declared.told(opened, done, given["dry_run"])
