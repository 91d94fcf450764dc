"""``foretaste register run``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options
from foretaste.cli.registering import declared
from lineage.graph import Kind


@click.command()
@click.argument("name")
@declared.fact_options(Kind.RUN)
@declared.relation_options(Kind.RUN)
@click.option("--wrote", metavar="NAME", multiple=True, help="Snapshot or model that it wrote.")
@declared.HOW
@options.STORE
def command(name: str, store: str, **given: Any) -> None:
    """Declare a job: what it read and wrote, with which code and which parameters."""
    from foretaste import registering  # noqa: PLC0415
    from lineage.store.store import open_store  # noqa: PLC0415

    opened = open_store(store)
    facts = declared.facts_in(Kind.RUN, given)
    relations = declared.relations_in(Kind.RUN, given) | {"wrote": list(given["wrote"])}
    done = registering.register_run(name, facts, relations, store=opened, **declared.how(given))
    declared.told(opened, done, given["dry_run"])
