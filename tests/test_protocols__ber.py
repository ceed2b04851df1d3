from __future__ import annotations

import pytest

from analyzer.errors import DissectError
from analyzer.protocol import Cursor
from analyzer.protocols._ber import header, integer


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x30\x05", (0x30, 5)),
        (b"\x30\x7f", (0x30, 127)),
        (b"\x30\x81\x80", (0x30, 128)),
        (b"\x6a\x82\x01\x00", (0x6A, 256)),
        (b"\x30\x84\x00\x00\x00\x07", (0x30, 7)),
    ],
)
def test_header(data: bytes, expected: tuple[int, int]) -> None:
    assert header(Cursor(data, "BER")) == expected


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x80", b"\x30\x85\0\0\0\0\1", b"\x30\x82\1", b"\x31\x05"]
)
def test_malformed_header(data: bytes) -> None:
    with pytest.raises(DissectError):
        header(Cursor(data, "BER"), 0x30)


def test_integer() -> None:
    assert integer(Cursor(b"\2\1\5", "BER")) == 5
    assert integer(Cursor(b"\2\2\xff\x7f", "BER")) == -129
    for data in (b"\2\0", b"\2\x09" + bytes(9), b"\2\2\1", b"\4\1\1"):
        with pytest.raises(DissectError):
            integer(Cursor(data, "BER"))
