"""The command line. Importing this imports click and nothing heavy."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import click

from foretaste.cli.talk import complain, drop_stdout, hold_streams

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 clean, 1 gate, 2 error, 3 incomplete."""
    hold_streams()
    stranger = misplaced()
    if stranger:
        complain(stranger, "install Foretaste again, and start it from another folder")
        return 2
    from foretaste.cli.group import cli  # noqa: PLC0415

    try:
        return int(cli.main(arguments, "foretaste", standalone_mode=False) or 0)
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted; what was read so far is kept")
        return INTERRUPTED
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> int:
    from lineage.errors import ForetasteError  # noqa: PLC0415

    if isinstance(error, ForetasteError):
        complain(str(error), error.hint)
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
    elif isinstance(error, click.ClickException):
        complain(error.format_message(), _usage(error))
    elif refusal := _refusal(error):
        complain(refusal, _trace())
        _settle_stdout()
    else:
        again = "set FORETASTE_TRACE=1 to see where, and report it"
        complain(f"internal error: {type(error).__name__}: {error}", _trace() or again)
    return 2


def _refusal(error: Exception) -> str:
    """What the system refused to do: no space, no such folder, no permission. '' if it did not."""
    if isinstance(error, OSError):
        why = error.strerror or str(error) or type(error).__name__
        return why if error.filename is None else f"{os.fsdecode(error.filename)}: {why}"
    duckdb = sys.modules.get("duckdb")  # Which nobody imports to show an error.
    kinds = ("IOException", "FatalException", "OutOfMemoryException")
    if duckdb and isinstance(error, tuple(getattr(duckdb, kind) for kind in kinds)):
        return f"the store cannot be used: {error}"
    return ""


def _settle_stdout() -> None:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        drop_stdout()


def misplaced() -> str:
    """What is wrong where ``lineage`` or ``scanners`` do not lie beside ``foretaste``, or ''."""
    home = Path(__file__).resolve().parent.parent.parent
    for name in ("lineage", "scanners"):
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            return f"the package {name} is missing from {home}"
        if Path(spec.origin).resolve().parent.parent != home:
            return f"another package called {name} is in the way: {Path(spec.origin).parent}"
    return ""


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"see `{context.command_path} --help`" if context else ""


def _trace() -> str:
    if os.environ.get("FORETASTE_TRACE"):
        return "".join(traceback.format_exception(*sys.exc_info()))
    return ""
