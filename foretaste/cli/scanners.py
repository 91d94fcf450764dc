"""``foretaste scanners``."""

from __future__ import annotations

import click


@click.command()
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """List what is looked for, or explain one scanner: what it finds, misses and mistakes."""
    from foretaste.cli.output import publish  # noqa: PLC0415

    text = _catalogue() if code is None else _page(code)
    publish(None, lambda stream: stream.write(text))


def _catalogue() -> str:
    from scanners import SCANNERS, scanner_class  # noqa: PLC0415

    codes: dict[str, list[str]] = {}
    for code, home in SCANNERS.items():
        codes.setdefault(home, []).append(code)
    lines = []
    for mine in codes.values():
        scanner = scanner_class(mine[0])
        name = mine[0] if len(mine) == 1 else f"{mine[0]}-{mine[-1]}"
        summary = (scanner.__doc__ or "").splitlines()[0]
        lines.append(f"{name:<14} {scanner.name:<17} {summary}\n")
    return "".join(lines)


def _page(code: str) -> str:
    from inspect import getdoc  # noqa: PLC0415

    from scanners import scanner_class  # noqa: PLC0415

    scanner = scanner_class(code)
    return f"{code.upper()} {scanner.name}\n\n{getdoc(scanner)}\n"
