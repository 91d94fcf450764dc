"""``foretaste ai-act``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.option("--model", metavar="NAME", required=True, help="Which model.")
@click.option("--sme", is_flag=True, help="List the domains that a smaller enterprise must.")
@click.option("--own", is_flag=True, help="Leave out what the models it was made from had learned.")
@options.STORE
@options.answering("markdown", "json", "html", "table", "csv", "parquet")
def command(model: str, sme: bool, own: bool, **given: Any) -> None:
    """Write the public summary of training content that the EU AI Act asks for.

    Sections are those of the Commission's template for Article 53(1)(d). What the store does not
    know is "not known"; every answer says its basis. It is a draft for a person to complete.
    """
    from foretaste.cli.answer import asked, show  # noqa: PLC0415
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.report.summary import SUMMARIES  # noqa: PLC0415
    from lineage.queries.ai_act import ai_act  # noqa: PLC0415

    with asked(given) as store:
        answer = ai_act(store, model, sme=sme, own=own)
    write = SUMMARIES.get(given["format"])
    if write is None:
        show(answer.table(), given)
    else:
        publish(given["output"], lambda stream: write(answer, stream))
