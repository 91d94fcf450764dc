"""Questions about content as functions: where a text lies, and how it is taken down."""

from __future__ import annotations

from collections.abc import Sequence

from foretaste.stores import Where, opened, opened_as_of
from lineage.queries.confirmed import Confirmed
from lineage.queries.takedown import Request, Takedown
from lineage.queries.takedown import takedown as take_down
from lineage.queries.trace import Asked, Trace, Tracer
from lineage.queries.verified import verified


def tracer(store: Where = None) -> Tracer:
    """A store opened to trace many texts: ``tracer().text("...")``, ``.digest``, ``.url``."""
    return Tracer(opened(store))


def trace(  # noqa: PLR0913
    text: str | None = None,
    *,
    file: str | None = None,
    digest: str | None = None,
    url: str | None = None,
    store: Where = None,
    threshold: float = 0.8,
    limit: int = 20,
    verify: bool = False,
    as_of: str | None = None,
) -> Trace:
    """Where a text, its copies, near-copies and passages lie, and which models learned them.

    ``verify`` reads the listed records again. UsageError unless one thing is asked for.
    """
    asked = Asked(text, file, digest, url)
    with opened_as_of(store, as_of) as there:
        answer = asked.answer(Tracer(there), threshold=threshold, limit=limit)
        return verified(there, asked, answer) if verify else answer


def takedown(  # noqa: PLR0913
    *,
    texts: Sequence[str] = (),
    urls: Sequence[str] = (),
    domain: str | None = None,
    confirmed: Confirmed | None = None,
    copies: bool = False,
    threshold: float = 0.8,
    store: Where = None,
    purge: bool = False,
    dry_run: bool = False,
) -> Takedown:
    """Take down texts with their copies, records of URLs or a domain, or what was confirmed."""
    request = Request(texts, urls, domain, confirmed, copies, threshold)
    return take_down(opened(store), request, purge=purge, dry_run=dry_run)
