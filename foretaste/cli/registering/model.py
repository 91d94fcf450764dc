"""``foretaste register model``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options
from foretaste.cli.registering import declared
from lineage.graph import Kind


@click.command()
@click.argument("name")
@click.option("--file", "files", metavar="PATH", multiple=True, help="Its files, or their folder.")
@declared.relation_options(Kind.ARTIFACT)
@declared.training_options()
@declared.fact_options(Kind.ARTIFACT)
@declared.FOLLOW
@declared.HOW
@options.STORE
def command(name: str, files: tuple[str, ...], store: str, **given: Any) -> None:
    """Declare weights, a checkpoint, an adapter or a tokenizer, and what it was made from.

    Files are hashed and read as bytes: safetensors, GGUF, llamafile, PyTorch, tokenizer.json.
    Nothing is unpickled or run. What they and the files beside them name as origin is shown,
    and declared with --follow only.
    """
    from foretaste import registering  # noqa: PLC0415
    from lineage.register.model import model  # noqa: PLC0415
    from lineage.store.store import open_store  # noqa: PLC0415

    opened = open_store(store)
    facts = declared.facts_in(Kind.ARTIFACT, given)
    how = declared.how(given)
    relations = declared.relations_in(Kind.ARTIFACT, given)
    made = model(name, facts, relations, files, follow=how.pop("follow"))
    done = registering.register_models([made], store=opened, **how)
    declared.told(opened, done, given["dry_run"])
    declared.propose(made.proposals)
