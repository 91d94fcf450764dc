"""Settings from a file: flags and the environment go before them, defaults behind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lineage.errors import UsageError


def read_settings(chosen: str | None) -> tuple[str, dict[str, Any]]:
    """Where the settings come from, and what they are, by option name with underscores.

    UsageError for a file that cannot be read, and for a name that is no option.
    """
    for file, table in _places(chosen):
        if chosen or file.is_file():
            found = _table(file, table)
            if found is not None:
                where = f"{file.as_posix()} [{'.'.join(table)}]" if table else file.as_posix()
                return where, _checked(found, where)
    return "", {}


def _places(chosen: str | None) -> list[tuple[Path, tuple[str, ...]]]:
    files = [Path(chosen)] if chosen else [Path("foretaste.toml"), Path("pyproject.toml")]
    inside = ("tool", "foretaste")
    return [(file, inside if file.name == "pyproject.toml" else ()) for file in files]


def _table(file: Path, names: tuple[str, ...]) -> Mapping[str, Any] | None:
    import tomllib  # noqa: PLC0415

    try:
        found: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"the settings {file} cannot be read: {error}") from error
    for number, name in enumerate(names, 1):
        found = found.get(name)
        if found is None:
            return None
        if not isinstance(found, Mapping):
            whole = ".".join(names[:number])
            raise UsageError(f"{file} sets {whole!r} to {found!r}, which is no table")
    return dict(found)


def _checked(found: Mapping[str, Any], where: str) -> dict[str, Any]:
    from foretaste.cli.options import SETTINGS  # noqa: PLC0415

    settings = {}
    for key, value in found.items():
        name = key.replace("-", "_")
        if name not in SETTINGS:
            known = ", ".join(sorted(SETTINGS)).replace("_", "-")
            raise UsageError(f"{where} sets {key!r}, which is no setting", hint=f"known: {known}")
        try:
            settings[name] = _listed(value) if SETTINGS[name] else _single(value)
        except TypeError as error:
            raise UsageError(f"{where} sets {key!r} to {value!r}; it takes {error}") from error
    return settings


def _single(value: Any) -> str | int | float:
    if not isinstance(value, str | int | float):
        raise TypeError("one value")
    return value


def _listed(value: Any) -> list[str]:
    """The value of an option that may be given several times."""
    if isinstance(value, Mapping):
        pairs = [(key, _strings(many)) for key, many in value.items()]
        return [f"{key}={one}" for key, many in pairs for one in (many or [""])]
    return _strings(value)


def _strings(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in values):
        raise TypeError("a string, or a list or table of them")
    return values
