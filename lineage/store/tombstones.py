"""Tombstones: what was taken down is recognised when it comes back, without being kept.

A tombstone holds HMAC-SHA-256 values under the store's own secret: of the digests of documents
and of their words, of band keys and of passages. Whoever has not the secret cannot even ask
whether a guessed text was taken down. The compact signature is kept under a pad from the same
secret, so that the similarity of a returning near-copy can be estimated. Sieves of 20 keyed
bits spare most of what is looked at an HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lineage.errors import StoreError
from lineage.store.files import flush_folder, scratch
from lineage.store.store import Store

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]

KINDS = ("doc", "norm", "band", "passage")
SIEVE_BITS = 20
_MIX = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))


@dataclass(frozen=True)
class Prints:
    """Fingerprints of n documents: doc and norm uint64[n, 2], bands uint64[n, 15], compact
    uint64[n, 8]; passages as (row, hash). Zeros stand for nothing."""

    doc: U64
    norm: U64
    bands: U64
    compact: U64
    passage_row: I64
    passage: U64

    def values(self, kind: str) -> tuple[I64, U64]:
        """(row, uint64[m, 1 or 2]) of one kind, without zeros."""
        if kind == "passage":
            return self.passage_row, self.passage[:, None]
        if kind == "band":
            rows = np.repeat(np.arange(len(self.doc)), self.bands.shape[1])
            values = self.bands.reshape(-1, 1)
        else:
            values = self.doc if kind == "doc" else self.norm
            rows = np.arange(len(values))
            if kind == "norm":
                values = np.where(self.bands[:, :1] != 0, values, 0)
        there = values.any(axis=1)
        return rows[there], values[there]

    def some(self, rows: I64) -> Prints:
        """Those of some rows, in their order."""
        place = np.full(len(self.doc), -1, np.int64)
        place[rows] = np.arange(len(rows))
        moved = place[self.passage_row]
        kept = moved >= 0
        return Prints(
            self.doc[rows],
            self.norm[rows],
            self.bands[rows],
            self.compact[rows],
            moved[kept],
            self.passage[kept],
        )


def joined(parts: Sequence[Prints]) -> Prints:
    """Fingerprints one behind the other."""
    none = [np.zeros((0, width), np.uint64) for width in (2, 2, 15, 8)]
    rows = [np.zeros(0, np.int64)]
    start = 0
    for part in parts:
        rows.append(part.passage_row + start)
        start += len(part.doc)
    return Prints(
        np.concatenate([none[0], *(part.doc for part in parts)]),
        np.concatenate([none[1], *(part.norm for part in parts)]),
        np.concatenate([none[2], *(part.bands for part in parts)]),
        np.concatenate([none[3], *(part.compact for part in parts)]),
        np.concatenate(rows),
        np.concatenate([np.zeros(0, np.uint64), *(part.passage for part in parts)]),
    )


@dataclass(frozen=True)
class Keys:
    """The store's secret for tombstones, and what follows from it."""

    secret: bytes

    def mac(self, kind: str, value: Sequence[int]) -> bytes:
        """HMAC-SHA-256 of one or two 64-bit numbers, 32 bytes."""
        data = b"".join(int(part).to_bytes(8, "big") for part in value)
        return hmac.digest(self.secret, f"foretaste {kind} ".encode() + data, "sha256")

    def name(self, text: str) -> str:
        """16 hex digits that stand for a text, to whoever has the secret."""
        return hmac.digest(self.secret, b"foretaste name " + text.encode(), "sha256").hex()[:16]

    def sieve(self, values: U64) -> npt.NDArray[np.uint32]:
        """uint32[m]: 20 keyed bits of each of uint64[m, 1 or 2]."""
        first, second = (np.uint64(self._number(f"sieve {half}")) for half in (0, 1))
        h = values[:, 0] ^ first
        h = (h ^ h >> np.uint64(33)) * _MIX[0] ^ second
        h = (h ^ h >> np.uint64(33)) * _MIX[1]
        return (h >> np.uint64(64 - SIEVE_BITS)).astype(np.uint32)

    def pad(self, words: int) -> U64:
        """uint64[words] that compact signatures are hidden under."""
        return np.array([self._number(f"pad {word}") for word in range(words)], np.uint64)

    def _number(self, name: str) -> int:
        digest = hmac.digest(self.secret, f"foretaste {name}".encode(), "sha256")
        return int.from_bytes(digest[:8], "big")


@dataclass(frozen=True)
class Tombstones:
    """Those of one takedown, of n documents. ``macs`` and ``owners`` are by kind: sorted macs
    (bytes), and which document each is of."""

    macs: Mapping[str, npt.NDArray[np.void]]
    owners: Mapping[str, I64]
    sieves: Mapping[str, npt.NDArray[np.uint32]]
    hidden: U64
    passages: I64
    """How many passages each document has."""

    def find(self, keys: Keys, kind: str, prints: Prints) -> tuple[I64, I64]:
        """(row, document of the tombstone) where a value of this kind is the same."""
        rows, values = prints.values(kind)
        if not len(self.macs[kind]):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        maybe = np.flatnonzero(np.isin(keys.sieve(values), self.sieves[kind]))
        column = _sortable(self.macs[kind])
        found: list[tuple[int, int]] = []
        for at in maybe.tolist():
            mac = np.frombuffer(keys.mac(kind, values[at].tolist()), "V32")
            low = int(np.searchsorted(column, _sortable(mac))[0])
            while low < len(self.macs[kind]) and self.macs[kind][low] == mac[0]:
                found.append((int(rows[at]), int(self.owners[kind][low])))
                low += 1
        pairs = np.array(found, np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]


def _sortable(macs: npt.NDArray[np.void]) -> U64:
    """The first eight bytes as a number: macs do not agree in them by chance."""
    return macs.view(">u8").reshape(-1, 4)[:, 0].astype(np.uint64)


def make_tombstones(keys: Keys, prints: Prints) -> Tombstones:
    """Tombstones of documents."""
    macs, owners, sieves = {}, {}, {}
    for kind in KINDS:
        rows, values = prints.values(kind)
        made = [keys.mac(kind, value) for value in values.tolist()]
        array = np.frombuffer(b"".join(made), "V32") if made else np.zeros(0, "V32")
        order = np.argsort(_sortable(array), kind="stable")
        macs[kind], owners[kind] = array[order], rows[order].astype(np.int64)
        sieves[kind] = np.unique(keys.sieve(values))
    count = np.bincount(prints.passage_row, minlength=len(prints.doc)).astype(np.int64)
    return Tombstones(macs, owners, sieves, prints.compact ^ keys.pad(8), count)


def write_tombstones(folder: Path, stones: Tombstones) -> str:
    """Write them into a folder; returns the SHA-256 over the files in order."""
    arrays: dict[str, Any] = {"hidden": stones.hidden, "passages": stones.passages}
    for kind in KINDS:
        arrays[f"{kind}.mac"] = stones.macs[kind].view(np.uint8).reshape(-1, 32)
        arrays[f"{kind}.owner"] = stones.owners[kind]
        arrays[f"{kind}.sieve"] = stones.sieves[kind]
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return tombstones_digest(folder)


def tombstones_digest(folder: Path) -> str:
    """SHA-256 over names and bytes of the arrays in a folder."""
    sha = hashlib.sha256()
    for path in sorted(folder.glob("*.npy")):
        data = path.read_bytes()
        sha.update(f"{path.name} {len(data)}\n".encode() + data)
    return sha.hexdigest()


def read_tombstones(folder: Path) -> Tombstones:
    """Read them back. StoreError where they are damaged."""
    try:
        load = {path.stem: np.load(path) for path in folder.glob("*.npy")}
        return Tombstones(
            {kind: load[f"{kind}.mac"].reshape(-1).view("V32") for kind in KINDS},
            {kind: load[f"{kind}.owner"] for kind in KINDS},
            {kind: load[f"{kind}.sieve"] for kind in KINDS},
            load["hidden"],
            load["passages"],
        )
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(
            f"the tombstones in {folder} cannot be read: {error}",
            hint="restore that folder from a copy",
        ) from error


def tombstone_keys(store: Store, *, create: bool = False) -> Keys:
    """The store's secret for tombstones, made first if asked. StoreError if it is lost."""
    file = store.root / "takedown.key"
    if create and not file.exists():
        with scratch(store.staging) as folder:
            fresh = folder / "key"
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
            with suppress(FileExistsError):
                file.hardlink_to(fresh)
        flush_folder(store.root)
    try:
        return Keys(bytes.fromhex(file.read_text(encoding="ascii").strip()))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"the secret of the tombstones cannot be read: {error}",
            hint="restore the file `takedown.key` from a copy",
        ) from error
