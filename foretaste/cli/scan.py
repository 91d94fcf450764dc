"""``foretaste scan``."""

from __future__ import annotations

import sys
from typing import Any

import click

from foretaste.cli import options


@click.command()
@click.argument("paths", nargs=-1, required=True)
@options.DATASET
@options.SNAPSHOT
@options.STORE
@options.REPORT
@options.GATE
@options.SELECT
@options.ALSO
@options.AGAINST
@options.READING
@options.SIGNAL
@options.WORKERS
@options.HASH_KEY
@options.QUIET
def command(paths: tuple[str, ...], **given: Any) -> int:
    """Read what is new, scan it, print coverage, then findings worst first.

    PATHS are files, folders, globs, or - for a list on standard input.
    """
    from foretaste.cli.output import check_output, exit_code, publish_report  # noqa: PLC0415

    check_output(given["output"])
    from foretaste import api  # noqa: PLC0415
    from foretaste.cli.progress import watching  # noqa: PLC0415
    from foretaste.cli.returns import told_returns  # noqa: PLC0415

    request = api.Request(
        dataset=given["dataset"],
        snapshot=given["snapshot"],
        select=options.split_codes(given["select"]),
        also=options.split_codes(given["also"]),
        against=given["against"] or None,
        key=given["key"],
        **options.reading(given),
    )
    with watching(given["quiet"]) as watch:
        result = api.scan(paths, request=request, watch=watch, stdin=sys.stdin)
    publish_report(result.report, given)
    code = exit_code(result.report, given["fail_on"], given["exit_zero"])
    back = told_returns(result.store, result.snapshot)
    return 1 if back and code in (0, 3) and not given["exit_zero"] else code
