"""``foretaste coverage``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.option("--fail-on-gaps", is_flag=True, help="Exit 1 if anything is not known.")
@options.STORE
@options.ANSWER
def command(**given: Any) -> int:
    """Tell what is not known: how many of how many, examples, and which command would fill it.

    Exit code 0 whatever is missing, unless --fail-on-gaps says otherwise.
    """
    from foretaste.cli.answer import asked, show_as  # noqa: PLC0415
    from foretaste.graph import coverage  # noqa: PLC0415
    from foretaste.report.gaps import write_gaps  # noqa: PLC0415

    with asked(given) as store:
        answer = coverage(store=store)
    show_as(answer.table, given, lambda stream: write_gaps(answer, stream))
    return 1 if given["fail_on_gaps"] and not answer.complete else 0
