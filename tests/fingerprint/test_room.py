"""Memory is lent to one at a time."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from lineage.fingerprint import room


def test_memory_is_used_again_only_when_no_view_is_left() -> None:
    size = 12_345
    first = room.borrow(size)
    first[:] = 1
    address = first.ctypes.data
    view = first[10:20].view(np.int64)[2:]
    del first
    gc.collect()
    second = room.borrow(size)
    second[:] = 2
    assert second.ctypes.data != address
    assert view.tolist() == [1] * 8
    del view
    gc.collect()
    addresses = {room.borrow(size).ctypes.data for _ in range(3)}
    assert address in addresses


@pytest.mark.parametrize("count", [0, 1, 512, 513, 5_000_000])
def test_sizes(count: int) -> None:
    lent = room.borrow(count)
    assert lent.shape == (count,)
    assert lent.dtype == np.uint64
    assert lent.flags.writeable
