"""Exchanges as transfers of a report."""

from __future__ import annotations

from httpwire import Http, answer, fetch, request
from judging import judged
from tftpwire import CLIENT, SERVER

from analyzer.model import Cause, TransferOutcome
from analyzer.transfers import draw


def test_the_fields_of_a_transfer() -> None:
    transfer = fetch(5000).close().only()
    assert (transfer.protocol, transfer.operation, transfer.file) == ("http", "read", "/fw/node.bin")
    assert (transfer.client, transfer.server, transfer.mode) == (CLIENT, SERVER, None)
    assert (transfer.block_size, transfer.window_size, transfer.blocks) == (None, None, 0)
    assert (transfer.bytes, transfer.expected_bytes, transfer.frames) == (5000, 5000, (4, 17))
    assert (transfer.first, transfer.answered) == (1_790_000_000_003_000_000, 1_790_000_000_005_000_000)
    assert (transfer.answered_frame, transfer.evidence) == (6, (4, 6, 16, 17))


def test_gaps_are_exact() -> None:
    wire = fetch(3000, upto=1000).wait(3).s(b"x" * 1000).wait(7.5).s(b"x" * 1000).wait(90).close()
    assert wire.only().longest_gap == 7_501_000_000


def test_rows_and_hints() -> None:
    collector = Http().open().c(request()).late().collect()
    (draft,) = draw(
        collector,
        lambda one, other, transport: (one[3], other[3]) * (transport == "tcp"),
        hint=lambda cause, server, *more: f"<{cause} {more}>",
    )
    assert draft.rows == (50001, 8080)
    assert draft.transfer.advice.endswith("<no-response ('tcp', 8080)>")


def test_the_same_error_again_is_one() -> None:
    wire = Http()
    for _ in range(3):
        wire.open().c(request()).s(answer(404, 0)).close().wait(20)
    transfer = wire.only()
    assert (transfer.cause, transfer.attempts) == (Cause.ERROR_NOT_FOUND, 3)
    assert "asked for 3 times in all" in transfer.detail


def test_a_try_that_got_somewhere_is_a_transfer_of_its_own() -> None:
    wire = fetch(5000, upto=2000).reset(True).wait(5)
    wire.open().c(request()).s(answer(200, 5000)).s(b"x" * 5000).close()
    assert [transfer.outcome for transfer in wire.transfers()] == [
        TransferOutcome.FAILED,
        TransferOutcome.COMPLETE,
    ]


def test_check_and_firmware_say_the_same() -> None:
    report = judged(fetch(5000, upto=2000).close(False))
    (transfer,) = report.transfers
    (finding,) = [finding for finding in report.findings if finding.kind == "transfer-failed"]
    assert transfer.cause is Cause.SIZE_MISMATCH
    assert finding.flows == transfer.flows == ("f1",)
    assert "2000 of 5000 bytes" in finding.detail
    assert "blocks" not in finding.detail


def test_what_strangers_fetch_is_their_own_affair() -> None:
    assert judged(fetch(5000, upto=2000).close(False), ("igor-gateway=10.99.0.1@5.1.0",)).transfers == ()
    assert len(judged(fetch(5000, upto=2000).close(False), ()).transfers) == 1
