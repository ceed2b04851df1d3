"""What ICMP errors say of a transfer."""

from __future__ import annotations

import pytest
from test_transfers_tftp_endings_ending import state
from tftpwire import CLIENT, CPORT, SERVER, TID, Wire, data, oack, rrq

from analyzer.model import Cause, Outcome
from analyzer.transfers.tftp.endings.icmp import explain, reported, too_large
from analyzer.transfers.tftp.session import Report

ROUTER = (4, 0, 0x0A140001)


@pytest.mark.parametrize(
    ("version", "kind", "code", "outcome", "name"),
    [
        (4, 3, 3, Outcome.REFUSED, "port unreachable"),
        (4, 3, 4, None, "fragmentation needed"),
        (4, 11, 0, None, "time to live exceeded"),
        (4, 11, 1, None, "fragment reassembly time exceeded"),
        (6, 2, 0, None, "packet too big"),
        (6, 3, 0, None, "hop limit exceeded"),
        (4, 12, 0, None, ""),
    ],
)
def test_what_an_error_stands_for(
    version: int, kind: int, code: int, outcome: Outcome | None, name: str
) -> None:
    report = Report(version, kind, code, False, ROUTER, (*ROUTER, 69), 0, 1)
    assert explain(report) == (outcome, name)


def test_blocks_that_are_too_large_for_the_path() -> None:
    wire = Wire().c(0, rrq(blksize=4096), 69).s(0.1, oack(blksize=4096)).s(0.2, data(1, 100))
    wire.unreachable(0.3, "10.20.0.1", SERVER, TID, CLIENT, CPORT, 4)
    session, leg = state(wire)
    ending = too_large(session, leg)
    assert ending is not None
    assert ending.cause is Cause.FRAGMENTS_LOST
    assert ending.said == ["10.20.0.1 answered ICMP fragmentation needed to blocks of 4096 bytes"]
    assert list(reported(session)) == ["10.20.0.1 answered ICMP fragmentation needed to the server"]
    assert too_large(*state(Wire().c(0, rrq(), 69).s(0.2, data(1)))) is None
