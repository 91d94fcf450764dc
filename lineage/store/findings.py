"""Findings of scans: one JSON file a scan, journalled, and indexed by finding."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lineage.errors import UsageError
from lineage.model import Digest
from lineage.store.commit import Connection
from lineage.store.files import publish_file
from lineage.store.journal import canonical
from lineage.store.store import Store


@dataclass(frozen=True)
class StoredFinding:
    """A finding as the store keeps it: what look-ups need, and the rest as JSON ``payload``.

    ``revision`` is the digest of the members, ``members`` their number.
    """

    id: str
    code: str
    severity: str
    title: str
    revision: str
    members: int
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class StoredScan:
    """A scan: the snapshot's root, the recipes of its scanners, findings worst first.

    ``facts`` is JSON of the caller: options, coverage totals and the like.
    """

    scan: str
    root: Digest
    recipes: tuple[str, ...]
    facts: Mapping[str, Any]
    findings: tuple[StoredFinding, ...]


def save_scan(
    store: Store,
    root: Digest,
    recipes: Sequence[str],
    findings: Sequence[StoredFinding],
    facts: Mapping[str, Any] | None = None,
) -> str:
    """Keep a scan's findings in their order; returns the scan's id.

    The id is the beginning of the SHA-256 of all that is kept, so the same result has the
    same id; saving it again makes it the newest scan, which it may be already.
    """
    text = canonical(
        {
            "root": str(root),
            "recipes": sorted(recipes),
            "facts": dict(facts or {}),
            "findings": [asdict(finding) for finding in findings],
        }
    )
    scan = hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
    target = store.root / "scans" / f"{scan}.json"
    if _newest(store) == scan and target.exists():
        return scan
    publish_file(store.staging, target, lambda file: file.write_text(text, encoding="ascii"))
    with store.writing() as writer:
        writer.commit([{"kind": "scan", "scan": scan}])
    return scan


def load_scan(store: Store, scan: str | None = None) -> StoredScan:
    """Read a scan by the beginning of its id, or the newest; UsageError if there is none."""
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT scan, root, recipes, facts FROM scan WHERE starts_with(scan, ?) "
            "ORDER BY event DESC",
            [scan or ""],
        ).fetchall()
        if not rows:
            wanted = "no scan" if scan is None else f"no scan begins with {scan!r}"
            raise UsageError(f"{wanted} in this store", hint="run `foretaste scan` first")
        if scan is not None and len(rows) > 1:
            raise UsageError(f"several scans begin with {scan!r}", hint="give more digits")
        return _loaded(connection, rows[0])


def find_scan(store: Store, recipes: Sequence[str], facts: Mapping[str, str]) -> StoredScan | None:
    """Read the newest scan by just these recipes that has these facts; None if there is none.

    Facts are told by name and value: a string, or the canonical JSON of anything else.
    """
    where, values = _alike(recipes, facts)
    query = f"SELECT scan, root, recipes, facts FROM scan WHERE {where} ORDER BY event DESC"
    with store.reading() as connection:
        row = connection.execute(query, values).fetchone()
        return None if row is None else _loaded(connection, row)


def fact_strings(
    store: Store, recipes: Sequence[str], facts: Mapping[str, str], path: str
) -> frozenset[str]:
    """Distinct strings at a JSON path with wildcards in the facts of all such scans."""
    where, values = _alike(recipes, facts)
    query = f"SELECT DISTINCT unnest(json_extract_string(facts, ?)) FROM scan WHERE {where}"
    with store.reading() as connection:
        rows = connection.execute(query, [path, *values]).fetchall()
    return frozenset(row[0] for row in rows if row[0] is not None)


def load_findings(store: Store, scan: str | None = None) -> tuple[StoredFinding, ...]:
    """Findings of a scan (default: the newest), worst first."""
    return load_scan(store, scan).findings


def load_finding(store: Store, prefix: str) -> StoredFinding:
    """Find by the beginning of an id, in its newest scan; UsageError if none or several."""
    with store.reading() as connection:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM finding WHERE starts_with(lower(id), lower(?)) "
            "ORDER BY event DESC, position",
            [prefix],
        ).fetchall()
    ids = sorted({row[0] for row in rows})
    exact = [row for row in rows if row[0].lower() == prefix.lower()]
    if not rows or not prefix:
        raise UsageError(
            f"no finding begins with {prefix!r}", hint="`foretaste findings` lists them"
        )
    if len(ids) > 1 and not exact:
        raise UsageError(f"{prefix!r} could be any of {', '.join(ids[:5])}", hint="give more of it")
    return _stored((exact or rows)[0])


def findings_of(store: Store, roots: Sequence[str] | None = None) -> list[StoredFinding]:
    """Findings of all scans of these snapshots, or of all, each as its newest scan has it."""
    query = (
        f"SELECT {_COLUMNS} FROM finding WHERE ? IS NULL OR scan IN "
        "(SELECT scan FROM scan WHERE root IN (SELECT unnest(?))) ORDER BY event DESC, position"
    )
    wanted = None if roots is None else list(roots)
    with store.reading() as connection:
        rows = connection.execute(query, [wanted, wanted]).fetchall()
    newest: dict[str, StoredFinding] = {}
    for row in rows:
        if row[0] not in newest:
            newest[row[0]] = _stored(row)
    return list(newest.values())


_COLUMNS = "id, code, severity, title, revision, members, payload"


def _alike(recipes: Sequence[str], facts: Mapping[str, str]) -> tuple[str, list[str]]:
    """Condition on rows of table ``scan``, and its parameters."""
    conditions = ["recipes = ?", *["json_extract_string(facts, ?) = ?"] * len(facts)]
    pairs = [part for name, value in facts.items() for part in (f"$.{name}", value)]
    return " AND ".join(conditions), [canonical(sorted(recipes)), *pairs]


def _newest(store: Store) -> str | None:
    with store.reading() as connection:
        row = connection.execute("SELECT scan FROM scan ORDER BY event DESC LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def _loaded(connection: Connection, row: tuple[Any, ...]) -> StoredScan:
    scan, root, recipes, facts = row
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM finding WHERE scan = ? ORDER BY position", [scan]
    ).fetchall()
    return StoredScan(
        scan,
        Digest.parse(root),
        tuple(json.loads(recipes)),
        json.loads(facts),
        tuple(_stored(row) for row in found),
    )


def _stored(row: tuple[Any, ...]) -> StoredFinding:
    id, code, severity, title, revision, members, payload = row
    return StoredFinding(id, code, severity, title, revision, members, json.loads(payload))


def finding_ids(store: Store, prefix: str) -> list[str]:
    """Ids of findings, in whatever scan, that begin like this in any case."""
    query = "SELECT DISTINCT id FROM finding WHERE starts_with(lower(id), lower(?)) ORDER BY id"
    with store.reading() as connection:
        rows = connection.execute(query, [prefix]).fetchall()
    return [row[0] for row in rows] if prefix else []


def newest_finding(store: Store, id: str) -> tuple[StoredFinding, str]:
    """A finding by its whole id in its newest scan, and the root of the snapshot scanned."""
    columns = ", ".join(f"f.{name}" for name in _COLUMNS.split(", "))
    query = (
        f"SELECT {columns}, s.root FROM finding f JOIN scan s USING (scan) WHERE f.id = ? "
        "ORDER BY f.event DESC, f.position LIMIT 1"
    )
    with store.reading() as connection:
        row = connection.execute(query, [id]).fetchone()
    if row is None:
        raise UsageError(f"there is no finding {id}", hint="`foretaste findings` lists them")
    return _stored(row[:-1]), str(row[-1])
