"""How far a transfer came, and who answered it."""

from __future__ import annotations

import pytest
from tftpwire import SERVER, Wire, ack, data, finish_read, oack, rrq, wrq

from analyzer.transfers.tftp.endings.ending import at_wrap, done, elsewhere, expected, seconds, size
from analyzer.transfers.tftp.session import Leg, Session


def state(wire: Wire) -> tuple[Session, Leg]:
    (session,) = wire.collect().gatherers["tftp"].found.sessions
    leg = session.best()
    assert leg is not None
    return session, leg


def test_the_bytes_acknowledged_count_the_short_last_block() -> None:
    _, leg = state(finish_read(Wire().c(0, rrq(), 69), 0.1, 3, 100))
    assert (done(leg), size(leg)) == (True, 2 * 512 + 100)
    wire = Wire().c(0, rrq(), 69).s(0.1, data(1)).c(0.2, ack(1)).s(0.3, data(2, 9))
    _, leg = state(wire)
    assert (done(leg), size(leg)) == (True, 512 + 9), "its acknowledgement may be lost"
    _, leg = state(wire.c(5, ack(1)))
    assert (done(leg), size(leg)) == (False, 512), "a receiver that repeats itself lacks it"
    assert size(None) == 0


def test_a_read_is_announced_by_the_server_and_a_write_by_the_client() -> None:
    session, leg = state(Wire().c(0, rrq(tsize=0), 69).s(0.1, oack(tsize=700)).c(0.2, ack(0)))
    assert (expected(session, leg), expected(session, None)) == (700, None)
    session, leg = state(Wire().c(0, wrq(tsize=900), 69).s(0.1, oack(tsize=900)).c(0.2, data(1)))
    assert expected(session, leg) == 900


def test_another_address_than_the_one_asked() -> None:
    asked = Wire().c(0, rrq(), 69)
    session, leg = state(asked.s(0.1, data(1)))
    assert elsewhere(session, leg) == ""
    session, leg = state(Wire().c(0, rrq(), 69).s(0.1, data(1), server="10.20.0.11"))
    assert elsewhere(session, leg) == f"{SERVER} was asked, 10.20.0.11 answered"


@pytest.mark.parametrize(
    ("sent", "acked", "where"),
    [
        (65535, 65535, True),
        (65534, 65534, False),
        (65536, 65535, True),
        (65540, 65535, False),
        (65536, 65000, False),
    ],
)
def test_the_end_of_block_numbers(sent: int, acked: int, where: bool) -> None:
    _, leg = state(Wire().c(0, rrq(), 69).s(0.1, data(1)))
    leg.sent, leg.acked = sent, acked
    assert at_wrap(leg) is where


def test_seconds() -> None:
    assert seconds(1_250_000_000) == "1.2 s"
