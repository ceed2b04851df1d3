"""Bodies as transfers of a report."""

from __future__ import annotations

from coapwire import ACK, NOT_FOUND, Coap, fetch, message, push
from tftpwire import CLIENT, SERVER

from analyzer.addresses import parse
from analyzer.model import Cause, TransferOutcome
from analyzer.transfers import draw
from analyzer.transfers.coap.body import IMAGE_BYTES


def test_the_fields_of_a_transfer() -> None:
    wire = push(Coap(), 0, 300, 128)
    transfer = wire.only()
    assert (transfer.id, transfer.protocol, transfer.operation) == ("t1", "coap", "write")
    assert (transfer.client, transfer.server, transfer.file) == (CLIENT, SERVER, "/fw/node.bin")
    assert (transfer.block_size, transfer.window_size, transfer.mode) == (128, None, None)
    assert (transfer.bytes, transfer.blocks, transfer.frames, transfer.attempts) == (300, 3, (1, 6), 1)
    assert transfer.last - transfer.first == 110_000_000
    assert transfer.longest_gap == 40_000_000


def test_rows_and_hints() -> None:
    collector = Coap().get(0, 1).idle(60).collect()
    asked = []

    def flows_of(one, other, transport):
        asked.append((one[3], other[3], transport))
        return (6,)

    (draft,) = draw(
        collector, flows_of, hint=lambda cause, server, *more: f"<{cause} {server == parse(SERVER)} {more}>"
    )
    assert asked == [(40000, 5683, "udp")]
    assert (draft.rows, draft.transfer.flows) == ((6,), ("f7",))
    assert draft.transfer.advice.endswith("<no-response True ('udp', 5683)>")


def test_what_is_an_image() -> None:
    def images(wire: Coap) -> list[bool]:
        return [draft.image for draft in draw(wire.collect(), lambda *_: ())]

    big = Coap()
    for number in range(IMAGE_BYTES // 1024):
        big.get(number / 10, number, number or None, 1024, name="/data")
        big.content(number / 10 + 0.05, number, number, number < IMAGE_BYTES // 1024 - 1, 1024)
    small = (
        Coap()
        .get(0, 1, 0, name="/a")
        .content(0.1, 1, 0, True)
        .get(0.2, 2, 1, name="/a")
        .content(0.3, 2, 1, False)
    )
    assert images(fetch(Coap(), 0, 300)) == [True]
    assert images(big) == [True]
    assert images(small) == [False]


def test_the_same_refusal_again_is_one() -> None:
    wire = Coap()
    for number in range(3):
        wire.get(number * 10, number).s(
            number * 10 + 0.1, message(ACK, NOT_FOUND, number, number.to_bytes(2, "big"))
        )
    transfer = wire.only()
    assert (transfer.cause, transfer.attempts, transfer.frames) == (Cause.ERROR_NOT_FOUND, 3, (1, 6))


def test_a_retry_much_later_is_another() -> None:
    wire = Coap().get(0, 1).get(200, 2)
    assert [t.outcome for t in wire.idle(300).transfers()] == [TransferOutcome.FAILED] * 2


def test_the_ends_of_what_has_happened_once() -> None:
    wire = Coap().get(0, 1, name="/light").s(0.1, message(ACK, NOT_FOUND, 1, b"\0\1"))
    ends = ("udp", (parse(CLIENT), 40000), (parse(SERVER), 5683))
    assert [(kind, (one[0], one[1]), other) for kind, one, other in wire.collect().ends()] == [ends]
