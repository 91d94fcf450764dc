"""``foretaste lineage``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.argument("node")
@click.option("--upstream", is_flag=True, help="Only what it came from.")
@click.option("--downstream", is_flag=True, help="Only what came of it.")
@click.option("--depth", type=click.IntRange(1), metavar="N", help="Go so many edges far.")
@click.option("--all", "everything", is_flag=True, help="List shards and findings, not count them.")
@options.STORE
@options.answering("tree", "table", "json", "csv", "parquet", "dot", "svg", "openlineage")
def command(node: str, upstream: bool, downstream: bool, everything: bool, **given: Any) -> None:
    """Tell what something came from, and what came of it; every edge with its basis.

    NODE is a dataset (its newest snapshot), dataset@label, a shard's path, a digest or its
    beginning, or the name of a source, run, model, finding or decision; or kind:id.
    """
    import gc  # noqa: PLC0415

    from foretaste.cli.answer import asked, show  # noqa: PLC0415
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.report.graph import GRAPHS  # noqa: PLC0415
    from lineage.queries.lineage import lineage  # noqa: PLC0415

    # One answer may be a million objects, all of them needed: looking for rubbish is in vain.
    gc.disable()
    click.get_current_context().call_on_close(gc.enable)
    direction = "both"
    if upstream != downstream:
        direction = "upstream" if upstream else "downstream"
    with asked(given) as store:
        answer = lineage(
            store, node, direction=direction, depth=given["depth"], everything=everything
        )
    format = given["format"]
    if format in GRAPHS:
        publish(given["output"], lambda stream: GRAPHS[format](answer, stream))
    elif format == "openlineage":
        from lineage.export.openlineage import events_of, write_events  # noqa: PLC0415

        events = events_of(answer.nodes, answer.edges, answer.facts, answer.names)
        publish(given["output"], lambda stream: write_events(events, stream))
    else:
        show(answer.table(), given)
