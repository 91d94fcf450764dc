"""``foretaste export openlineage``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.group()
def command() -> None:
    """Write the graph as other tools read it."""


@command.command()
@click.option("--output", metavar="FILE", help="Write there, not to standard output.")
@options.AS_OF
@options.STORE
def openlineage(**given: Any) -> None:
    """Write run events, one JSON object a line. `register openlineage` reads them again.

    Decisions, findings and shards of snapshots have no place in OpenLineage.
    """
    from foretaste.cli.answer import asked  # noqa: PLC0415
    from foretaste.cli.output import publish  # noqa: PLC0415
    from lineage.export.openlineage import export_openlineage, write_events  # noqa: PLC0415

    with asked(given) as store:
        events = list(export_openlineage(store))
    publish(given["output"], lambda stream: write_events(events, stream))
