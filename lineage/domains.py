"""Hosts of URLs, and the domains under which somebody registered them.

Registrable domains follow the Public Suffix List, its private section included (two blogs of
one provider are two domains), in the copy that the installed package ``publicsuffixlist``
carries: nothing is fetched. International names are written in ASCII (IDNA 2003).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    import polars as pl

AUTHORITY = r"^\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]{2}([^/\\?#\s]*)"
"""First group: user, host and port of a URL. What has no ``//`` in front is no URL here."""
_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_PORT = re.compile(r":\d*$")


def host_of(url: str) -> str | None:
    """Host of a URL in lower case: a name in ASCII, or an IP address in its short form.

    User, password, port and a closing dot are left out. None for what is no URL with a host.
    """
    match = re.match(AUTHORITY, url)
    return None if match is None else host_of_authority(match[1])


def host_of_authority(authority: str) -> str | None:
    """Host of ``user:password@host:port``; None where it is no host."""
    host = unquote(authority.rpartition("@")[2])
    if host.startswith("["):
        address, bracket, port = host[1:].partition("]")
        return _address(address) if bracket and (not port or _PORT.fullmatch(port)) else None
    return canonical_host(_PORT.sub("", host))


def canonical_host(host: str) -> str | None:
    """A host as ``host_of`` gives it, without port; None for what can be none."""
    try:
        name = host.strip().rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return _address(name) or (name if _NAME.fullmatch(name) else None)


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    return _address(host) is not None


@lru_cache(1 << 16)
def registrable(host: str) -> str | None:
    """Registrable domain of a host as ``host_of`` gives it: one label below a public suffix.

    An IP address stands for itself. None for a public suffix, and for a name of one label.
    """
    if is_address(host):
        return host
    found: str | None = _suffixes().privatesuffix(host)
    return found


def list_name() -> str:
    """Which Public Suffix List was asked; the version ends in its date."""
    return f"publicsuffixlist {version('publicsuffixlist')}"


def hosts(urls: pl.Series) -> pl.Series:
    """String column of URLs -> ``host_of`` each; every authority is looked at once."""
    found = urls.str.extract(AUTHORITY, 1)
    return mapped(found, {a: host_of_authority(a) for a in _distinct(found)})


def domains(urls: pl.Series) -> pl.Series:
    """String column of URLs -> registrable domain each; null where there is none."""
    found = hosts(urls)
    return mapped(found, {host: registrable(host) for host in _distinct(found)})


def mapped(column: pl.Series, names: dict[str, str | None]) -> pl.Series:
    """A string column with each value replaced; null stays null."""
    import polars as pl  # noqa: PLC0415

    if not names:
        return pl.Series(column.name, [None] * len(column), pl.String)
    return column.replace_strict(
        list(names), list(names.values()), default=None, return_dtype=pl.String
    )


def _distinct(column: pl.Series) -> Iterable[str]:
    return column.drop_nulls().unique().to_list()


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


@lru_cache(1)
def _suffixes() -> Any:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415

    return PublicSuffixList()
