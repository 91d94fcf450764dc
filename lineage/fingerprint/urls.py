"""URLs as look-ups see them: one form for the ways to write one, and the domains of a host."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache

_URL = re.compile(r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://)?(?:[^/?#@]*@)?([^/?#]*)([^#]*)")
_PORTS = {"http": ":80", "https": ":443"}


def normal_url(url: str) -> str:
    """Host and rest of a URL: no scheme, user, default port, ``www.``, fragment or last slash.

    The host is in lower case; the rest stays as it is, for servers tell its cases apart.
    """
    match = _URL.match(url.strip())
    scheme, host, rest = match.groups() if match else ("", "", url)
    host = host.lower().removesuffix(_PORTS.get((scheme or "").lower(), ":443"))
    return host.removeprefix("www.") + rest.rstrip("/")


def host_of(url: str) -> str:
    """The host in lower case, without port and ``www.``; '' where there is none."""
    match = _URL.match(url.strip())
    host = match[2].lower() if match else ""
    return re.sub(r":\d*$", "", host).removeprefix("www.").rstrip(".")


def domains_of(host: str) -> Iterator[str]:
    """The host, and every domain it lies in that has a dot."""
    while "." in host:
        yield host
        host = host.partition(".")[2]


def name_key(name: str) -> int:
    """64 bits of the SHA-256 of a name, for look-up."""
    data = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big")


@lru_cache(1 << 16)
def domain_keys(host: str) -> tuple[int, ...]:
    """Keys of ``domains_of``."""
    return tuple(name_key(domain) for domain in domains_of(host))
