"""``foretaste register source|snapshot|run|model|decision|openlineage|file``."""

from __future__ import annotations

import click

from foretaste.cli.group import REGISTER, LazyGroup


@click.group(cls=LazyGroup, table=REGISTER)
def command() -> None:
    """Declare what is known: it enters the graph with the basis `declared`.

    New facts go over older ones, name by name; an empty value takes one back. What was
    declared before stays in the journal: ask with --as-of.
    """
