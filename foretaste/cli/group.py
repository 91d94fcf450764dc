"""The commands, each imported when it is called; the short helps stand here for that reason."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from foretaste import __version__
from foretaste.cli.settings import read_settings

COMMANDS: dict[str, tuple[str, str]] = {
    "scan": ("foretaste.cli.scan", "Read what is new, scan, print coverage and findings."),
    "ingest": ("foretaste.cli.ingest", "Fingerprint shards into the store without scanning."),
    "findings": ("foretaste.cli.findings", "Print the findings of the last or another scan."),
    "show": ("foretaste.cli.show", "Show one finding: evidence, numbers, members."),
    "scanners": ("foretaste.cli.scanners", "List what is looked for, or explain one scanner."),
    "store": ("foretaste.cli.store", "Tell what the store holds; verify or rebuild it."),
    "infer": ("foretaste.cli.infer", "Tell from content what snapshots have in common."),
    "diff": ("foretaste.cli.diff", "Tell what changed between two snapshots, and why."),
    "verify": ("foretaste.cli.verify", "Check that a job's inputs descend from scanned shards."),
    "exchange": ("foretaste.cli.exchange", "Compare with another store without showing text."),
    "trace": ("foretaste.cli.trace", "Tell where a text or its copies lie, and what learned it."),
    "takedown": ("foretaste.cli.takedown", "Erase on request: copies, exclusions, a receipt."),
    "register": ("foretaste.cli.register", "Declare sources, runs, models and decisions."),
    "lineage": ("foretaste.cli.lineage", "Tell what something came from, and what came of it."),
    "export": ("foretaste.cli.export", "Write the graph as other tools read it."),
    "impact": ("foretaste.cli.impact", "Tell what a source or finding touched: blast radius."),
    "coverage": ("foretaste.cli.coverage", "Tell what is not known, and what would fill it."),
    "ai-act": ("foretaste.cli.ai_act", "Write the training-content summary of the EU AI Act."),
    "sql": ("foretaste.cli.sql", "Ask the store one SELECT."),
    "config": ("foretaste.cli.config", "Show every setting and where it came from."),
}
"""Name -> (module with ``command``, short help)."""
REGISTER: dict[str, tuple[str, str]] = {
    name: (f"foretaste.cli.registering.{name}", help)
    for name, help in {
        "source": "Declare where records come from.",
        "snapshot": "Declare what a snapshot was made or collected from.",
        "run": "Declare a job: what it read and wrote.",
        "model": "Declare weights, an adapter, a tokenizer; read its files as bytes.",
        "decision": "Declare what somebody decided, and why.",
        "openlineage": "Declare what OpenLineage run events say.",
        "file": "Declare all that a TOML file says.",
    }.items()
}
"""The same of the commands of ``register``."""


class LazyGroup(click.Group):
    """Imports a command when it is called, not when it is listed.

    ``table``: name -> (module with ``command``, short help).
    """

    def __init__(self, *given: Any, table: Mapping[str, tuple[str, str]], **more: Any) -> None:
        super().__init__(*given, **more)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the table."""
        del ctx
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        del ctx
        if cmd_name not in self.table:
            return None
        command: click.Command = import_module(self.table[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in self.table.items()])


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    epilog="Exit codes: 0 clean, 1 gate failed, 2 wrong usage or error, 3 incomplete coverage.",
)
@click.version_option(__version__, prog_name="foretaste")
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    envvar="FORETASTE_CONFIG",
    help="Settings; by default foretaste.toml, or [tool.foretaste] of pyproject.toml, here.",
)
@click.pass_context
def cli(ctx: click.Context, config_file: str | None) -> None:
    """Taste a training corpus before a model eats it: lineage, and a scan for poison."""
    ctx.obj, settings = read_settings(config_file)
    name = ctx.invoked_subcommand or ""
    command = cli.get_command(ctx, name)
    if command is not None:
        ctx.default_map = {name: _defaults(command, settings)}


def _defaults(command: click.Command, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the options that take any, of a command and of those below it.

    An option of the same name that is no setting, such as the format of an answer, takes none.
    """
    taken = {option.name or "" for option in command.params if option.envvar}
    defaults = {name: value for name, value in settings.items() if name in taken}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                defaults[name] = _defaults(inner, settings)
    return defaults
