"""``foretaste store index``."""

from __future__ import annotations

import click

from foretaste.cli import options


@click.command()
@options.STORE
def index(store: str) -> None:
    """Bring the look-up up to date, which trace does first otherwise."""
    from foretaste.cli.talk import say  # noqa: PLC0415
    from lineage.store.lookup import refresh  # noqa: PLC0415
    from lineage.store.store import open_store  # noqa: PLC0415

    added = refresh(open_store(store, create=False), say)
    say(f"{added:,} shards were added to the look-up")
