"""Hosts and registrable domains, of well-formed URLs and of all others."""

from __future__ import annotations

from importlib.resources import files
from urllib.parse import urlsplit

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.domains import domains, host_of, registrable


@pytest.mark.parametrize(
    ("url", "host", "domain"),
    [
        ("https://news.example.co.uk/a?b#c", "news.example.co.uk", "example.co.uk"),
        ("http://user:p%40ss@Www.Example.COM:8080/", "www.example.com", "example.com"),
        ("//example.org", "example.org", "example.org"),
        ("https://bücher.example.de/", "xn--bcher-kva.example.de", "example.de"),
        ("https://www.食狮.公司.cn/", "www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("http://192.0.2.7:80/x", "192.0.2.7", "192.0.2.7"),
        ("http://[2001:DB8:0::1]:8080/", "2001:db8::1", "2001:db8::1"),
        ("https://me.github.io/", "me.github.io", "me.github.io"),
        ("https://github.io/", "github.io", None),
        ("https://co.uk/", "co.uk", None),
        ("https://localhost/", "localhost", None),
        ("https://example.com./", "example.com", "example.com"),
        ("https:\\\\example.com\\x", "example.com", "example.com"),
        ("no url at all", None, None),
        ("mailto:me@example.com", None, None),
        ("http://", None, None),
        ("http://a..b/", None, None),
        ("http://[::1", None, None),
        ("http://exa mple.com/", "exa", None),
    ],
)
def test_hosts_and_domains(url: str, host: str | None, domain: str | None) -> None:
    assert host_of(url) == host
    assert (None if host is None else registrable(host)) == domain
    assert domains(pl.Series([url, None])).to_list() == [domain, None]


def test_registrable_is_what_the_list_itself_expects() -> None:
    """The Public Suffix List's own test vectors: name, registrable domain."""
    text = files("publicsuffixlist").joinpath("test_psl.txt").read_text(encoding="utf-8")
    checked = 0
    for line in text.splitlines():
        if not line.startswith("checkPublicSuffix("):
            continue
        name, expected = (
            None if part.strip() == "null" else part.strip().strip("'")
            for part in line[len("checkPublicSuffix(") : line.rindex(")")].split(",")
        )
        if name is None or name.startswith("."):
            continue
        host = host_of(f"http://{name}/")
        assert host is not None
        wanted = None if expected is None else host_of(f"http://{expected}/")
        assert registrable(host) == wanted, name
        checked += 1
    assert checked > 50


LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)


@settings(max_examples=30)
@given(st.lists(LABEL, min_size=2, max_size=4), st.integers(0, 65535), LABEL)
def test_hosts_of_plain_urls_are_those_of_the_standard_library(
    labels: list[str], port: int, user: str
) -> None:
    url = f"https://{user}:x@{'.'.join([*labels, 'com'])}:{port}/p?q=//other.org#@z"
    assert host_of(url) == urlsplit(url).hostname


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_nothing_that_a_corpus_may_hold_breaks_it(url: str) -> None:
    host = host_of(url)
    assert host is None or registrable(host) is None or host.endswith(str(registrable(host)))
    domains(pl.Series([url, f"http://{url}"]))
