"""``foretaste findings``."""

from __future__ import annotations

from typing import Any

import click

from foretaste.cli import options


@click.command()
@options.SCAN
@options.STORE
@options.REPORT
@options.GATE
def command(**given: Any) -> int:
    """Print the findings of the last scan again, or of another one.

    Reads the store alone. The exit code is that of the scan, unless the gate is another.
    """
    from foretaste.cli.output import check_output, exit_code, publish_report  # noqa: PLC0415

    check_output(given["output"])
    from foretaste.kept import report_of  # noqa: PLC0415
    from lineage.store import load_scan, open_store  # noqa: PLC0415

    store = open_store(given["store"], create=False)
    report = report_of(load_scan(store, given["scan"]))
    publish_report(report, given)
    return exit_code(report, given["fail_on"], given["exit_zero"])
