"""``foretaste register snapshot``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options
from foretaste.cli.registering import declared
from lineage.graph import Kind


@click.command()
@click.argument("name")
@declared.fact_options(Kind.SNAPSHOT)
@declared.relation_options(Kind.SNAPSHOT)
@declared.HOW
@options.STORE
def command(name: str, store: str, **given: Any) -> None:
    """Declare what a snapshot that is in the store was made or collected from.

    NAME is a dataset (its newest), dataset@label, or the beginning of a root digest."""
    from foretaste import registering  # noqa: PLC0415
    from lineage.store.store import open_store  # noqa: PLC0415

    opened = open_store(store)
    facts = declared.facts_in(Kind.SNAPSHOT, given)
    relations = declared.relations_in(Kind.SNAPSHOT, given)
    done = registering.register_snapshot(
        name, facts, relations, store=opened, **declared.how(given)
    )
    declared.told(opened, done, given["dry_run"])
