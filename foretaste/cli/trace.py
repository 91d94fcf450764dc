"""``foretaste trace``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.argument("text", required=False)
@click.option("--file", metavar="FILE", help="Trace the text that a file holds.")
@click.option("--digest", metavar="DIGEST", help="Trace a document, or sha256:... a shard.")
@click.option("--url", metavar="URL", help="Trace what was collected from a URL.")
@options.THRESHOLD
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    help="Records that are listed; all are counted.",
)
@click.option("--verify", is_flag=True, help="Read listed records again: similarity, passage.")
@options.STORE
@options.ANSWER
def command(text: str | None, **given: Any) -> None:
    """Tell whether a text, a near-copy or a passage of it is in any shard, and what learned it.

    Answered from fingerprints; shards are read with --verify only. Exit code 0 in any case.
    """
    from foretaste.cli.answer import asked, show_as  # noqa: PLC0415
    from foretaste.cli.talk import say  # noqa: PLC0415
    from foretaste.report.traced import write_trace  # noqa: PLC0415
    from lineage.queries.trace import Asked, Tracer  # noqa: PLC0415

    question = Asked(text, given["file"], given["digest"], given["url"])
    with asked(given) as store:
        tracer = Tracer(store, say)
        answer = question.answer(tracer, threshold=given["threshold"], limit=given["limit"])
        if given["verify"]:
            from lineage.queries.verified import verified  # noqa: PLC0415

            answer = verified(store, question, answer)
    show_as(answer.table, given, lambda stream: write_trace(answer, stream))
