"""``foretaste ingest``."""

from __future__ import annotations

import sys
from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.argument("paths", nargs=-1, required=True)
@options.DATASET
@options.SNAPSHOT
@click.option(
    "--source",
    metavar="KEY=VALUE",
    multiple=True,
    help="Where it came from: name=..., and facts such as url=..., licence=...",
)
@options.STORE
@options.READING
@options.WORKERS
@options.HASH_KEY
@options.QUIET
def command(paths: tuple[str, ...], **given: Any) -> int:
    """Fingerprint shards into the store without scanning them. --dataset is needed.

    PATHS are files, folders, globs, or - for a list on standard input.
    """
    from lineage.errors import UsageError  # noqa: PLC0415

    if not given["dataset"]:
        raise UsageError("--dataset is missing", hint="name what the shards are part of")
    facts = {k: " ".join(v) for k, v in options.split_pairs(given["source"], "--source").items()}
    if facts and "name" not in facts:
        raise UsageError("--source has no name", hint="add --source name=...")
    from foretaste import api  # noqa: PLC0415
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.cli.progress import watching  # noqa: PLC0415
    from foretaste.cli.returns import told_returns  # noqa: PLC0415
    from foretaste.report.terminal import write_coverage  # noqa: PLC0415
    from foretaste.stores import open_store  # noqa: PLC0415

    request = api.Request(
        dataset=given["dataset"],
        snapshot=given["snapshot"],
        source=facts.pop("name", None),
        facts=facts,
        **options.reading(given),
    )
    with watching(given["quiet"]) as watch:
        snapshot, coverage = api.ingest(paths, request=request, progress=watch, stdin=sys.stdin)
    publish(None, lambda stream: write_coverage(snapshot.dataset, snapshot.label, coverage, stream))
    if told_returns(open_store(given["store"]), snapshot):
        return 1
    return 0 if coverage.complete else 3
