"""``foretaste register file``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options
from foretaste.cli.registering import declared


@click.command()
@click.argument("file")
@declared.FOLLOW
@declared.HOW
@options.STORE
def command(file: str, store: str, **given: Any) -> None:
    """Declare all that a TOML file says: tables source, snapshot, run, model and decision."""
    from pathlib import Path  # noqa: PLC0415

    from foretaste import registering  # noqa: PLC0415
    from lineage.register.batch import read_batch  # noqa: PLC0415
    from lineage.store.store import open_store  # noqa: PLC0415

    opened = open_store(store)
    how = declared.how(given)
    models = read_batch(Path(file), follow=how.pop("follow"))
    done = registering.register_models(models, store=opened, **how)
    declared.told(opened, done, given["dry_run"])
    declared.propose([proposal for one in models for proposal in one.proposals])
