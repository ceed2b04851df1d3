"""The compiled writer of lines refuses what does not fit together. What it writes: ``test_report_lines``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

fast = pytest.importorskip("analyzer.report.fast", reason="the compiled part was not built (no C compiler)")


def column(kind: int, *numbers: int, texts: tuple[bytes, ...] = (b"", b"")) -> Any:
    return kind, np.array(numbers, np.int64), list(texts)


def test_as_many_lines_as_rows() -> None:
    assert fast.lines([b"a"], []) == ""
    assert fast.lines([b"<", b">"], [column(fast.NUMBERS)]) == ""
    assert fast.lines([b"<", b">"], [column(fast.NUMBERS, 0, 10)]) == "<0><10>"


@pytest.mark.parametrize(
    ("pieces", "columns", "message"),
    [
        ([b""], [column(fast.NUMBERS, 1)], "a piece before each column"),
        ([b"", b"", b""], [column(fast.NUMBERS, 1), column(fast.NUMBERS, 1, 2)], "unequal length"),
        ([b"", b""], [column(fast.NUMBERS, 1, texts=(b"",))], "between two texts"),
        ([b"", b""], [column(fast.NUMBERS, -1)], "negative number"),
        ([b"", b""], [column(fast.ADDRESSES, -2, texts=(b"", b"", b"x"))], "negative number"),
        ([b"", b""], [column(fast.ADDRESSES, 1 << 32)], "no IPv4 address"),
        ([b"", b""], [column(fast.CODED, 2, texts=(b"", b""))], "a code without text"),
        ([b"", b""], [column(fast.CODED, -1)], "a code without text"),
    ],
)
def test_what_does_not_fit_together(pieces: list[bytes], columns: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fast.lines(pieces, columns)


def test_only_bytes_and_whole_numbers() -> None:
    with pytest.raises(TypeError):
        fast.lines(["", b""], [column(fast.NUMBERS, 1)])
    with pytest.raises(TypeError):
        fast.lines([b"", b""], [(fast.CODED, np.zeros(1, np.int64), ["text"])])
    with pytest.raises(ValueError, match="mismatch"):
        fast.lines([b"", b""], [(fast.NUMBERS, np.zeros(1, np.int32), [b"", b""])])
