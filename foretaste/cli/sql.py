"""``foretaste sql``."""

from __future__ import annotations

import click

from foretaste.cli import options


@click.command()
@click.argument("query")
@options.STORE
@click.option(
    "--format",
    type=click.Choice(("table", "json", "csv")),
    default="table",
    show_default=True,
    help="How the answer is shown.",
)
def command(query: str, store: str, format: str) -> None:
    """Ask the store one SELECT over the views of lineage and findings.

    No file can be read and nothing can be written by it.

    \b
    record    shard recipe record reading doc norm bytes tokens shingles
              source path url timestamp id
    shard     digest recipe status format compression bytes text_bytes
              records documents quarantined detail
    snapshot  dataset label root source path shard bytes
    finding   scan root position id code severity title revision members payload
    entity    kind id facts event
    edge      child_kind child relation parent_kind parent basis facts event
    """
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.report.tables import TABLES  # noqa: PLC0415
    from lineage.store import open_store, run_sql  # noqa: PLC0415

    answer = run_sql(open_store(store, create=False), query)
    publish(None, lambda stream: TABLES[format](answer, stream))
