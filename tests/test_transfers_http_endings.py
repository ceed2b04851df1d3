"""Every outcome and cause of an HTTP transfer, and what may not be called one."""

from __future__ import annotations

import copy

import pytest
from httpwire import Http, answer, fetch, request, send
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model import Cause, TransferOutcome
from analyzer.transfers.http.worth import FORM

COMPLETE, FAILED = TransferOutcome.COMPLETE, TransferOutcome.FAILED
RUNNING, UNKNOWN = TransferOutcome.IN_PROGRESS, TransferOutcome.UNKNOWN


def one_way(wire: Http, from_client: bool) -> Http:
    port = (8080).to_bytes(2, "big")
    place = 36 if from_client else 34
    wire.frames = [(at, frame) for at, frame in wire.frames if frame[place : place + 2] == port]
    return wire


def apart(wire: Http, late: float) -> Http:
    """The same with one direction by another clock: the client's segments so much later, s."""
    port = (8080).to_bytes(2, "big")
    moved = copy.copy(wire)
    moved.frames = [(at + late if frame[36:38] == port else at, frame) for at, frame in wire.frames]
    return moved


def chunk(size: int) -> bytes:
    return b"%x\r\n" % size + b"x" * size + b"\r\n"


def parts(*ranges: tuple[int, int], total: int = 6000) -> Http:
    wire = Http()
    for first, last in ranges:
        wire.open().c(request(Range=f"bytes={first}-{last}"))
        wire.s(answer(206, last + 1 - first, Content_Range=f"bytes {first}-{last}/{total}"))
        wire.s(b"x" * (last + 1 - first)).close()
    return wire


def resumed() -> Http:
    wire = fetch(6000, upto=3000).reset(True).wait(5)
    wire.open().c(request(Range="bytes=3000-"))
    return wire.s(answer(206, 3000, Content_Range="bytes 3000-5999/6000")).s(b"x" * 3000).close()


CHUNKED = {"Transfer_Encoding": "chunked"}
CASES: dict[str, tuple[Http, TransferOutcome, Cause | None, int | None]] = {
    "download": (fetch().close(), COMPLETE, None, 5000),
    "download, kept open": (fetch().late(), COMPLETE, None, 5000),
    "download, one byte": (fetch(1).close(), COMPLETE, None, 1),
    "download, closed before the last acknowledgement": (
        fetch(5000, upto=4000).s(b"x" * 1000, acked=False).segment(True, 4, ack=0),
        COMPLETE,
        None,
        4000,
    ),
    "two on one connection": (
        fetch().c(request("/index.html")).s(answer(200, 3, Content_Type="text/html")).s(b"abc"),
        COMPLETE,
        None,
        5000,
    ),
    "after a continue": (
        Http()
        .open()
        .c(request(method="PUT", Content_Length=5000, Expect="100-continue"))
        .s(answer(100))
        .c(b"x" * 5000)
        .s(answer(201, 0)),
        COMPLETE,
        None,
        5000,
    ),
    "chunks": (
        Http().open().c(request()).s(answer(**CHUNKED)).s(chunk(2000)).s(chunk(900)).s(b"0\r\n\r\n").late(),
        COMPLETE,
        None,
        None,
    ),
    "chunks that end with the connection": (
        Http().open().c(request()).s(answer(**CHUNKED)).s(chunk(2000)).close(False).late(),
        UNKNOWN,
        None,
        None,
    ),
    "until the connection ends": (
        Http().open().c(request()).s(answer()).s(b"x" * 5000).close(False),
        COMPLETE,
        None,
        5000,
    ),
    "until the connection is reset": (
        Http().open().c(request()).s(answer()).s(b"x" * 5000).reset(False).late(),
        UNKNOWN,
        None,
        5000,
    ),
    "upload": (send().s(answer(204)).close(), COMPLETE, None, 5000),
    "upload in chunks": (
        Http()
        .open()
        .c(request("/fw/node.bin", "PUT", **CHUNKED))
        .c(chunk(2000))
        .c(b"0\r\n\r\n")
        .s(answer(201, 0)),
        COMPLETE,
        None,
        None,
    ),
    "upload of a form": (
        send(FORM, method="POST", target="/upload", Content_Type="multipart/form-data; boundary=x").s(
            answer(200, 0)
        ),
        COMPLETE,
        None,
        FORM,
    ),
    "in parts": (parts((0, 1999), (2000, 3999), (4000, 5999)), COMPLETE, None, 6000),
    "in parts, not all": (parts((0, 1999), (2000, 3999)).late(), UNKNOWN, None, 4000),
    "in parts, not all yet": (parts((0, 1999), (2000, 3999)).late(3), RUNNING, Cause.CAPTURE_ENDED, 4000),
    "resumed": (resumed(), COMPLETE, None, 6000),
    "password asked": (
        Http()
        .open()
        .c(request())
        .s(answer(401, 0, WWW_Authenticate="Basic"))
        .c(request(Authorization="Basic eDp4"))
        .s(answer(200, 3000))
        .s(b"x" * 3000),
        COMPLETE,
        None,
        3000,
    ),
    "kept connection was just closed": (
        fetch(10, target="/a.html")
        .wait(60)
        .c(request())
        .reset(False)
        .open()
        .c(request())
        .s(answer(200, 3000))
        .s(b"x" * 3000),
        COMPLETE,
        None,
        3000,
    ),
    "not found": (
        Http().open().c(request()).s(answer(404, 9)).s(b"not found").close(),
        FAILED,
        Cause.ERROR_NOT_FOUND,
        0,
    ),
    "forbidden": (Http().open().c(request()).s(answer(403, 0)).close(), FAILED, Cause.ERROR_ACCESS, 0),
    "server fault": (Http().open().c(request()).s(answer(503, 0)).close(), FAILED, Cause.ERROR_OTHER, 0),
    "upload too large": (send(upto=2000).s(answer(413, 0)).close(False), FAILED, Cause.ERROR_DISK_FULL, None),
    "cut off by FIN": (fetch(upto=3000).close(False), FAILED, Cause.SIZE_MISMATCH, 3000),
    "cut off by RST": (fetch(upto=3000).reset(False).late(), FAILED, Cause.ERROR_OTHER, 3000),
    "client closes": (fetch(upto=3000).close(True), FAILED, Cause.CLIENT_GAVE_UP, 3000),
    "client resets": (fetch(upto=3000).reset(True), FAILED, Cause.CLIENT_GAVE_UP, 3000),
    "silence": (fetch(upto=3000).late(), FAILED, Cause.STALLED, 3000),
    "sent again and again": (
        fetch(upto=3000).s(b"x" * 1000, acked=False).again(False, 5).late(10),
        FAILED,
        Cause.STALLED,
        3000,
    ),
    "large packets lost": (
        Http().open().c(request()).s(answer(200, 5000)).s(b"x" * 1000, acked=False).again(False, 5).late(10),
        FAILED,
        Cause.DATA_PATH_BLOCKED,
        0,
    ),
    "a pause": (fetch(upto=3000).late(10), RUNNING, Cause.CAPTURE_ENDED, 3000),
    "never answered": (Http().open().c(request()).late(), FAILED, Cause.NO_RESPONSE, 0),
    "never answered, closed": (
        Http().open().c(request()).wait(30).close().late(),
        FAILED,
        Cause.NO_RESPONSE,
        0,
    ),
    "not answered yet": (Http().open().c(request()).late(5), RUNNING, Cause.CAPTURE_ENDED, 0),
    "answered by RST": (Http().open().c(request()).reset(False).late(), FAILED, Cause.REFUSED, 0),
    "upload without a status": (send().late(), UNKNOWN, Cause.NO_RESPONSE, 5000),
    "upload, then a restart": (send().reset(False).late(), UNKNOWN, Cause.NO_RESPONSE, 5000),
    "upload cut off": (send(upto=3000).reset(False).late(), FAILED, Cause.ERROR_OTHER, 3000),
    "upload given up": (send(upto=3000).close(True).late(), FAILED, Cause.CLIENT_GAVE_UP, 3000),
    "upload stalls": (
        send(upto=3000).c(b"x" * 1000, acked=False).again(True, 5).late(10),
        FAILED,
        Cause.STALLED,
        3000,
    ),
    "client's packets only": (one_way(fetch().close(), True), UNKNOWN, Cause.CAPTURE_ONE_SIDED, None),
    "server's packets only": (
        one_way(fetch(20_000, Content_Type="application/octet-stream").close(), False),
        UNKNOWN,
        Cause.CAPTURE_ONE_SIDED,
        None,
    ),
}


@pytest.mark.parametrize("late", [-0.05, -0.0032, 0.0032, 0.05])
@pytest.mark.parametrize("name", CASES)
def test_clocks_that_differ_change_no_outcome(name: str, late: float) -> None:
    """Segments are 1 ms apart. Where no answer is, what the server sent before the request is not looked at,
    and only that it is not known may be said."""
    wire, outcome, cause, size = CASES[name]
    transfers = apart(wire, late).transfers()
    known = [one for one in transfers if late < 0 or one.cause is not Cause.CAPTURE_ONE_SIDED]
    assert {(one.outcome, one.cause) for one in known} <= {(outcome, cause)}
    assert known or outcome is not COMPLETE
    assert size is None or all(one.bytes == size for one in known)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("batch", [1, 7, 1 << 20])
def test_outcome_and_cause(name: str, batch: int) -> None:
    wire, outcome, cause, count = CASES[name]
    transfers = wire.transfers(batch)
    transfer = transfers[0]
    assert (transfer.outcome, transfer.cause) == (outcome, cause), transfer.detail
    assert len(transfers) == 1
    if count is not None:
        assert transfer.bytes == count
    assert transfer.evidence
    assert set(transfer.evidence) <= set(range(1, len(wire.frames) + 1))
    assert transfers == wire.transfers()


def page(
    status: int = 200, length: int = 300, target: str = "/", kind: str = "text/html", **more: object
) -> Http:
    return (
        Http().open().c(request(target)).s(answer(status, length, Content_Type=kind, **more)).s(b"x" * length)
    )


HEALTHY = {
    "a page": page(),
    "a large script": page(length=2 << 20, target="/app.js", kind="text/javascript"),
    "a large picture": page(length=2 << 20, target="/photo", kind="image/jpeg"),
    "a page that is not there": page(404),
    "a page cut off": Http()
    .open()
    .c(request("/"))
    .s(answer(200, 9000, Content_Type="text/html"))
    .s(b"x" * 100)
    .reset(True),
    "unchanged": Http().open().c(request()).s(answer(304)),
    "only asked": Http()
    .open()
    .c(request(method="HEAD"))
    .s(answer(200, 5000))
    .c(request("/"))
    .s(answer(200, 2))
    .s(b"ok"),
    "moved": Http().open().c(request()).s(answer(302, 0, Location="/x")),
    "a login page instead": page(target="/fw/node.bin"),
    "a question about firmware": page(target="/firmware/latest", kind="application/json"),
    "no news of firmware": page(404, target="/firmware/latest", kind="application/json"),
    "a command": Http()
    .open()
    .c(request("/firmware", "POST", Content_Length=20))
    .c(b"x" * 20)
    .s(answer(200, 0)),
    "a small answer of bytes": page(length=200, target="/state", kind="application/octet-stream"),
    "one part for a look": parts((0, 99)).late(),
    "TLS": Http(443).open().c(b"\x16\x03\x01" + bytes(300)).s(b"\x16\x03\x03" + bytes(3000)),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_no_transfer(name: str) -> None:
    assert HEALTHY[name].transfers() == []


@pytest.mark.parametrize("length", [60, 110, 130])
def test_a_cut_that_hides_the_length_cannot_be_judged(length: int) -> None:
    wire = fetch(Server="a-name-of-some-length", Accept_Ranges="bytes").close()
    transfer = wire.only(snap=54 + length)
    if transfer.outcome is COMPLETE:
        assert transfer.expected_bytes == transfer.bytes == 5000
    else:
        assert (transfer.outcome, transfer.cause, transfer.expected_bytes) == (UNKNOWN, None, None)
        assert "tcpdump -s 0" in transfer.advice


def test_the_shortest_cut_is_one_that_cannot_be_judged() -> None:
    wire = (
        Http().open().c(request()).s(answer(200, None, Server="x" * 200, Content_Length=5000)).s(b"x" * 5000)
    )
    assert wire.close().only(snap=54 + 60).outcome is UNKNOWN


@settings(deadline=None, max_examples=60)
@given(
    length=st.integers(1, 40_000),
    mss=st.sampled_from([100, 536, 1460]),
    uploads=st.booleans(),
    lost=st.sets(st.integers(8, 200), max_size=20),
    doubled=st.sets(st.integers(0, 200), max_size=10),
    batch=st.sampled_from([1, 13, 1000]),
)
def test_a_complete_transfer_is_never_called_failed(
    length: int, mss: int, uploads: bool, lost: set[int], doubled: set[int], batch: int
) -> None:
    """Whatever the capture lost of the body, and whatever came twice."""
    body = b"x" * length
    if uploads:
        length += 1024
        wire = Http().open().c(request(method="PUT", Content_Length=length)).c(body + b"x" * 1024, mss=mss)
        kept = len(wire.frames)
        wire.s(answer(200, 0)).close()
    else:
        wire = Http().open().c(request()).s(answer(200, length)).s(body, mss=mss)
        kept = len(wire.frames) - 1
        wire.close()
    frames = [
        [frame] * (0 if number in lost and number < kept else 2 if number in doubled else 1)
        for number, frame in enumerate(wire.frames)
    ]
    wire.frames = [(at + copy * 0.0001, data) for copies in frames for copy, (at, data) in enumerate(copies)]
    (transfer,) = wire.late().transfers(batch)
    assert (transfer.outcome, transfer.bytes, transfer.expected_bytes) == (COMPLETE, length, length)


def without(wire: Http, *lost: int) -> Http:
    wire.frames = [frame for number, frame in enumerate(wire.frames) if number not in lost]
    return wire


@pytest.mark.parametrize("lost", [(5,), (4, 5), (5, 6), (5, 8, 9)])
def test_an_answer_of_which_the_capture_lacks_the_head(lost: tuple[int, ...]) -> None:
    """Three frames of the handshake, request, acknowledgement, and the head in a frame of its own."""
    transfer = without(fetch(6000).close().late(), *lost).only()
    assert (transfer.outcome, transfer.cause) == (UNKNOWN, Cause.CAPTURE_ONE_SIDED)
    assert "the head of its answer is not in this capture" in transfer.detail


def test_an_end_without_a_word_is_no_answer() -> None:
    wire = Http().open().c(request())
    wire.close(False).late()
    assert wire.only().cause is Cause.NO_RESPONSE
