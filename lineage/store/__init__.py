"""The store: the only place that speaks SQL. Names are imported when they are first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.store.bundle import RECORD_COLUMNS, Bundle, BundleWriter, band_names
    from lineage.store.dump import canonical_dump
    from lineage.store.findings import (
        StoredFinding,
        StoredScan,
        fact_strings,
        find_scan,
        load_finding,
        load_findings,
        load_scan,
        save_scan,
    )
    from lineage.store.graph import declare, load_edges, load_entities
    from lineage.store.health import info, rebuild, verify
    from lineage.store.observations import find_observation, read_frame, save_observation
    from lineage.store.past import as_of
    from lineage.store.read import committed_shards, find_snapshot, snapshot_names
    from lineage.store.snapshots import Destination
    from lineage.store.sql import run_sql
    from lineage.store.store import Store, open_store

__all__ = [
    "RECORD_COLUMNS",
    "Bundle",
    "BundleWriter",
    "Destination",
    "Store",
    "StoredFinding",
    "StoredScan",
    "as_of",
    "band_names",
    "canonical_dump",
    "committed_shards",
    "declare",
    "fact_strings",
    "find_observation",
    "find_scan",
    "find_snapshot",
    "info",
    "load_edges",
    "load_entities",
    "load_finding",
    "load_findings",
    "load_scan",
    "open_store",
    "read_frame",
    "rebuild",
    "run_sql",
    "save_observation",
    "save_scan",
    "snapshot_names",
    "verify",
]

_HOMES = {
    "bundle": ("RECORD_COLUMNS", "Bundle", "BundleWriter", "band_names"),
    "dump": ("canonical_dump",),
    "findings": (
        "StoredFinding",
        "StoredScan",
        "fact_strings",
        "find_scan",
        "load_finding",
        "load_findings",
        "load_scan",
        "save_scan",
    ),
    "graph": ("declare", "load_edges", "load_entities"),
    "health": ("info", "rebuild", "verify"),
    "observations": ("find_observation", "read_frame", "save_observation"),
    "past": ("as_of",),
    "read": ("committed_shards", "find_snapshot", "snapshot_names"),
    "snapshots": ("Destination",),
    "sql": ("run_sql",),
    "store": ("Store", "open_store"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
