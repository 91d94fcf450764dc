"""``foretaste infer``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.argument("snapshots", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Compare all snapshots of the store.")
@click.option("--near/--no-near", default=True, show_default=True, help="Look for near-copies.")
@click.option(
    "--least",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    help="With --all: smallest share, in either direction, that is told.",
)
@click.option(
    "--exact",
    metavar="N",
    type=click.IntRange(0),
    default=2_000_000,
    show_default=True,
    help="Estimate from samples where two snapshots have more documents than this.",
)
@click.option("--full", is_flag=True, help="Show pairs that follow from others, too.")
@click.option("--dry-run", is_flag=True, help="Write no edges.")
@options.STORE
@options.ANSWER
def command(snapshots: tuple[str, ...], every: bool, dry_run: bool, **given: Any) -> None:
    """Tell from content alone what snapshots have in common, and write it as edges.

    SNAPSHOTS are two or more: a dataset (its newest), dataset@label, or the beginning of a
    root digest. With --as-of nothing is written.
    """
    from foretaste.cli.answer import asked, show_as  # noqa: PLC0415
    from foretaste.report.inferred import write_inferred  # noqa: PLC0415
    from lineage.errors import UsageError  # noqa: PLC0415
    from lineage.queries.compare import Options  # noqa: PLC0415
    from lineage.queries.infer import infer  # noqa: PLC0415

    if every == bool(snapshots):
        raise UsageError("name two snapshots, or give --all")
    how = Options(**{name: given[name] for name in ("near", "least", "exact", "full")})
    with asked(given) as store:
        answer = infer(store, *snapshots, options=how, dry_run=dry_run)
    show_as(answer.table, given, lambda stream: write_inferred(answer, stream))
