"""Changed documents, read again: their tokens, their origins, how strange their bytes are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from lineage.fingerprint.batch import Batch, TokenBatch
from lineage.fingerprint.tokens import buffers
from lineage.times import hours
from scanners.drift.links import link_keys
from scanners.duplicates.identities import positions
from scanners.duplicates.origins import documents
from scanners.duplicates.texts import planned, wanted_of
from scanners.scanner import Component, Fold, Input, Observer, Plan, Schema
from scanners.triggers.grams import GramIndex

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

WINDOW = 120
"""Bytes whose strangeness is measured together: two lines."""
MOST_WINDOWS = 1 << 20
"""Bytes of a document that are measured: a bound on memory for hostile sizes."""
UNMEASURED = 0
SIDE_CHARACTERS, MATCH_CHARACTERS = 80, 240


class TokensObserver(Observer):
    """Raw token hashes (uint64, little-endian) of wanted documents."""

    def __init__(self, plan: Plan) -> None:
        self._wanted = wanted_of(plan)
        self._parts = [pl.DataFrame(schema=TOKENS_SCHEMA.columns)]

    def see(self, batch: Batch) -> None:
        """Take the wanted documents of one batch."""
        rows, at = planned(batch, self._wanted)
        raw, offsets = batch.tokens.raw.astype("<u8", copy=False), batch.tokens.offsets
        tokens = [raw[offsets[row] : offsets[row + 1]].tobytes() for row in rows]
        columns = {
            "ordinal": pl.Series(at.astype(np.uint32)),
            "tokens": pl.Series(tokens, dtype=pl.Binary),
        }
        self._parts.append(pl.DataFrame(columns).unique("ordinal", keep="any"))

    def observation(self) -> pl.DataFrame:
        """Columns of ``TOKENS_SCHEMA``."""
        return pl.concat(self._parts)


class OriginsObserver(Observer):
    """Source, path, url and hour of wanted documents."""

    def __init__(self, plan: Plan) -> None:
        self._wanted = wanted_of(plan)
        self._parts = [pl.DataFrame(schema=ORIGINS_SCHEMA.columns)]

    def see_records(self, records: pl.DataFrame) -> None:
        """Take the wanted documents among these rows."""
        rows = documents(records)
        at = positions(self._wanted, rows.select("doc_hi", "doc_lo").to_numpy())
        known = rows.with_columns(ordinal=pl.Series(at)).filter(pl.col("ordinal") >= 0)
        self._parts.append(
            known.select(
                pl.col("ordinal").cast(pl.UInt32),
                *("source", "path", "url"),
                hour=hours("timestamp").cast(pl.Int64),
            )
        )

    def observation(self) -> pl.DataFrame:
        """Columns of ``ORIGINS_SCHEMA``."""
        return pl.concat(self._parts)


class BytesObserver(Observer):
    """Pairs of bytes in wanted documents: what text of this corpus is like."""

    def __init__(self, plan: Plan) -> None:
        self._wanted = wanted_of(plan)
        self._counts = np.zeros(1 << 16, np.int64)

    def see(self, batch: Batch) -> None:
        """Count in the wanted documents of one batch."""
        rows, _ = planned(batch, self._wanted)
        for data in _bytes_of(batch, rows):
            self._counts += np.bincount(byte_pairs(data), minlength=1 << 16)

    def observation(self) -> pl.DataFrame:
        """Columns of ``BYTES_SCHEMA``."""
        met = np.flatnonzero(self._counts)
        return pl.DataFrame({"pair": met.astype(np.uint16), "count": self._counts[met]})


def byte_pairs(data: U8) -> I64:
    """int64[n - 1]: each byte but the last, times 256, plus the next."""
    return data[:-1].astype(np.int64) << 8 | data[1:]


def _bytes_of(batch: Batch, rows: I64) -> list[U8]:
    data, bounds = buffers(batch.documents.text)
    return [data[bounds[row] : bounds[row + 1]][:MOST_WINDOWS] for row in rows]


def costs_of(counts: pl.DataFrame) -> npt.NDArray[np.int32]:
    """int32[65536]: thousandths of a bit that a byte costs after another, one count added."""
    table = np.ones((256, 256))
    table.ravel()[counts["pair"].to_numpy().astype(np.int64)] += counts["count"].to_numpy()
    bits = -np.log2(table / table.sum(axis=1, keepdims=True))
    costs: npt.NDArray[np.int32] = np.rint(1000 * bits).astype(np.int32).ravel()
    return costs


def strangest(data: U8, costs: npt.NDArray[np.int32]) -> int:
    """Thousandths of a bit a byte in the costliest window; UNMEASURED if there is none."""
    if len(data) <= WINDOW:
        return UNMEASURED
    sums = np.concatenate([[0], np.cumsum(costs[byte_pairs(data)], dtype=np.int64)])
    return int((sums[WINDOW:] - sums[:-WINDOW]).max()) // WINDOW


class WholeObserver(Observer):
    """The strangest window of each wanted document."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._wanted = wanted_of(plan)
        self._parts = [pl.DataFrame(schema=STRANGE_SCHEMA.columns)]

    def see(self, batch: Batch) -> None:
        """Measure the wanted documents of one batch."""
        rows, at = planned(batch, self._wanted)
        costs = self._plan.arrays["costs"]
        found = [self._measure(data, costs) for data in self._pieces(batch, rows, at)]
        columns = {"ordinal": at.astype(np.uint32), "bits": np.array(found, np.int64)}
        self._parts.append(pl.DataFrame(columns).cast({"bits": pl.UInt32}))

    def _measure(self, pieces: list[U8], costs: npt.NDArray[np.int32]) -> int:
        return max((strangest(piece, costs) for piece in pieces), default=UNMEASURED)

    def _pieces(self, batch: Batch, rows: I64, at: I64) -> list[list[U8]]:
        del at
        return [[data] for data in _bytes_of(batch, rows)]

    def observation(self) -> pl.DataFrame:
        """Columns of ``STRANGE_SCHEMA``."""
        return pl.concat(self._parts)


class InsertedObserver(WholeObserver):
    """The strangest window of what was inserted into each wanted document.

    The plan tells it: tokens ``first`` to ``last`` (both inclusive) of each inserted piece, the
    pieces of document i being ``pieces[i]:pieces[i + 1]``.
    """

    def _pieces(self, batch: Batch, rows: I64, at: I64) -> list[list[U8]]:
        arrays, tokens = self._plan.arrays, batch.tokens
        out = []
        for row, ordinal, data in zip(rows, at, _bytes_of(batch, rows), strict=True):
            here = slice(arrays["pieces"][ordinal], arrays["pieces"][ordinal + 1])
            base = tokens.offsets[row]
            starts = tokens.start[base + arrays["first"][here]]
            ends = tokens.end[base + arrays["last"][here]]
            out.append([data[low:high] for low, high in zip(starts, ends, strict=True)])
        return out


class KnownObserver(Observer):
    """Documents that hold the tokens and the links (pairs of tokens) that the plan lists."""

    def __init__(self, plan: Plan) -> None:
        self._keys = plan.arrays["keys"]
        self._index = GramIndex.of(self._keys)
        self._df = np.zeros(len(self._keys), np.int64)

    def see_tokens(self, batch: TokenBatch) -> None:
        """Count in one batch of the spill."""
        if not len(self._keys):
            return
        owner = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
        inside = owner[:-1] == owner[1:]
        for keys, whose in (
            (batch.raw, owner),
            (link_keys(batch.raw)[inside], owner[:-1][inside]),
        ):
            at = self._index.find(keys).astype(np.int64)
            met = np.unique(np.stack([whose[at >= 0], at[at >= 0]]), axis=1)[1]
            self._df += np.bincount(met, minlength=len(self._df))

    def observation(self) -> pl.DataFrame:
        """Columns of ``KNOWN_SCHEMA``; what no document holds is left out."""
        met = np.flatnonzero(self._df)
        columns = {"key": self._keys[met], "df": self._df[met].astype(np.uint32)}
        return pl.DataFrame(columns, schema=KNOWN_SCHEMA.columns)


class ExcerptsObserver(Observer):
    """Text around the token spans that the plan lists: ``ordinal``, ``first``, ``last``."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._wanted = wanted_of(plan)
        self._rows: list[tuple[int, str, str, str]] = []

    def see(self, batch: Batch) -> None:
        """Take the wanted documents of one batch."""
        arrays, tokens = self._plan.arrays, batch.tokens
        for row, ordinal in zip(*planned(batch, self._wanted), strict=True):
            (data,) = _bytes_of(batch, np.array([row]))
            base = tokens.offsets[row]
            for span in np.flatnonzero(arrays["ordinal"] == ordinal):
                low = tokens.start[base + arrays["first"][span]]
                high = tokens.end[base + arrays["last"][span]]
                before, match, after = data[max(low - 320, 0) : low], data[low:high], data[high:]
                self._rows.append(
                    (
                        int(span),
                        _text(before)[-SIDE_CHARACTERS:],
                        _text(match[: 4 * MATCH_CHARACTERS])[:MATCH_CHARACTERS],
                        _text(after[:320])[:SIDE_CHARACTERS],
                    )
                )

    def observation(self) -> pl.DataFrame:
        """Columns of ``EXCERPTS_SCHEMA``."""
        return pl.DataFrame(self._rows, schema=EXCERPTS_SCHEMA.columns, orient="row")


def _text(data: U8) -> str:
    return data.tobytes().decode("utf-8", "ignore")


TOKENS_SCHEMA = Schema({"ordinal": pl.UInt32}, {"tokens": (pl.Binary, Fold.MIN)})
ORIGINS_SCHEMA = Schema(
    {"ordinal": pl.UInt32},
    {
        **dict.fromkeys(("source", "path", "url"), (pl.String, Fold.MIN)),
        "hour": (pl.Int64, Fold.MIN),
    },
)
BYTES_SCHEMA = Schema({"pair": pl.UInt16}, {"count": (pl.Int64, Fold.SUM)})
STRANGE_SCHEMA = Schema({"ordinal": pl.UInt32}, {"bits": (pl.UInt32, Fold.MAX)})
KNOWN_SCHEMA = Schema({"key": pl.UInt64}, {"df": (pl.UInt32, Fold.SUM)})
EXCERPTS_SCHEMA = Schema(
    {"span": pl.UInt32},
    dict.fromkeys(("before", "match", "after"), (pl.String, Fold.MIN)),
)

TEXTS = Component("drift-tokens1", Input.WANTED, TOKENS_SCHEMA, TokensObserver)
ORIGINS = Component("drift-origins1", Input.RECORDS, ORIGINS_SCHEMA, OriginsObserver)
BYTES = Component("drift-bytes1", Input.WANTED, BYTES_SCHEMA, BytesObserver)
WHOLE = Component("drift-strange1", Input.WANTED, STRANGE_SCHEMA, WholeObserver)
INSERTED = Component("drift-inserted1", Input.WANTED, STRANGE_SCHEMA, InsertedObserver)
KNOWN = Component("drift-known1", Input.TOKENS, KNOWN_SCHEMA, KnownObserver)
EXCERPTS = Component("drift-excerpts1", Input.WANTED, EXCERPTS_SCHEMA, ExcerptsObserver)
