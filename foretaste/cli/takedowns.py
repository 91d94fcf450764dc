"""``foretaste takedown verify|list|purge``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.argument("receipt", metavar="FILE")
@options.STORE
@options.ANSWER
def verify(receipt: str, **given: Any) -> int:
    """Check a receipt: exit code 1 if something that it claims is not so."""
    from foretaste.cli.answer import asked, show  # noqa: PLC0415
    from foretaste.erasure import read_file  # noqa: PLC0415
    from lineage.queries.receipt import verify_receipt  # noqa: PLC0415

    text = read_file(receipt)
    with asked({**given, "as_of": None}) as store:
        verified = verify_receipt(store, text)
    show(verified.table(), given)
    return 0 if verified.holds else 1


@click.command("list")
@options.STORE
@options.ANSWER
def list_(**given: Any) -> int:
    """List takedowns, and how many records came back."""
    from foretaste.cli.answer import asked, show  # noqa: PLC0415
    from foretaste.erasure import listed  # noqa: PLC0415

    with asked(given) as store:
        show(listed(store), given)
    return 0


@click.command()
@click.argument("takedown", metavar="ID")
@click.option("--receipt", metavar="FILE", help="Write the new receipt there.")
@options.STORE
def purge(takedown: str, receipt: str | None, store: str) -> int:
    """Make the store forget the records of a takedown, or go on where that was interrupted."""
    from foretaste.erasure import purge_later  # noqa: PLC0415

    return purge_later(takedown, receipt, store)
