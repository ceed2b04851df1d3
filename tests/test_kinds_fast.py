"""The compiled kinds refuse what does not fit together. What they find: ``test_kinds``."""

from __future__ import annotations

import numpy as np
import pytest

fast = pytest.importorskip("analyzer.kinds.fast", reason="the compiled part was not built (no C compiler)")


def room(rows: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(rows, np.int64), np.zeros(rows, np.int64)


@pytest.mark.parametrize(("octets", "width"), [(4, 1), (3, 2), (6, 3), (12, 2), (0, 8)])
def test_as_many_numbers_as_rows_of_a_width_that_numbers_have(octets: int, width: int) -> None:
    with pytest.raises(ValueError, match="do not fit together"):
        fast.kinds([np.zeros(octets, np.uint8)], [width], *room(3))


def test_room_for_the_first_row_of_each_kind() -> None:
    with pytest.raises(ValueError, match="do not fit together"):
        fast.kinds([np.zeros(3, np.uint8)], [1], np.zeros(2, np.int64), np.zeros(3, np.int64))
    assert fast.kinds([np.zeros(0, np.uint8)], [1], *room(0)) == 0
    assert fast.kinds([np.zeros(1, np.uint8)], [1], *room(1)) == 1
