"""Sessions as transfers of a report."""

from __future__ import annotations

from test_transfers_tftp_endings import CASES
from tftpwire import SERVER, Wire, ack, oack, rrq

from analyzer.addresses import parse
from analyzer.model import Cause
from analyzer.transfers import draw


def test_the_fields_of_a_transfer() -> None:
    wire = Wire().c(0, rrq("Node.BIN", "OCTET", blksize=1428, vendor="x"), 69)
    wire.s(0.1, oack(blksize=1000)).c(0.2, ack(0))
    wire.s(0.3, b"\0\3\0\1" + b"x" * 7).c(0.4, ack(1))
    transfer = wire.only()
    assert (transfer.id, transfer.protocol, transfer.operation) == ("t1", "tftp", "read")
    assert (transfer.file, transfer.mode) == ("Node.BIN", "octet")
    assert transfer.requested == {"blksize": "1428", "vendor": "x"}
    assert transfer.accepted == {"blksize": "1000"}
    assert (transfer.block_size, transfer.window_size, transfer.expected_bytes) == (1000, 1, None)
    assert (transfer.frames, transfer.last - transfer.first) == ((1, 5), 400_000_000)


def test_rows_begin_with_the_request() -> None:
    collector = CASES["data blocked"][0].collect()
    asked = []

    def flows_of(one, other, transport):
        asked.append((one[3], other[3]))
        return (len(asked),)

    (draft,) = draw(collector, flows_of)
    assert asked == [(2000, 69), (2000, 50123), (2000, 50999)]
    assert draft.rows == (1, 2, 3)
    assert draft.transfer.flows == ("f2", "f3", "f4")


def test_the_hint_is_asked_for_the_cause_and_the_server() -> None:
    collector = CASES["no answer"][0].collect()
    (draft,) = draw(
        collector, lambda *_: (), hint=lambda cause, server, *_: f"<{cause} {server == parse(SERVER)}>"
    )
    assert draft.transfer.cause is Cause.NO_RESPONSE
    assert draft.transfer.advice.endswith("<no-response True>")
