"""Removes what the store knows of rows: fingerprints, places, excerpts, caches.

Rows stay in their bundles, blank, so that rows and records of a shard still tally. What the
journal says of them is rewritten in place: event numbers and times stay, so the past that is
asked for later is without them, too. Segments and the index are made again. Everything is
idempotent: a purge that was killed is finished by doing it again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lineage.errors import StoreError
from lineage.model import Digest
from lineage.store import journal
from lineage.store.bundle import KEPT_ROLES, Bundle, BundleWriter, Manifest
from lineage.store.commit import insert_rows
from lineage.store.files import flush_folder, publish_file, scratch, sweep
from lineage.store.journal import canonical
from lineage.store.lookup import refresh
from lineage.store.redact import GONE, Traces
from lineage.store.store import Store, make_index
from lineage.store.takedowns import Rows

_STAYS = ("record", "reading")
Taken = Callable[[str], bool]
"""Whether the identity of a document (32 hex digits) was taken down."""


@dataclass(frozen=True)
class Purged:
    """How much was removed."""

    rows: int
    passages: int
    remarks: int
    findings: int
    observations: int
    events: int


def purge_rows(store: Store, rows: Rows, traces: Traces, taken: Taken) -> Purged:
    """Remove these rows, and everything that betrays their texts; nobody writes meanwhile."""
    if not store.index.exists():
        make_index(store)
    sweep(store.staging)
    with store.writing() as writer:
        sightings = writer.connection.execute("SELECT * FROM sighting").fetchall()
        manifests: dict[tuple[str, str], str] = {}
        passages = remarks = 0
        for name, numbers in rows.items():
            bundle = Bundle.of(store.root, Digest.parse(name[0]), name[1])
            manifest, fewer, changed = _blank_bundle(store, bundle, numbers, traces)
            manifests[name] = manifest.sha256
            passages, remarks = passages + fewer, remarks + changed
        findings, scans = _clean_scans(store, traces, taken)
        observations = _drop_observations(store)
        events = _rewrite_journal(store, manifests, scans, traces)
        make_index(store, replace=True)
    for scan in scans:
        (store.root / "scans" / f"{scan}.json").unlink(missing_ok=True)
    _see_again(store, [row for row in sightings if not traces.betrayed(row[0])])
    refresh(store)
    total = sum(map(len, rows.values()))
    return Purged(total, passages, remarks, findings, observations, events)


def _blank_bundle(
    store: Store, bundle: Bundle, rows: Sequence[int], traces: Traces
) -> tuple[Manifest, int, int]:
    manifest = _manifest(bundle)
    with scratch(store.staging) as aside:
        writer = BundleWriter(aside)
        table = _read(bundle, "records.parquet")
        blank = np.zeros(table.num_rows, bool)
        blank[list(rows)] = True
        records = set(table["record"].to_numpy()[blank].tolist())
        kept = _read(bundle, "passages.parquet")
        there = ~blank[kept["row"].to_numpy()]
        remarks, changed = _blank_remarks(_read(bundle, "remarks.parquet"), records, traces)
        writer.add_tables(_blanked(table, blank), kept.filter(pa.array(there)), remarks)
        coverage = manifest.coverage
        fields = tuple((_name(path, traces), role, size) for path, role, size in coverage.fields)
        coverage = replace(coverage, fields=fields, detail=traces.clean(coverage.detail))
        fresh = writer.finish(manifest.recipe, coverage)
        if fresh != manifest:
            # File by file, the manifest last: after a kill the purge can be done again.
            for name in (*fresh.files, "coverage.json"):
                with (writer.folder / name).open("rb") as file:
                    os.fsync(file.fileno())
                (writer.folder / name).replace(bundle.folder / name)
            flush_folder(bundle.folder)
    return fresh, int((~there).sum()), changed


def _manifest(bundle: Bundle) -> Manifest:
    """The manifest, whether or not the files are as it says."""
    try:
        return Manifest.parse((bundle.folder / "coverage.json").read_text(encoding="ascii"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"the bundle {bundle.folder} is missing or damaged: {error}",
            hint="run `foretaste store verify`",
        ) from error


def _name(path: str, traces: Traces) -> str:
    return GONE if traces.betrayed(path) else path


def _read(bundle: Bundle, name: str) -> pa.Table:
    return pq.read_table(bundle.folder / name, partitioning=None)


def _blanked(table: pa.Table, blank: np.ndarray[Any, Any]) -> pa.Table:
    mask = pa.array(blank)
    columns = {}
    for name in table.column_names:
        column = table[name]
        if name in _STAYS:
            columns[name] = column
        else:
            nothing = None if name in map(str, KEPT_ROLES) else 0
            columns[name] = pc.if_else(mask, pa.scalar(nothing, column.type), column)
    return pa.table(columns)


def _blank_remarks(
    table: pa.Table, records: Collection[int], traces: Traces
) -> tuple[pa.Table, int]:
    rows, changed = [], 0
    for row in table.to_pylist():
        taken = row["record"] in records
        clean = {
            "detail": GONE if taken and row["detail"] else traces.clean(row["detail"]),
            "readings": [] if taken else traces.clean(row["readings"]),
        }
        changed += any(row[name] != value for name, value in clean.items())
        rows.append({**row, **clean})
    return pa.Table.from_pylist(rows, schema=table.schema), changed


def _clean_scans(store: Store, traces: Traces, taken: Taken) -> tuple[int, dict[str, str]]:
    """Write cleaned scans beside the old; returns findings that changed, and old id -> new id."""
    changed, names = 0, {}
    for path in sorted((store.root / "scans").glob("*.json")):
        before = json.loads(path.read_bytes())
        findings = [clean_finding(finding, traces, taken) for finding in before["findings"]]
        differ = sum(a != b for a, b in zip(findings, before["findings"], strict=True))
        after = {**before, "facts": traces.clean(before["facts"]), "findings": findings}
        text = canonical(after)
        name = hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
        if name != path.stem:
            changed += differ
            names[path.stem] = name
            target = path.with_name(f"{name}.json")
            publish_file(store.staging, target, _writer_of(text))
    return changed, names


def _writer_of(text: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(text, encoding="ascii")


def clean_finding(finding: Mapping[str, Any], traces: Traces, taken: Taken) -> dict[str, Any]:
    """A stored finding without members and excerpts that were taken down.

    Other strings that betray a text are replaced; the rest stays as it is.
    """
    payload = dict(finding["payload"])
    members = payload.get("members", [])
    left = [member for member in members if not taken(member)]
    excerpts = [
        excerpt
        for excerpt in payload.get("excerpts", [])
        if not taken(excerpt["document"])
        and not traces.betrayed(excerpt["before"] + excerpt["match"] + excerpt["after"])
    ]
    if len(left) != len(members):
        # As ``Finding.revision`` has it.
        revision = hashlib.sha256("\n".join(left).encode()).hexdigest()
        payload |= {"members": left, "documents": len(left), "revision": revision}
    if "excerpts" in payload:
        payload["excerpts"] = excerpts
    clean: dict[str, Any] = traces.clean({**finding, "payload": payload})
    clean["payload"] = _without_names(clean["payload"], taken)
    if len(left) != len(members):
        clean |= {"members": len(left), "revision": payload["revision"]}
    return clean


def _without_names(value: Any, taken: Taken) -> Any:
    """Identities of documents go wherever else they stand: keys of clusters, statistics."""
    if isinstance(value, str):
        return GONE if len(value) == 32 and taken(value) else value
    if isinstance(value, list):
        return [_without_names(one, taken) for one in value]
    if isinstance(value, dict):
        return {name: _without_names(one, taken) for name, one in value.items()}
    return value


def _drop_observations(store: Store) -> int:
    """All of them: they are a cache, and hold strings of any shard."""
    folder = store.root / "observations"
    count = sum(1 for file in folder.rglob("*") if file.is_file())
    if folder.exists():
        with scratch(store.staging) as aside:
            folder.rename(aside / "observations")
            shutil.rmtree(aside / "observations", ignore_errors=True)
    return count


def _rewrite_journal(
    store: Store,
    manifests: Mapping[tuple[str, str], str],
    scans: Mapping[str, str],
    traces: Traces,
) -> int:
    """Replace what events say of bundles, scans and texts; returns how many changed."""
    path, changed = store.root / "journal.jsonl", 0
    journal.cut_torn_line(path)
    with scratch(store.staging) as aside:
        fresh = aside / path.name
        with fresh.open("wb") as file:
            for event in journal.events_from(path, 0):
                after = _event(dict(event), manifests, scans, traces)
                changed += after != event
                file.write(canonical(after).encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    flush_folder(store.root)
    return changed


def _event(
    event: dict[str, Any],
    manifests: Mapping[tuple[str, str], str],
    scans: Mapping[str, str],
    traces: Traces,
) -> dict[str, Any]:
    if event["kind"] == "shards":
        event["shards"] = [
            {**row, "manifest": manifests.get((row["digest"], row["recipe"]), row["manifest"])}
            for row in event["shards"]
        ]
    if event["kind"] == "scan":
        event["scan"] = scans.get(event["scan"], event["scan"])
    kept = ("kind", "number", "at")
    return {name: one if name in kept else traces.clean(one) for name, one in event.items()}


def _see_again(store: Store, sightings: Sequence[tuple[Any, ...]]) -> None:
    """Sightings are no events; they would be lost with the old index."""
    with store.writing() as writer:
        insert_rows(writer.connection, "sighting", [list(row) for row in sightings])
