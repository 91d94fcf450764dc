"""``foretaste show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

import click

from foretaste.cli import options

if TYPE_CHECKING:
    from foretaste.kept import Place
    from scanners.scanner import Finding


@click.command()
@click.argument("finding")
@options.SCAN
@options.STORE
@click.option(
    "--format", type=click.Choice(("terminal", "json")), default="terminal", help="How it is shown."
)
@click.option(
    "--members", metavar="N", type=int, default=20, show_default=True, help="So many; -1 for all."
)
def command(finding: str, **given: Any) -> None:
    """Show one finding: evidence, numbers, and where its documents lie.

    FINDING is an id or its beginning. Places are SHARD:RECORD, records counted from 0.
    """
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.kept import find, places, report_of  # noqa: PLC0415
    from lineage.store import load_scan, open_store  # noqa: PLC0415

    store = open_store(given["store"], create=False)
    scan = load_scan(store, given["scan"])
    found = find(report_of(scan), finding)
    some = found.members if given["members"] < 0 else found.members[: given["members"]]
    where = places(store, scan, some)
    write = _json if given["format"] == "json" else _terminal
    publish(None, lambda stream: write(found, where, stream))


def _terminal(finding: Finding, where: list[Place], stream: TextIO) -> None:
    from foretaste.report.terminal import write_evidence  # noqa: PLC0415

    lines = [(place.document, f"{place.shard}:{place.record}") for place in where]
    write_evidence(finding, lines, stream)


def _json(finding: Finding, where: list[Place], stream: TextIO) -> None:
    from dataclasses import asdict  # noqa: PLC0415

    from foretaste.report.values import dumps  # noqa: PLC0415
    from scanners.keep import write_finding  # noqa: PLC0415

    value = {**write_finding(finding), "places": [asdict(place) for place in where]}
    stream.write(dumps(value, indent=1) + "\n")
