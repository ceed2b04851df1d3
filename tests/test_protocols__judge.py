from __future__ import annotations

import pytest

from analyzer.errors import DissectError
from analyzer.protocol import NO, UNSURE, Payload, Reading
from analyzer.protocols._judge import judge

RAN_OUT = DissectError("x", 4, need=4, have=1)
WRONG = DissectError("x", 4)


@pytest.mark.parametrize(
    ("error", "wire", "transport", "expected"),
    [
        (RAN_OUT, 5, "udp", NO),
        (RAN_OUT, 9, "udp", UNSURE),
        (WRONG, 5, "udp", NO),
        (WRONG, 9, "udp", NO),
        (RAN_OUT, 5, "tcp", UNSURE),
        (WRONG, 5, "tcp", UNSURE),
    ],
)
def test_missing_is_not_wrong(error: DissectError, wire: int, transport: str, expected: Reading) -> None:
    assert judge(error, Payload(b"12345", wire, transport)) == expected
