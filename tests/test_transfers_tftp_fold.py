"""Which requests are one transfer."""

from __future__ import annotations

import pytest
from tftpwire import CLIENT, SERVER, Wire, data, error, rrq

from analyzer.transfers.tftp.fold import RETRY_WITHIN, fold

SECOND = 10**9


def folded(wire: Wire) -> list[int]:
    """How many requests each transfer holds."""
    collector = wire.collect()
    return [session.asks for session in fold(collector.gatherers["tftp"].found.sessions, collector.end)]


def two(gap: float, *, first: str = "node.bin", second: str = "node.bin", **pairs: object) -> Wire:
    return Wire().c(0, rrq(first), 69, port=3000).c(gap, rrq(second, **pairs), 69, port=3001).idle(gap + 60)


@pytest.mark.parametrize(
    ("wire", "asks"),
    [
        (two(5), [2]),
        (two(RETRY_WITHIN / SECOND + 1), [1, 1]),
        (two(5, second="other.bin"), [1, 1]),
        (two(5, blksize=1428), [2]),  # unanswered, so nothing was said about options
    ],
)
def test_retries_without_an_answer(wire: Wire, asks: list[int]) -> None:
    assert folded(wire) == asks


def test_each_error_is_an_answer() -> None:
    wire = Wire()
    for number in (0, 1):
        wire.c(number, rrq(), 69, port=3000 + number).s(number + 0.1, error(1), port=3000 + number)
    assert folded(wire) == [1, 1]


@pytest.mark.parametrize(("codes", "asks"), [((3, 3), [2]), ((13, 13), [2]), ((3, 13), [1, 1])])
def test_the_same_refusal_again_is_one(codes: tuple[int, int], asks: list[int]) -> None:
    wire = Wire()
    for number, code in enumerate(codes):
        port = 3000 + number
        wire.c(number, rrq(), 69, port=port).unreachable(number + 0.1, SERVER, CLIENT, port, SERVER, 69, code)
    assert folded(wire.idle(60)) == asks


def test_an_answered_request_with_other_options_stays_apart() -> None:
    wire = Wire().c(0, rrq(blksize=8192), 69, port=3000)
    for at in (0.1, 1.1, 3.1):
        wire.s(at, b"\0\6blksize\x008192\0", port=3000)
    wire.c(10, rrq(), 69, port=3001)
    for at in (10.1, 11.1, 13.1):
        wire.s(at, data(1), 50001, port=3001)
    assert folded(wire.idle(60)) == [1, 1]
