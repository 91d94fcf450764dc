"""``foretaste config``."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from foretaste.cli import options


@click.command()
@options.DATASET
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
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Show every setting and where it came from: flag, environment, file or default."""
    from foretaste.cli.output import publish  # noqa: PLC0415
    from foretaste.report.safe import safe  # noqa: PLC0415

    lines = []
    for name in sorted(options.SETTINGS):
        value = "(set)" if name == "hash_key" and given[name] else _shown(given[name])
        lines.append(f"{name.replace('_', '-'):<14} {safe(value):<28} {safe(_origin(ctx, name))}\n")
    publish(None, lambda stream: stream.write("".join(lines)))


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _origin(ctx: click.Context, name: str) -> str:
    source = ctx.get_parameter_source(name)
    if source is ParameterSource.COMMANDLINE:
        return "flag"
    if source is ParameterSource.ENVIRONMENT:
        return f"environment FORETASTE_{name.upper()}"
    if source is ParameterSource.DEFAULT_MAP:
        return str(ctx.find_object(str) or "settings file")
    return "default"
