"""``foretaste exchange key|export|compare``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options

KEY = click.option("--key", metavar="FILE", required=True, help="The key that both sides hold.")
SNAPSHOT = click.option("--snapshot", metavar="NAME", multiple=True, help="Only of this snapshot.")


@click.group()
def command() -> None:
    """Compare fingerprints and findings with another store, without showing text."""


@command.command()
@click.argument("file")
def key(file: str) -> None:
    """Make a key. Hand it over on a safe way: who has it can test guessed texts."""
    from lineage.queries.exchange_file import make_key  # noqa: PLC0415

    make_key(file)


@command.command()
@click.argument("file")
@KEY
@SNAPSHOT
@click.option("--near", is_flag=True, help="Let near-copies be compared; the file tells more.")
@options.STORE
def export(file: str, key: str, snapshot: tuple[str, ...], near: bool, store: str) -> None:
    """Write FILE for the other side."""
    from foretaste import exchange_export  # noqa: PLC0415
    from foretaste.cli.talk import say  # noqa: PLC0415

    done = exchange_export(file, key, snapshots=snapshot, near=near, store=store)
    say(f"{done.documents:,} documents, {done.flagged:,} of them in {done.findings:,} findings")


@command.command()
@click.argument("file")
@KEY
@SNAPSHOT
@click.option("--rows", type=click.Choice(("findings", "flagged")), help="These, not shares.")
@options.STORE
@options.ANSWER
def compare(file: str, key: str, snapshot: tuple[str, ...], rows: str, **given: Any) -> None:
    """Compare this store with FILE from another."""
    from foretaste import exchange_compare  # noqa: PLC0415
    from foretaste.cli.answer import asked, show_as  # noqa: PLC0415
    from foretaste.report.exchanged import write_compared  # noqa: PLC0415

    with asked(given) as store:
        found = exchange_compare(file, key, snapshots=snapshot, store=store)
    tables = {None: found.table, "findings": found.finding_rows, "flagged": found.flagged_rows}
    show_as(tables[rows], given, None if rows else lambda stream: write_compared(found, stream))
