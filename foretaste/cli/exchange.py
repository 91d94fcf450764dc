"""``foretaste exchange key|export|compare``."""

from __future__ import annotations

from pathlib import Path
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

    make_key(Path(file))


@command.command()
@click.argument("file")
@KEY
@SNAPSHOT
@click.option("--near", is_flag=True, help="Let near-copies be compared; the file tells more.")
@options.STORE
def export(file: str, key: str, snapshot: tuple[str, ...], near: bool, store: str) -> None:
    """Write FILE for the other side."""
    from foretaste.cli.talk import say  # noqa: PLC0415
    from lineage.queries.exchange import exchange_export  # noqa: PLC0415
    from lineage.queries.exchange_file import SharedKey  # noqa: PLC0415
    from lineage.store import open_store  # noqa: PLC0415

    at = open_store(store, create=False)
    done = exchange_export(at, file, SharedKey.read(Path(key)), snapshot, near)
    say(f"{file}: {done.documents:,} documents, {done.flagged:,} of them in {done.findings:,} "
        "findings")  # fmt: skip


@command.command()
@click.argument("file")
@KEY
@SNAPSHOT
@click.option("--rows", type=click.Choice(("findings", "flagged")), help="These, not shares.")
@options.STORE
@options.ANSWER
def compare(file: str, key: str, snapshot: tuple[str, ...], rows: str, **given: Any) -> None:
    """Compare this store with FILE from another."""
    from foretaste.cli import answer as shown  # noqa: PLC0415
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.report.exchanged import write_compared  # noqa: PLC0415
    from lineage.queries.exchange import exchange_compare  # noqa: PLC0415
    from lineage.queries.exchange_file import SharedKey  # noqa: PLC0415

    with shown.asked(given) as store:
        found = exchange_compare(store, file, SharedKey.read(Path(key)), snapshot)
    if given["format"] == "table" and rows is None:
        publish(given["output"], lambda stream: write_compared(found, stream))
        return
    tables = {"findings": found.finding_rows, "flagged": found.flagged_rows}
    shown.show(tables.get(rows, found.table)(), given)
