"""``foretaste verify``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.option("--manifest", metavar="FILE", required=True, help="What lists the inputs.")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit 1 also where their scans were incomplete or found what is severe.",
)
@click.option("--rows", is_flag=True, help="One row a record that does not descend.")
@options.ROLES
@options.STORE
@options.ANSWER
def command(manifest: str, strict: bool, rows: bool, **given: Any) -> int:
    """Check that the inputs of a training job descend from scanned shards.

    The manifest has lines of sha256sum, paths, JSON, JSON lines or Parquet. An input descends
    byte for byte, or record by record. Exit code 1 if one does not.
    """
    from foretaste.api import Request  # noqa: PLC0415
    from foretaste.cli.answer import asked, show_as  # noqa: PLC0415
    from foretaste.report.verified import write_verified  # noqa: PLC0415
    from lineage.queries.verify import verify_manifest  # noqa: PLC0415

    roles = options.split_pairs(given["role"], "--role")
    how = Request(roles=roles, lines=given["lines"], format=given["input_format"]).recipe
    with asked(given) as store:
        answer = verify_manifest(store, manifest, recipe=how)
    people = None if rows else lambda stream: write_verified(answer, stream)
    show_as(answer.rows if rows else answer.table, given, people)
    return 0 if (answer.passed if strict else answer.descends) else 1
