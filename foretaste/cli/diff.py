"""``foretaste diff``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.argument("old")
@click.argument("new")
@click.option(
    "--by", type=click.Choice(("url", "id", "path")), help="Role that tells a record in both."
)
@click.option("--near", is_flag=True, help="Pair what is left by near-copies, as edited.")
@click.option("--rows", is_flag=True, help="One row a changed record, not counts.")
@options.STORE
@options.ANSWER
def command(old: str, new: str, by: str | None, near: bool, rows: bool, **given: Any) -> None:
    """Tell what was added, removed, moved and edited between two snapshots, and why.

    OLD and NEW are a dataset (its newest snapshot), dataset@label, or the beginning of a root
    digest.
    """
    from foretaste.cli.answer import asked, show_as  # noqa: PLC0415
    from foretaste.report.differences import write_diff  # noqa: PLC0415
    from lineage.queries.diff import diff  # noqa: PLC0415

    with asked(given) as store:
        answer = diff(store, old, new, by=by, near=near)
    people = None if rows else lambda stream: write_diff(answer, stream)
    show_as(answer.rows if rows else answer.table, given, people)
