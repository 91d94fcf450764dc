"""An auditor's question as a command: the store it is asked of, and how its answer is shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from foretaste.cli.output import CLOSED, check_output, publish
from lineage.errors import UsageError
from lineage.store.past import as_of
from lineage.store.store import Store, open_store

if TYPE_CHECKING:
    import pyarrow as pa


@contextmanager
def asked(given: Mapping[str, Any]) -> Iterator[Store]:
    """Lend the store that the options STORE and ANSWER name, as of the moment they name."""
    check_output(given["output"])
    store = open_store(given["store"], create=False)
    if given.get("as_of") is None:
        yield store
        return
    with as_of(store, given["as_of"]) as past:
        yield past


def show(answer: pa.Table, given: Mapping[str, Any]) -> None:
    """Write an answer as the options of ANSWER say."""
    format, output = given["format"], given["output"]
    if format == "parquet":
        _parquet(answer, output)
    else:
        from foretaste.report.tables import TABLES  # noqa: PLC0415

        publish(output, lambda stream: TABLES[format](answer, stream))


def show_as(
    table: Callable[[], pa.Table],
    given: Mapping[str, Any],
    people: Callable[[TextIO], object] | None,
) -> None:
    """Write an answer as the options of ANSWER say; for people in a layout of its own, if any."""
    if given["format"] == "table" and people is not None:
        publish(given["output"], people)
    else:
        show(table(), given)


def _parquet(answer: pa.Table, output: str | None) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415

    if output is not None:
        pq.write_table(answer, output)
        return
    if sys.stdout is None:
        raise UsageError(CLOSED)
    if sys.stdout.isatty():
        raise UsageError("Parquet is nothing for a terminal", hint="name a file with --output")
    pq.write_table(answer, sys.stdout.buffer)
    sys.stdout.buffer.flush()
