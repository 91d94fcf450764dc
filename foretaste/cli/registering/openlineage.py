"""``foretaste register openlineage``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options
from foretaste.cli.registering import declared


@click.command()
@click.argument("file")
@declared.HOW
@options.STORE
def command(file: str, store: str, **given: Any) -> int:
    """Declare what OpenLineage run events say: one JSON event a line, or an array of them.

    An event that cannot be read, or reads what nobody knows and no event wrote, costs only
    itself. Exit code 3 if there was one.
    """
    from foretaste import registering  # noqa: PLC0415
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.report.registered import write_events  # noqa: PLC0415
    from lineage.store.store import open_store  # noqa: PLC0415

    read = registering.register_openlineage(file, store=open_store(store), **declared.how(given))
    publish(None, lambda stream: write_events(read, stream, given["dry_run"]))
    return 3 if read.refused else 0
