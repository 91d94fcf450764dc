"""``foretaste register decision``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options
from foretaste.cli.registering import declared
from lineage.facts import VERDICTS
from lineage.graph import Kind


@click.command()
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--about", metavar="NAME", multiple=True, required=True, help="What it is about.")
@click.option("--id", "id", metavar="ID", help="What it is called; by default after its content.")
@declared.fact_options(Kind.DECISION)
@declared.HOW
@options.STORE
def command(verdict: str, about: tuple[str, ...], store: str, **given: Any) -> None:
    """Declare what somebody decided about a source, a snapshot, a model, a finding ..., and why."""
    from foretaste import registering  # noqa: PLC0415
    from lineage.store.store import open_store  # noqa: PLC0415

    opened = open_store(store)
    facts = declared.facts_in(Kind.DECISION, given)
    how = declared.how(given)
    done = registering.register_decision(verdict, about, facts, id=given["id"], store=opened, **how)
    declared.told(opened, done, given["dry_run"])
