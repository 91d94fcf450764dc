"""Compressed streams: several members, damage, bombs."""

from __future__ import annotations

import gzip
import hashlib
import zlib

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.errors import ReadingError
from lineage.model import Reason, Status
from lineage.shards import Limits, ReadingRecipe

TEXTS = [hashlib.sha256(str(i).encode()).hexdigest() * 3 for i in range(20_000)]
LINES = [f'{{"text":"{text}"}}\n'.encode() for text in TEXTS]
DATA = b"".join(LINES)


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


COMPRESS = {"gz": gzip.compress, "zst": zstd}
SKIPPABLE_FRAME = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"


@pytest.mark.parametrize("kind", COMPRESS)
def test_all_members_are_read(read, kind: str) -> None:
    compress, third = COMPRESS[kind], len(DATA) // 3
    between = b"\0" * 700 if kind == "gz" else SKIPPABLE_FRAME
    data = compress(DATA[:third]) + compress(b"") + between + compress(DATA[third:])
    outcome = read(data, f"many.jsonl.{kind}")
    assert outcome.documents == TEXTS
    assert outcome.coverage.compression == {"gz": "gzip", "zst": "zstd"}[kind]


@pytest.mark.parametrize("kind", COMPRESS)
def test_compression_is_told_by_the_bytes(read, kind: str) -> None:
    assert read(COMPRESS[kind](DATA), "unnamed.jsonl").documents == TEXTS
    with pytest.raises(ReadingError, match="holds no such stream"):
        read(DATA, f"false.jsonl.{kind}")


@pytest.mark.parametrize("kind", COMPRESS)
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_truncated_stream_keeps_what_came_before(read, kind: str, part: float) -> None:
    whole = COMPRESS[kind](DATA)
    outcome = read(whole[: int(len(whole) * part)], f"cut.jsonl.{kind}")
    kept = outcome.documents
    assert kept == TEXTS[: len(kept)] and len(kept) > 20_000 * part * 0.5
    assert outcome.coverage.status is Status.FAILED
    assert f"after {outcome.coverage.records} records" in outcome.coverage.detail
    assert {remark.reason for remark in outcome.remarks} <= {Reason.TRUNCATED}


def test_every_byte_before_the_damage_is_kept(read) -> None:
    cut = gzip.compress(DATA)[:30_000]
    expected = zlib.decompressobj(31).decompress(cut)
    outcome = read(cut, "every.jsonl.gz")
    assert outcome.coverage.records == expected.count(b"\n") + (not expected.endswith(b"\n"))


@pytest.mark.parametrize("kind", COMPRESS)
def test_a_bomb_is_stopped(read, kind: str) -> None:
    limits = Limits(expansion=10, expansion_floor=5 << 20)
    data = COMPRESS[kind](b'{"text":"x"}\n' * 600_000)
    outcome = read(data, f"bomb.jsonl.{kind}", ReadingRecipe(limits=limits))
    assert outcome.coverage.status is Status.FAILED
    assert "expands beyond the limit" in outcome.coverage.detail
    assert 0 < outcome.coverage.records < 600_000


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(COMPRESS)), st.integers(0, 10**6), st.integers(1, 255), st.binary())
def test_damage_anywhere_is_no_surprise(read, kind: str, at: int, flip: int, tail: bytes) -> None:
    data = bytearray(COMPRESS[kind](b"".join(LINES[:50])) + tail)
    data[at % len(data)] ^= flip
    try:
        outcome = read(bytes(data), f"damaged.jsonl.{kind}")
    except ReadingError as error:
        assert "holds no such stream" in str(error)
    else:
        assert outcome.coverage.status in (Status.FAILED, Status.SCANNED)
