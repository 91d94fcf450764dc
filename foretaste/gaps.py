"""What is not known of a store, as today's scanners see it."""

from __future__ import annotations

from lineage.queries.coverage import Gaps
from lineage.queries.coverage import coverage as ask
from lineage.store.store import Store
from scanners import COMPARING, select
from scanners.corpus import code_digest


def coverage(store: Store) -> Gaps:
    """Tell what is not known: how many of how many, examples, and which command would fill it."""
    codes = [code for code in select() if code not in COMPARING]
    return ask(store, code=f"scanners-{code_digest()}", codes=codes)
