"""``foretaste store info|verify|rebuild|index``."""

from __future__ import annotations

import click

from foretaste.cli import options
from foretaste.cli.index import index


@click.group()
def command() -> None:
    """Tell what the store holds; verify or rebuild it."""


@command.command()
@options.STORE
def info(store: str) -> None:
    """Tell what the store holds, and what it weighs."""
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.report.terminal import amount  # noqa: PLC0415
    from lineage import store as lineage_store  # noqa: PLC0415

    held = lineage_store.info(lineage_store.open_store(store, create=False))
    names = ("snapshots", "shards", "records", "documents", "quarantined", "scans", "findings")
    rows = [(name, f"{getattr(held, name):,}") for name in names]
    rows += [(f"{name} on disk", amount(size)) for name, size in held.disk.items()]
    text = "".join(f"{name:<21} {value:>12}\n" for name, value in rows)
    publish(None, lambda stream: stream.write(text))


@command.command()
@options.STORE
def verify(store: str) -> int:
    """Check that everything is there and what was committed. Exit code 2 if not."""
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.report.safe import safe  # noqa: PLC0415
    from lineage import store as lineage_store  # noqa: PLC0415

    damages = lineage_store.verify(lineage_store.open_store(store, create=False))
    lines = [f"{safe(d.what)}: {safe(d.why)}\n  {safe(d.remedy)}\n" for d in damages]
    text = "".join(lines) or "everything is there and as it was committed\n"
    publish(None, lambda stream: stream.write(text))
    return 2 if damages else 0


@command.command()
@options.STORE
def rebuild(store: str) -> None:
    """Make the index again from the journal."""
    from foretaste.cli.talk import say  # noqa: PLC0415
    from lineage import store as lineage_store  # noqa: PLC0415

    lineage_store.rebuild(lineage_store.open_store(store, create=False))
    say("the index was made again")


command.add_command(index)
