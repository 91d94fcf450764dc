"""Questions that compare, as functions: snapshots, a job's inputs, another store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

from foretaste.api import Request
from foretaste.stores import Where, opened
from lineage.queries import diff as difference
from lineage.queries import exchange
from lineage.queries.compare import Options
from lineage.queries.diff import Diff
from lineage.queries.exchange import Compared, Exported
from lineage.queries.infer import Inferred
from lineage.queries.infer import infer as infer_from
from lineage.queries.verify import Verified
from lineage.queries.verify import verify_manifest as verify

File = str | PathLike[str]


def infer(
    *snapshots: str, store: Where = None, options: Options | None = None, dry_run: bool = False
) -> Inferred:
    """What snapshots have in common, from content alone: of those named, or of all.

    Edges are written unless ``dry_run``. UsageError for a single name, or one that is unknown.
    """
    return infer_from(opened(store), *snapshots, options=options, dry_run=dry_run)


def diff(
    old: str, new: str, *, by: str | None = None, near: bool = False, store: Where = None
) -> Diff:
    """What changed between two snapshots, by content or by the role ``by`` (url, id or path)."""
    return difference.diff(opened(store), old, new, by=by, near=near)


def verify_manifest(
    manifest: File,
    *,
    store: Where = None,
    roles: Mapping[str, Sequence[str]] | None = None,
    lines: bool = False,
    format: str | None = None,
) -> Verified:
    """Whether the inputs that a manifest lists descend from scanned shards.

    ``roles``, ``lines`` and ``format`` say how they are read, as for ``scan``.
    """
    recipe = Request(roles=roles or {}, lines=lines, format=format).recipe
    return verify(opened(store), Path(manifest), recipe=recipe)


def exchange_export(
    file: File,
    key: File,
    *,
    snapshots: Sequence[str] = (),
    near: bool = False,
    store: Where = None,
) -> Exported:
    """Write what another store needs to compare with this one; ``key`` is the key's file."""
    return exchange.exchange_export(opened(store), Path(file), Path(key), snapshots, near)


def exchange_compare(
    file: File, key: File, *, snapshots: Sequence[str] = (), store: Where = None
) -> Compared:
    """Compare this store with a file from another."""
    return exchange.exchange_compare(opened(store), Path(file), Path(key), snapshots)
