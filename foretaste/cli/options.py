"""Options that commands share, each defined once. Choices are literal or cheap to import."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import click

from foretaste.report import FORMATS
from lineage.errors import UsageError
from lineage.model import Role
from scanners.severity import SEVERITIES, Severity

F = TypeVar("F", bound=Callable[..., Any] | click.Command)


class Decorator(Protocol):
    """Gives back what it decorates."""

    def __call__(self, function: F, /) -> F:
        """Decorate."""
        ...


SETTINGS: dict[str, bool] = {}
"""Name of every option that can be set by file and environment -> whether it takes several."""
GATES = tuple(str(severity) for severity in SEVERITIES if severity is not Severity.LEAD)
NEVER = "never"
SHARD_FORMATS = ("jsonl", "parquet", "csv", "tsv", "text")


def setting(*names: str, **facts: Any) -> Decorator:
    """An option that a settings file and the variable FORETASTE_<NAME> can give, too."""
    name = names[0].lstrip("-").replace("-", "_")
    SETTINGS[name] = bool(facts.get("multiple"))
    variable = f"FORETASTE_{name.upper()}"
    return click.option(*names, envvar=variable, show_default=True, **facts)


def together(*options: Decorator) -> Decorator:
    """Several options as one decorator, shown in this order."""

    def decorate(function: F, /) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


STORE: Decorator = setting(
    "--store", metavar="DIR", default=".foretaste", help="Folder of the store."
)
HASH_KEY: Decorator = setting(
    "--hash-key", metavar="PHRASE", help="Make a new store's counting hashes from a phrase."
)
DATASET: Decorator = setting(
    "--dataset", metavar="NAME", help="What the corpus is called; by default as its folder."
)
SNAPSHOT: Decorator = click.option(
    "--snapshot", metavar="LABEL", default="", help="Label of its state; by default its digest."
)
ROLES: Decorator = together(
    setting(
        "--role",
        metavar="ROLE=FIELD",
        multiple=True,
        help=f"Read a field as a role, in place of the known names. Roles: {', '.join(Role)}.",
    ),
    setting("--lines", is_flag=True, help="A .txt file holds one document a line."),
    setting(
        "--input-format",
        type=click.Choice(SHARD_FORMATS),
        help="Read every file as this, whatever its name says.",
    ),
)
READING: Decorator = together(
    ROLES,
    setting(
        "--trust-mtime", is_flag=True, help="Do not hash files again whose size and time are known."
    ),
)
AGAINST: Decorator = together(
    click.option(
        "--against",
        metavar="OLD",
        multiple=True,
        help="Compare with an older snapshot: files, folders, globs, or a name in the store.",
    ),
    setting(
        "--key",
        type=click.Choice(("url", "id", "path")),
        help="Role that tells the same document in both; by default the one that tells most.",
    ),
)
SIGNAL: Decorator = setting(
    "--signal",
    metavar="FIELD",
    help="Ask which strings of a prompt or text predict this field.",
)
WORKERS: Decorator = setting(
    "--workers",
    type=click.IntRange(1, 64),
    default=min(4, os.cpu_count() or 1),
    help="Shards in work at a time.",
)
QUIET: Decorator = setting("--quiet", is_flag=True, help="No progress on stderr.")
REPORT: Decorator = together(
    setting(
        "--format", type=click.Choice(tuple(FORMATS)), default="terminal", help="How it is shown."
    ),
    click.option("--output", metavar="FILE", help="Write there, not to standard output."),
    setting(
        "--show",
        type=click.Choice(tuple(str(severity) for severity in SEVERITIES)),
        help="Least severity to show; by default low on a terminal, all for machines.",
    ),
)
AS_OF: Decorator = click.option(
    "--as-of",
    metavar="MOMENT",
    help="As the store was then: a date, a time (ISO 8601, UTC), or an event's number.",
)


THRESHOLD: Decorator = click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.8,
    show_default=True,
    help="Jaccard similarity of near-copies.",
)


def answering(*formats: str) -> Decorator:
    """Options of an answer that is shown in one of these formats, the first by default."""
    return together(
        click.option(
            "--format",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            help="How the answer is shown.",
        ),
        click.option("--output", metavar="FILE", help="Write there, not to standard output."),
        AS_OF,
    )


ANSWER: Decorator = answering("table", "json", "csv", "parquet")
GATE: Decorator = together(
    setting(
        "--fail-on",
        type=click.Choice((*GATES, NEVER)),
        default="high",
        help="Exit 1 if a finding is as severe as this.",
    ),
    setting("--exit-zero", is_flag=True, help="Exit 0 whatever was found or could not be read."),
)
SCAN: Decorator = click.option("--scan", metavar="ID", help="Of this scan; by default the last.")
SELECT: Decorator = setting(
    "--select", metavar="CODES", multiple=True, help="Only scanners whose code begins like this."
)
ALSO: Decorator = setting(
    "--also", metavar="CODES", multiple=True, help="Also scanners that look only if asked: FLD."
)


def split_codes(given: Sequence[str]) -> list[str]:
    """``("TRG,DUP", "HID")`` as a list of three."""
    return [code.strip() for value in given for code in value.split(",") if code.strip()]


def split_pairs(given: Sequence[str], option: str) -> dict[str, list[str]]:
    """``("text=body", "text=title")`` by key; ``text=`` is a key without values."""
    pairs: dict[str, list[str]] = {}
    for value in given:
        key, equals, field = value.partition("=")
        if not equals or not key:
            raise UsageError(f"{option} {value!r} is not of the form KEY=VALUE")
        pairs.setdefault(key, []).extend([field] if field else [])
    return pairs


def reading(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the options of READING, WORKERS, STORE and HASH_KEY say, as the API calls it."""
    roles = split_pairs(given["role"], "--role")
    if given.get("signal"):
        roles[Role.SIGNAL] = [given["signal"]]
    return {
        "roles": roles,
        "lines": given["lines"],
        "format": given["input_format"],
        "trust_mtime": given["trust_mtime"],
        "workers": given["workers"],
        "store": given["store"],
        "hash_key": given["hash_key"],
    }
